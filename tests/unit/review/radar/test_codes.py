"""A code that no longer comes is told, whether or not its facts are still known; one that had an heir is not."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from service.decision import Prepared
from service.record.sent_codes import READ
from service.review.radar.codes import absences
from service.review.radar.counts import Client, SeenSince
from service.review.radar.detection import BASELINE
from service.review.radar.report import alarms_of
from tests.shipped import shipped_services

BEGIN = date(2026, 1, 5)
DAYS = BASELINE + 14
"""Of nothing wrong; on the day after them a code goes."""
PATIENTS = 100
NAPROXEN, NAPROXEN_OTHER = "198014", "198013"


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return shipped_services().prepared


def came(share: float, days: int, seed: int = 1) -> list[int]:
    dice = random.Random(seed)
    return [sum(dice.random() < share for _ in range(PATIENTS)) for _ in range(days)]


def code(name: str, numbers: list[int], type_: str = "MedicationRequest") -> SeenSince:
    system = "http://www.nlm.nih.gov/research/umls/rxnorm" if type_ == "MedicationRequest" else "http://loinc.org"
    by_day = {BEGIN + timedelta(days=place): number for place, number in enumerate(numbers) if number}
    return SeenSince(type_, system, name, READ, None, by_day)


def client(*codes: SeenSince, days: int) -> Client:
    made = Client("c", BEGIN, days)
    made.read, made.patients = list(codes), {BEGIN + timedelta(days=place): PATIENTS for place in range(days)}
    return made


@pytest.mark.parametrize(("share", "days"), [(0.15, 1), (0.08, 2), (0.03, 5)])
def test_a_code_of_so_many_patients_is_found_to_be_gone_within_days(share: float, days: int) -> None:
    [shift] = absences([PATIENTS] * (DAYS + 7), came(share, DAYS) + [0] * 7, DAYS)
    assert shift.since == DAYS
    assert shift.found <= DAYS + days - 1
    assert shift.before == pytest.approx(share, abs=0.03)
    assert shift.calls == 7 * PATIENTS
    assert shift.ended is None


def test_a_code_that_comes_again_is_told_with_its_end_and_a_new_absence_anew() -> None:
    seen = came(0.1, DAYS) + [0] * 4 + came(0.1, BASELINE) + [0] * 3
    one, other = absences([PATIENTS] * len(seen), seen, DAYS)
    assert (one.since, one.ended, one.calls) == (DAYS, DAYS + 4, 4 * PATIENTS)
    assert (other.since, other.ended) == (DAYS + 4 + BASELINE, None)


def test_a_rare_code_that_is_away_for_days_proves_nothing() -> None:
    for seed in range(40):
        seen = came(0.01, DAYS + 30, seed)
        assert list(absences([PATIENTS] * len(seen), seen, DAYS)) == []


def test_a_code_that_goes_alarms_with_the_facts_that_are_read_from_it(prepared: Prepared) -> None:
    gone = code(NAPROXEN, came(0.1, DAYS))
    [alarm] = alarms_of(prepared.knowledge, client(gone, days=DAYS + 2), DAYS)
    assert alarm["kind"] == "code-gone"
    assert f"rxnorm {NAPROXEN} in none of 200 patients since 2026-02-16 (before: 1" in alarm["says"]
    assert "ask the client" in alarm["says"]
    assert "nsaid-active" in {alarm["fact"], *alarm["also"]}


def test_a_code_that_went_when_another_of_the_same_drug_came_alarms_nobody(prepared: Prepared) -> None:
    gone = code(NAPROXEN, came(0.1, DAYS))
    heir = code(NAPROXEN_OTHER, [0] * DAYS + came(0.1, 2))
    steady = code("38483-4", came(0.3, DAYS + 2), "Observation")
    assert alarms_of(prepared.knowledge, client(gone, heir, steady, days=DAYS + 2), DAYS) == []
