"""Course facts: days of continuous use, taken or ordered."""

from __future__ import annotations

import cProfile
from bisect import bisect_right
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.finding import Status
from service.record.kinds.course import reaches
from tests.unit.record.facts_in_python import RXNORM, concept, fact, find, medication, notes

CYCLOBENZAPRINE = (RXNORM, "828348", "cyclobenzaprine hydrochloride 10 MG Oral Tablet")
LIST = ("MedicationRequest",)
CURRENT = fact("course", classes=("med-relaxant",), measure="current", unit="d", complete=LIST)
ORDERED = fact("course", classes=("med-relaxant",), measure="ordered", unit="d", complete=LIST)
BOTH = fact("course", classes=("med-relaxant",), measure="both", unit="d", complete=LIST)


def days(number: int, repeats: int | None = None) -> dict[str, object]:
    request: dict[str, object] = {"expectedSupplyDuration": {"value": number, "unit": "days", "code": "d"}}
    if repeats is not None:
        request["numberOfRepeatsAllowed"] = repeats
    return {"dispenseRequest": request}


def taken(on: str | None, status: str = "active", name: str = "m1", **more: object) -> dict[str, object]:
    dated = {"authoredOn": on} if on else {}
    return medication(CYCLOBENZAPRINE, status, name, **dated, **more)


def course(
    definition: object, *resources: dict[str, object], orders: object = (), whole: bool = True
) -> tuple[object, ...]:
    finding = find(definition, *resources, orders=orders, complete=LIST if whole else ())
    return finding.status.value, finding.low, finding.high


def test_an_order_that_reaches_beyond_now_has_been_taken_since_its_start() -> None:
    assert course(CURRENT, taken("2026-11-10", **days(30))) == ("present", 14, 14)
    assert course(CURRENT, taken("2026-11-24", **days(30))) == ("present", 0, 0)


def test_an_active_order_whose_days_are_over_lasted_at_least_those_and_at_most_until_now() -> None:
    assert course(CURRENT, taken("2026-10-15", **days(10))) == ("present", 10, 40)
    assert course(CURRENT, taken("2026-10-15", **days(40))) == ("present", 40, 40)
    assert course(CURRENT, taken("2026-10-15", **days(39))) == ("present", 39, 40)


def test_an_active_order_without_a_length_gives_only_the_most_it_can_be() -> None:
    assert course(CURRENT, taken("2026-11-14")) == ("present", 0, 10)
    unknown = find(CURRENT, taken(None), complete=LIST)
    assert unknown.status is Status.UNKNOWN
    assert "length of the course not given" in notes(unknown)


def test_without_a_whole_list_there_is_no_upper_bound() -> None:
    assert course(CURRENT, taken("2026-11-10", **days(30)), whole=False) == ("present", 14, None)
    assert course(CURRENT, taken("2026-11-10"), whole=False) == ("unknown", None, None)


@pytest.mark.parametrize(
    ("ended", "expected"),
    [("2026-11-10", 34), ("2026-11-03", 34), ("2026-11-02", 14)],  # gaps of 0, 7 and 8 days before 10 November
)
def test_an_earlier_course_joins_over_a_gap_of_seven_days(ended: str, expected: int) -> None:
    earlier = taken("2026-10-21", "stopped", "m0", statusChanged=ended)
    assert course(CURRENT, earlier, taken("2026-11-10", **days(30))) == ("present", expected, expected)


def test_an_earlier_course_that_may_have_reached_the_current_one_leaves_an_interval() -> None:
    earlier = taken("2026-10-01", "completed", "m0")
    assert course(CURRENT, earlier, taken("2026-11-10", **days(30))) == ("present", 14, 54)


def test_a_course_that_is_over_is_no_current_course() -> None:
    over = taken("2026-10-21", "stopped", statusChanged="2026-11-20")
    assert course(CURRENT, over) == ("absent", None, None)
    assert course(CURRENT, over, whole=False) == ("unknown", None, None)


@pytest.mark.parametrize(
    ("more", "low", "high"),
    [
        (days(14), 14, 14),
        (days(10, repeats=2), 30, 30),
        ({"dosageInstruction": [{"timing": {"repeat": {"boundsDuration": {"value": 2, "code": "wk"}}}}]}, 14, 14),
        (
            {
                "dosageInstruction": [
                    {"timing": {"repeat": {"boundsPeriod": {"start": "2026-11-24", "end": "2026-12-07"}}}}
                ]
            },
            14,
            14,
        ),
        (
            {
                "dosageInstruction": [
                    {
                        "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
                        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
                    }
                ],
                "dispenseRequest": {"quantity": {"value": 42, "unit": "tablet"}},
            },
            14,
            14,
        ),
        (
            {
                "dosageInstruction": [
                    {
                        "asNeededBoolean": True,
                        "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
                        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
                    }
                ],
                "dispenseRequest": {"quantity": {"value": 42, "unit": "tablet"}},
            },
            14,
            None,
        ),
        (
            {
                **days(30),
                "dosageInstruction": [{"timing": {"repeat": {"boundsDuration": {"value": 5, "code": "d"}}}}],
            },
            5,
            30,
        ),
    ],
)
def test_ordered_days_come_from_supply_bounds_or_quantity(more: dict[str, object], low: int, high: int | None) -> None:
    assert course(ORDERED, orders=[taken(None, "draft", "d1", **more)]) == ("present", low, high)


def test_an_order_without_a_length_is_unknown_and_no_order_absent() -> None:
    finding = find(ORDERED, orders=[taken(None, "draft", "d1")])
    assert finding.status is Status.UNKNOWN
    assert "length of the course not given" in notes(finding)
    assert find(ORDERED).status is Status.ABSENT
    assert find(ORDERED, taken("2026-11-01", **days(90)), complete=LIST).status is Status.ABSENT


def test_an_order_that_was_not_recognised_may_be_one() -> None:
    unread = medication(concept(text="house mixture no. 3"), "draft", "d1")
    for definition in (ORDERED, BOTH):
        finding = find(definition, orders=[unread], complete=LIST)
        assert finding.status is Status.UNKNOWN
        assert "not checked" in notes(finding)


def test_both_adds_what_is_ordered_to_what_was_taken() -> None:
    draft = taken(None, "draft", "d1", **days(14))
    running = taken("2026-11-10", **days(30))
    assert course(BOTH, running, orders=[draft]) == ("present", 28, 28)
    assert course(BOTH, orders=[draft]) == ("present", 14, 14)
    assert course(BOTH, running) == ("present", 14, 14)
    assert course(BOTH) == ("absent", None, None)
    assert course(BOTH, orders=[draft], whole=False) == ("present", 14, None)


@pytest.mark.parametrize(("ended", "expected"), [("2026-11-17", 38), ("2026-11-16", 14)])
def test_a_new_order_continues_a_course_that_ended_within_the_gap(ended: str, expected: int) -> None:
    over = taken("2026-10-31", "stopped", statusChanged=ended)
    assert course(BOTH, over, orders=[taken(None, "draft", "d1", **days(14))]) == ("present", expected, expected)


def test_a_medication_that_was_not_recognised_forbids_absent_and_an_upper_bound() -> None:
    unread = medication(concept(text="house mixture no. 3"), name="m9")
    assert course(CURRENT, unread) == ("unknown", None, None)
    assert course(CURRENT, unread, taken("2026-11-10", **days(30))) == ("present", 14, None)


def test_a_completed_order_was_taken_for_its_planned_days() -> None:
    order = taken("2026-11-24", "draft", "m2", **days(5))
    course_before = taken("2026-11-13", "completed", **days(10))
    assert course(BOTH, course_before, orders=[order]) == ("present", 16, 16)
    stopped = taken("2026-11-13", "stopped", **days(10))
    assert course(BOTH, stopped, orders=[order]) == ("present", 5, 16)


@pytest.mark.parametrize(
    ("period", "status", "expected"),
    [
        ({"start": "2026-11-04"}, "active", ("present", 20, 20)),
        ({"start": "2024"}, "active", ("present", 693, 1058)),
        ({"start": "2026-11-04"}, "on-hold", ("present", 20, 20)),
        ({"start": "2026-11-04", "end": "2026-11-14"}, "active", ("present", 0, 20)),
        ({"start": "2026-11-04"}, "unknown", ("present", 0, 20)),
    ],
)
def test_a_statement_without_an_end_runs_until_now_while_it_is_active(
    period: dict[str, str], status: str, expected: tuple[object, ...]
) -> None:
    statement = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": status,
        "medicationCodeableConcept": concept(CYCLOBENZAPRINE),
        "effectivePeriod": period,
    }
    assert course(CURRENT, statement) == expected


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (max(pair), min(pair))), max_size=9)


def pairwise(spans: list[tuple[Decimal, Decimal]], first: Decimal, gap: Decimal) -> Decimal:
    """Every span that adjoins what is joined already, again and again: slow and plain."""
    for start, end in sorted(spans, key=lambda span: span[1]):
        if end - first <= gap:
            first = max(first, start)
    return first


@given(spans=SPANS.filter(bool), gap=st.integers(0, 10), chosen=st.integers(0, 8))
def test_the_sweep_joins_what_joining_pair_by_pair_joins(spans: list[tuple[int, int]], gap: int, chosen: int) -> None:
    exact = sorted(((Decimal(start), Decimal(end)) for start, end in spans), key=lambda span: (span[1], -span[0]))
    first = exact[chosen % len(exact)][0]
    within = bisect_right([end for _, end in exact], first + gap)
    swept = max(first, reaches(exact, Decimal(gap))[within - 1])
    assert swept == pairwise(exact, first, Decimal(gap))


def calls_for(number: int) -> int:
    """How many function calls one fact takes with so many orders of the drug."""
    orders = [taken(f"2026-{1 + at % 9:02}-{1 + at % 28:02}", name=f"m{at}", **days(5)) for at in range(number)]
    find(CURRENT, *orders[:1], complete=LIST)
    profile = cProfile.Profile()
    profile.enable()
    find(CURRENT, *orders, complete=LIST)
    profile.disable()
    return sum(entry.callcount for entry in profile.getstats())


def test_the_work_grows_with_the_number_of_orders_and_not_faster() -> None:
    few, many = calls_for(200), calls_for(800)
    assert many < 4.4 * few
