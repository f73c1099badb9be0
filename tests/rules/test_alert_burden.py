"""Whether the cards can be borne: published patients played back visit by visit (all of it: ``make alert-burden``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.burden import Day, Followed, Shown, followed, repeats, unexplained
from service.population.judging import MANY, NOT_ASSESSED
from service.population.visits import as_of, recorded_on, visits
from tests.population_data import asked, ran
from tests.thoroughness import THOROUGH


@pytest.fixture(scope="module")
def patients(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Followed]:
    out = tmp_path_factory.mktemp("runs")
    names = ("patients-r4-backpain", "patients-stu3-smart")
    for name in names:
        ran(test_data / "fhir" / f"{name}.ndjson.gz", out / name, asked(visits=True, use_gate=not THOROUGH))
    return [one for name in names for one in followed(out / name)]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.timeout(600)
class TestPublishedPatients:
    def test_no_rule_speaks_for_a_patient_without_a_back_problem(self, patients: list[Followed]) -> None:
        spoken = {rule for _, shown in unexplained(patients) for rule in shown.rules} - {NOT_ASSESSED}
        assert spoken == set()

    def test_no_rule_speaks_at_every_visit_for_most_patients(self, patients: list[Followed]) -> None:
        number, found = repeats(patients)
        assert number >= 5
        assert [item.rule for item in found if _is_advice(item.rule) and 2 * item.always > number] == []

    def test_few_visits_bring_more_than_three_cards(self, patients: list[Followed]) -> None:
        opened = [len(day.opened.cards) for patient in patients for day in patient.episode]
        assert len(opened) > 100
        assert sum(number > MANY for number in opened) / len(opened) < 0.05

    def test_no_visit_brings_more_than_six_cards(self, patients: list[Followed]) -> None:
        assert max(len(shown.cards) for patient in patients for shown in patient.calls) <= 6


def _is_advice(rule: str) -> bool:
    """Whether a rule says something of its own: the pathway card stands at every visit without a log."""
    return rule != NOT_ASSESSED and not rule.startswith("pathway")


def encounter(day: str) -> dict[str, object]:
    return {"resourceType": "Encounter", "id": f"e-{day}", "period": {"start": f"{day}T09:00:00Z"}}


PAIN = {
    "resourceType": "Condition",
    "id": "c",
    "clinicalStatus": {"coding": [{"code": "resolved"}]},
    "recordedDate": "2026-03-01",
    "abatementDateTime": "2026-05-01",
}
DRUG = {"resourceType": "MedicationRequest", "id": "m", "status": "stopped", "authoredOn": "2026-03-01T10:00:00Z"}


def test_a_chart_of_an_earlier_day_holds_what_was_recorded_by_then() -> None:
    assert [item["id"] for item in as_of([PAIN, DRUG, encounter("2026-04-01")], "2026-02-28")] == []
    assert [item["id"] for item in as_of([PAIN, DRUG, encounter("2026-04-01")], "2026-03-01")] == ["c", "m"]


def test_a_diagnosis_that_ended_later_has_not_ended() -> None:
    (before,) = as_of([PAIN], "2026-04-30")
    assert "clinicalStatus" not in before
    assert "abatementDateTime" not in before
    (after,) = as_of([PAIN], "2026-05-01")
    assert after is PAIN


def test_a_prescription_runs_on_the_day_it_was_written_and_is_that_days_order() -> None:
    first, later = visits([PAIN, DRUG, encounter("2026-03-01"), encounter("2026-04-01")])
    assert [item["status"] for item in first.chart if item["resourceType"] == "MedicationRequest"] == ["active"]
    assert [item["status"] for item in first.orders] == ["draft"]
    assert [item["status"] for item in later.chart if item["resourceType"] == "MedicationRequest"] == ["stopped"]
    assert later.orders == ()


def test_what_has_no_date_was_always_there() -> None:
    assert recorded_on({"resourceType": "Patient", "birthDate": "1980-01-01"}) is None
    (person,) = as_of([{"resourceType": "Patient", "deceasedDateTime": "2026-12-01"}], "2026-01-01")
    assert "deceasedDateTime" not in person


def test_a_rule_repeats_when_it_speaks_at_every_visit_of_an_episode() -> None:
    def shown(*rules: str) -> Day:
        return Day("2026-01-01", Shown("patient-view", True, tuple(("info", (rule,)) for rule in rules)))  # noqa: FBT003

    patient = Followed("one", days=[shown("always", "once"), shown("always"), shown("always")])
    number, found = repeats([patient])
    assert number == 1
    assert [(item.rule, item.ever, item.often, item.always) for item in found] == [
        ("always", 1, 1, 1),
        ("once", 1, 0, 0),
    ]
