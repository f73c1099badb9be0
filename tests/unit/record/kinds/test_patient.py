"""Age and sex."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.finding import Status
from tests.unit.record.facts_in_python import fact, find, patient, said

AGE = fact("age", unit="a")
FEMALE = fact("sex", gender="female")


@pytest.mark.parametrize(
    ("birth", "low", "high"),
    [
        ("1961-11-23", 65, 65),
        ("1961-11-24", 65, 65),  # the birthday itself
        ("1961-11-25", 64, 64),
        ("1961-11", 64, 65),
        ("1961", 64, 65),
        ("2026-11-24", 0, 0),
        ("2026", 0, 0),
    ],
)
def test_age_is_in_completed_years_and_an_interval_for_a_partial_date(birth: str, low: int, high: int) -> None:
    finding = find(AGE, patient(birthDate=birth))
    assert (finding.status, finding.low, finding.high, finding.unit) == (Status.PRESENT, low, high, "a")


@pytest.mark.parametrize("birth", [None, "", "long ago", "2030-01-01", "1850-01-01", "1790"])
def test_age_without_a_readable_birth_date_is_unknown(birth: str | None) -> None:
    finding = find(AGE, patient(**({} if birth is None else {"birthDate": birth})))
    assert finding.status is Status.UNKNOWN
    assert said(finding)[0].startswith("birth date")


def test_age_without_a_patient_says_that_none_was_sent() -> None:
    assert said(find(AGE)) == ("Patient list not sent",)


def test_age_depends_on_the_moment_it_is_asked() -> None:
    born = patient(birthDate="2000-02-29")
    assert find(AGE, born, now=datetime(2026, 2, 28, 12, tzinfo=UTC)).value == 25
    assert find(AGE, born, now=datetime(2026, 3, 1, 12, tzinfo=UTC)).value == 26


@pytest.mark.parametrize(
    ("gender", "expected"),
    [
        ("female", "present"),
        ("male", "absent"),
        ("other", "unknown"),
        ("unknown", "unknown"),
        ("F", "unknown"),
        (None, "unknown"),
    ],
)
def test_sex_is_present_absent_or_unknown(gender: str | None, expected: str) -> None:
    finding = find(FEMALE, patient(**({} if gender is None else {"gender": gender})))
    assert finding.status == expected


def test_sex_for_clinical_use_leads() -> None:
    extension = {
        "url": "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse",
        "extension": [{"url": "value", "valueCodeableConcept": {"coding": [{"code": "male-typical"}]}}],
    }
    assert find(FEMALE, patient(gender="female", extension=[extension])).status is Status.ABSENT


def test_no_finding_holds_the_name_of_the_patient() -> None:
    named = patient(birthDate="1961-11-23", gender="female", name=[{"family": "Musterfrau", "given": ["Erika"]}])
    assert "Musterfrau" not in repr(find(AGE, named))
    assert "Musterfrau" not in repr(find(FEMALE, named))
