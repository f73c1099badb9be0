"""States: what the reader makes of a fact is always a state its kind can have, so that proofs leave none out."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.finding import Status
from service.knowledge.model import KINDS, FactKind, FactSource, possible_states
from tests.shipped import shipped_derivation as derivation
from tests.shipped import shipped_knowledge as rules
from tests.thoroughness import examples
from tests.unit.record.facts_in_python import NOW, fact, patient, record, source, status

TYPES = (
    *("Condition", "AllergyIntolerance", "Observation", "QuestionnaireResponse", "Procedure", "ServiceRequest"),
    *("DiagnosticReport", "ImagingStudy", "Encounter", "Communication", "MedicationRequest", "MedicationStatement"),
)
DATED_BY = ("onsetDateTime", "recordedDate", "effectiveDateTime", "performedDateTime", "authoredOn", "started", "sent")
DAYS = ("2026-11-24", "2026-11-01", "2026-09", "2019", "2027-01-01", "junk")
VERIFIED = ("confirmed", "refuted", "refuted", "entered-in-error", "provisional", "unconfirmed", "what?")
STATUSES = (
    "active",
    "final",
    "completed",
    "entered-in-error",
    "preliminary",
    "not-done",
    "draft",
    "stopped",
    "unknown",
)
VALUES = (
    {"valueBoolean": True},
    {"valueBoolean": False},
    {"valueString": "no"},
    {"valueQuantity": {"value": 5, "unit": "d", "code": "d", "system": "http://unitsofmeasure.org"}},
    {"valueDateTime": "2026-10-01"},
    {},
)


@cache
def asked() -> dict[FactKind, list[FactSource]]:
    """What the facts of each kind look at, so that a kind with few facts is tried as often as one with many."""
    found: dict[FactKind, list[FactSource]] = {}
    for definition in rules().facts.values():
        found.setdefault(definition.kind, []).extend(definition.sources)
    return {kind: sources for kind, sources in found.items() if sources}


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """One entry with a code that some fact asks about, in any status, dated in any way, with any answer."""
    kind = draw(st.sampled_from(sorted(asked())))
    where = draw(st.sampled_from(asked()[kind]))
    value_set = rules().value_sets[draw(st.sampled_from([*where.codes, *where.no]))]
    code: dict[str, Any] = {"text": value_set.title}
    if value_set.codes:
        chosen = draw(st.sampled_from(value_set.codes))
        code = {"coding": [{"system": chosen.system, "code": chosen.code}]}
    type_ = draw(st.sampled_from([*(where.resource,) * len(TYPES), *TYPES]))
    word = draw(st.sampled_from(STATUSES))
    value = draw(st.sampled_from(VALUES))
    entry: dict[str, Any] = {"resourceType": type_, "id": f"e{draw(st.integers(1, 9))}", "code": code, **value}
    entry |= {"status": word, "intent": "order", "medicationCodeableConcept": code, "procedureCode": [code]}
    if type_ in {"Condition", "AllergyIntolerance"}:
        verified, clinical = draw(st.sampled_from(VERIFIED)), draw(st.sampled_from(("active", "resolved", "inactive")))
        entry |= {"verificationStatus": status(verified), "clinicalStatus": status(clinical)}
    if type_ == "QuestionnaireResponse":
        link = value_set.link_ids[0] if value_set.link_ids else "q"
        entry["item"] = [{"linkId": link, "answer": [value, {"valueCoding": code.get("coding", [{}])[0]}]}]
    for name in draw(st.lists(st.sampled_from(DATED_BY), max_size=3)):
        entry[name] = draw(st.sampled_from(DAYS))
    return entry


@settings(max_examples=examples(300))
@given(st.lists(entries(), min_size=1, max_size=4), st.lists(entries(), max_size=1), st.booleans())
def test_whatever_a_chart_holds_every_fact_is_in_a_state_its_kind_can_have(
    resources: list[dict[str, Any]], orders: list[dict[str, Any]], whole: bool
) -> None:
    complete = TYPES if whole else ()
    chart = record([patient(birthDate="1960", gender="male"), *resources], complete, orders=orders)
    found = derivation().findings(chart, NOW)
    impossible = [
        (name, one.status.value)
        for name, one in found.items()
        if one.status not in possible_states(rules().facts[name])
    ]
    assert impossible == []


def test_every_kind_has_one_description() -> None:
    assert set(KINDS) == set(FactKind)


def test_a_duration_is_never_absent_unless_its_definition_opts_in() -> None:
    refutable = source("Condition", "cond-sciatica")
    assert Status.ABSENT not in possible_states(fact("elapsed", refutable, pick="earliest"))
    assert Status.ABSENT in possible_states(fact("elapsed", refutable, pick="earliest", absent_by_answer=True))


def test_only_care_may_be_answered_with_a_no_among_the_durations_of_the_rule_set() -> None:
    durations = [one for one in rules().facts.values() if one.kind is FactKind.ELAPSED]
    assert [one.id for one in durations if Status.ABSENT in possible_states(one)] == ["conservative-care-days"]
