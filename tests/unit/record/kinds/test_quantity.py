"""Quantity facts: the newest final number in the look-back, in the unit asked for, or unknown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.finding import Status
from service.record.kinds.egfr import ckd_epi_2021
from service.record.notes import text_of
from tests.unit.record.facts_in_python import (
    CREATININE,
    EGFR,
    PAIN,
    caveat,
    fact,
    find,
    measured,
    notes,
    observation,
    patient,
    said,
    source,
)

RATE = "mL/min/{1.73_m2}"
EGFR_FACT = fact(
    "quantity",
    source("Observation", "obs-egfr"),
    unit=RATE,
    look_back_days=365,
    plausible=(Decimal(1), Decimal(200)),
    prefer="lowest",
)
COMPUTING = fact(
    "quantity",
    source("Observation", "obs-egfr"),
    unit=RATE,
    look_back_days=365,
    compute="ckd-epi-2021",
    prefer="lowest",
)
PAIN_FACT = fact("quantity", source("Observation", "obs-pain-severity-nrs"), unit="{score}", look_back_days=30)
CREATININE_24_HOURS = fact("quantity", source("Observation", "obs-creatinine"), unit="mg/dL", look_back_days=1)
WOMAN = patient(birthDate="1960-03-01", gender="female")


def egfr(value: float, on: str | None = "2026-11-01", name: str = "o1", **elements: object) -> dict[str, object]:
    return measured(EGFR, value, RATE, on, name, **elements)


def test_a_number_has_its_value_unit_date_and_resource() -> None:
    finding = find(EGFR_FACT, egfr(54))
    assert (finding.status, finding.value, finding.unit) == (Status.PRESENT, Decimal(54), RATE)
    (evidence,) = finding.evidence
    assert (evidence.resource, evidence.text, evidence.date) == ("Observation/o1", f"54 {RATE}", "2026-11-01")


@pytest.mark.parametrize(
    ("on", "known"),
    [
        ("2026-11-24", True),
        ("2025-11-25", True),  # 364 days
        ("2025-11-24", True),  # 365 days
        ("2025-11-23", False),  # 366 days
        ("2025-12", True),
        ("2025", False),  # cannot be told
        (None, False),
        ("2027-01-01", False),
    ],
)
def test_the_look_back_has_two_sides_and_an_edge(on: str | None, known: bool) -> None:
    finding = find(EGFR_FACT, egfr(54, on), complete=["Observation"])
    assert finding.status is (Status.PRESENT if known else Status.UNKNOWN)


def test_a_look_back_of_one_day_counts_hours_when_both_times_are_given() -> None:
    def at(time: str) -> Status:
        return find(CREATININE_24_HOURS, measured(CREATININE, 1.1, "mg/dL", time)).status

    assert at("2026-11-23T10:00:00Z") is Status.PRESENT
    assert at("2026-11-23T09:59:00Z") is Status.UNKNOWN
    assert at("2026-11-23") is Status.PRESENT
    assert at("2026-11-22") is Status.UNKNOWN


def test_an_old_value_is_named_when_nothing_newer_is_known() -> None:
    finding = find(EGFR_FACT, egfr(54, "2020-02-03"), complete=["Observation"])
    assert finding.status is Status.UNKNOWN
    assert f"last value 54 {RATE} on 2020-02-03: too old to use" in said(finding)


def test_nothing_measured_is_unknown_even_in_a_whole_list() -> None:
    assert find(EGFR_FACT, complete=["Observation"]).status is Status.UNKNOWN
    assert said(find(EGFR_FACT)) == ("Observation list not sent",)


def test_the_newest_counts() -> None:
    assert find(EGFR_FACT, egfr(80, "2026-01-01", "a"), egfr(40, "2026-10-01", "b")).value == 40
    assert find(EGFR_FACT, egfr(40, "2026-01-01", "a"), egfr(80, "2026-10-01", "b")).value == 80


def test_of_one_day_the_preferred_counts() -> None:
    morning, evening = egfr(40, "2026-10-01T08:00:00Z", "a"), egfr(60, "2026-10-01T18:00:00Z", "b")
    assert find(EGFR_FACT, morning, evening).value == 40
    pair = [measured(PAIN, 3, "{score}", "2026-11-20", "a"), measured(PAIN, 7, "{score}", "2026-11-20", "b")]
    both = find(PAIN_FACT, *pair)
    assert (both.low, both.high) == (3, 7)


@pytest.mark.parametrize(("value", "stored"), [(0.5, False), (1, True), (200, True), (201, False)])
def test_a_value_that_cannot_be_is_not_used(value: float, stored: bool) -> None:
    finding = find(EGFR_FACT, egfr(value))
    assert finding.status is (Status.PRESENT if stored else Status.UNKNOWN)
    if not stored:
        assert "Observation/o1: implausible value not used" in said(finding)


@pytest.mark.parametrize("status", ["preliminary", "registered"])
def test_a_newer_preliminary_value_is_named_and_not_used(status: str) -> None:
    finding = find(EGFR_FACT, egfr(54, "2026-10-01", "a"), egfr(20, "2026-11-20", "b", status=status))
    assert finding.value == 54
    assert f"preliminary, not used: 20 {RATE} on 2026-11-20" in said(finding)
    assert find(EGFR_FACT, egfr(20, "2026-11-20", "b", status=status)).status is Status.UNKNOWN
    older = find(EGFR_FACT, egfr(54, "2026-10-01", "a"), egfr(20, "2026-09-20", "b", status=status))
    assert said(older) == ()


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_value_never_counts(status: str) -> None:
    assert find(EGFR_FACT, egfr(54, status=status)).status is Status.UNKNOWN


def test_a_comparator_is_an_open_interval() -> None:
    above = observation(EGFR, valueString=">60", effectiveDateTime="2026-11-01")
    finding = find(EGFR_FACT, above)
    assert finding.low is not None
    assert finding.low >= 60
    assert finding.high is None


def test_a_unit_that_does_not_convert_is_refused_and_named() -> None:
    finding = find(EGFR_FACT, measured(EGFR, 54, "mg/dL", "2026-11-01"))
    assert finding.status is Status.UNKNOWN
    assert any(note.startswith("Observation/o1: ") for note in said(finding))


def test_micromoles_of_creatinine_are_milligrams() -> None:
    finding = find(CREATININE_24_HOURS, measured(CREATININE, 88.4, "umol/L", "2026-11-24"))
    assert finding.value == 1


def test_a_component_carries_its_own_value() -> None:
    panel = observation(
        ("http://loinc.org", "24362-6", "Renal function panel"),
        effectiveDateTime="2026-11-01",
        component=[
            {"code": {"coding": [{"system": EGFR[0], "code": EGFR[1]}]}, "valueQuantity": {"value": 33, "code": RATE}}
        ],
    )
    assert find(EGFR_FACT, panel).value == 33


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "expected"),
    [
        # From the equation, with pencil and paper: 142 x min(Scr/k,1)^a x max(Scr/k,1)^-1.2 x 0.9938^age (x 1.012).
        ("1.0", 50, "male", "91.7"),
        ("0.9", 50, "male", "104.0"),
        ("0.7", 50, "female", "105.3"),
        ("1.4", 66, "female", "41.5"),
        ("0.5", 30, "female", "129.3"),
        ("5.0", 70, "male", "11.7"),
    ],
)
def test_the_equation(creatinine: str, age: int, sex: str, expected: str) -> None:
    assert ckd_epi_2021(Decimal(creatinine), Decimal(age), sex) == Decimal(expected)


def creatinine(value: float, on: str = "2026-11-01", **elements: object) -> dict[str, object]:
    return measured(CREATININE, value, "mg/dL", on, "cr", **elements)


def test_without_an_egfr_it_is_computed_from_creatinine_and_says_so() -> None:
    finding = find(COMPUTING, WOMAN, creatinine(1.4))
    assert finding.value == Decimal("41.5")
    (evidence,) = finding.evidence
    assert evidence.resource == "Observation/cr"
    assert evidence.text == f"41.5 {RATE} from creatinine 1.4 mg/dL"
    assert caveat(evidence) == "computed (CKD-EPI 2021)"


def test_a_newer_creatinine_with_a_lower_egfr_comes_before_the_recorded_one_and_says_so() -> None:
    finding = find(COMPUTING, WOMAN, creatinine(1.4), egfr(77, "2026-01-05"))
    assert finding.value == Decimal("41.5")
    assert f"eGFR 77 {RATE} on 2026-01-05 is older than the creatinine and not used" in map(text_of, finding.notes)


def test_a_recorded_egfr_comes_before_a_computed_one() -> None:
    assert find(COMPUTING, WOMAN, creatinine(1.4, "2026-01-05"), egfr(77, "2026-01-05")).value == 77
    assert find(COMPUTING, WOMAN, creatinine(0.6), egfr(77, "2026-01-05")).value == 77
    old = find(COMPUTING, WOMAN, creatinine(1.4), egfr(77, "2020-01-05"))
    assert old.value == Decimal("41.5")


def test_without_sex_the_lower_of_the_two_counts() -> None:
    finding = find(COMPUTING, patient(birthDate="1960-03-01"), creatinine(1.4))
    assert finding.value == min(ckd_epi_2021(Decimal("1.4"), Decimal(66), sex) for sex in ("female", "male"))
    assert "sex not known: the lower of the two" in notes(finding)


def test_a_partial_birth_date_leaves_an_interval() -> None:
    finding = find(COMPUTING, patient(birthDate="1960", gender="female"), creatinine(1.4))
    assert finding.low == ckd_epi_2021(Decimal("1.4"), Decimal(66), "female")
    assert finding.high == ckd_epi_2021(Decimal("1.4"), Decimal(65), "female")


@pytest.mark.parametrize(
    ("birth", "adult"),
    [("2008-11-01", True), ("2008-11-02", False), ("2008-10-31", True), ("2008", False), (None, False)],
)
def test_it_is_computed_for_adults_only(birth: str | None, adult: bool) -> None:
    born = {"birthDate": birth} if birth else {}
    finding = find(COMPUTING, patient(gender="female", **born), creatinine(0.8))
    assert finding.status is (Status.PRESENT if adult else Status.UNKNOWN)
    if not adult:
        assert "eGFR not computed from creatinine: the patient is not known to be adult" in said(finding)


def test_creatinine_without_a_unit_or_too_old_is_not_used() -> None:
    no_unit = observation(CREATININE, valueQuantity={"value": 1.4}, effectiveDateTime="2026-11-01", id="cr")
    assert find(COMPUTING, WOMAN, no_unit).status is Status.UNKNOWN
    assert find(COMPUTING, WOMAN, creatinine(1.4, "2024-11-01")).status is Status.UNKNOWN
    assert find(COMPUTING, WOMAN, creatinine(1.4, status="preliminary")).status is Status.UNKNOWN


def test_creatinine_is_not_read_where_the_fact_does_not_compute() -> None:
    assert find(EGFR_FACT, WOMAN, creatinine(1.4)).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("said", "grade"), [("1/5", Decimal(1)), ("3 / 5", Decimal(3)), ("4+/5", None), ("1/4", None), ("7/5", None)]
)
def test_a_grade_out_of_the_highest_one_is_a_grade(said: str, grade: Decimal | None) -> None:
    strength = fact(
        "quantity",
        source("Observation", "obs-pain-severity-nrs"),
        unit="{score}",
        look_back_days=30,
        plausible=(Decimal(0), Decimal(5)),
    )
    assert find(strength, observation(PAIN, effectiveDateTime="2026-11-20", valueString=said)).value == grade
