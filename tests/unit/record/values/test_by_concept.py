"""What is kept by concept is what would be worked out anew, however odd the concept is written."""

from __future__ import annotations

from itertools import product
from typing import Any

from service.record.values.by_concept import ByConcept
from service.record.values.concept import codings, concept_text, wordings
from service.record.values.statuses import status_class

ODD: tuple[Any, ...] = (None, "", "active", "resolved", 1, True, 1.0, ["active"], {"code": "active"})


def concepts() -> list[Any]:
    """Concepts of every shape: each part given, missing, or of a type that does not belong there."""
    coded = [
        {name: value for name, value in (("code", code), ("display", display)) if value != ""}
        for code, display in product(ODD, ODD)
    ]
    single: list[Any] = [{"coding": [coding], "text": text} for coding, text in product(coded, (None, "active", 1, []))]
    double: list[Any] = [{"coding": [one, other]} for one, other in product(coded[::5], coded[::7])]
    bare: list[Any] = [{"coding": coding} for coding in ODD] + [{"coding": ["active"]}, {"coding": []}, {"text": "x"}]
    return [*ODD, *coded, *single, *double, *bare]


def said_by(concept: object) -> object:
    return list(codings(concept)), list(wordings(concept)), concept_text(concept)


def test_what_is_kept_is_what_is_worked_out_anew() -> None:
    kept = ByConcept(10_000, said_by)
    for _ in range(2):
        assert [one for one in concepts() if kept.read(one) != said_by(one)] == []


def test_a_full_memory_forgets_and_says_the_same() -> None:
    kept = ByConcept(3, said_by)
    assert [one for one in concepts() if kept.read(one) != said_by(one)] == []


def test_a_concept_with_one_coding_is_worked_out_once() -> None:
    asked: list[object] = []
    kept = ByConcept(10, asked.append)
    for _ in range(3):
        kept.read({"coding": [{"system": "s", "code": "c"}], "text": "t"})
    assert len(asked) == 1


def test_a_status_means_the_same_whatever_was_read_before() -> None:
    problems = [
        {"resourceType": "Condition", name: concept}
        for concept in concepts()
        for name in ("clinicalStatus", "verificationStatus")
    ]
    forwards = [status_class(one) for one in problems]
    assert [status_class(one) for one in reversed(problems)] == forwards[::-1]


def test_a_problem_has_ended_only_where_its_abatement_says_something() -> None:
    def is_past(**abatement: Any) -> bool:
        return status_class({"resourceType": "Condition", **abatement}).counts == "history"

    assert is_past(abatementDateTime="2020")
    assert is_past(abatementString="")
    assert not is_past(abatementDateTime=None)
    assert not is_past(_abatementDateTime={"id": "1"})
    assert not is_past(abatementBoolean=False, abatementDateTime="2020")
    # The names of two elements side by side are no name of an element.
    assert not is_past(ab="x", atement="y")
