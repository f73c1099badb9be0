"""Every published document goes through: an answer, or a refusal that says why, and never a server error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from benchmarks.corpus import Tally, call_hooks, data_folder, evaluate_file
from tests.thoroughness import every

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.timeout(600)]

FILES = [file.name for file in sorted((data_folder() / "fhir").glob("*.ndjson.gz"))]
HOOKS = ["patient-view", "order-sign"]
REFUSALS = {400, 404, 412, 413, 415, 422}


def assert_answered(tally: Tally) -> None:
    assert tally.broken == []
    assert set(tally.statuses) - {200} <= REFUSALS


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("name", FILES)
def test_no_document_breaks_the_service(app: Flask, test_data: Path, name: str, hook: str) -> None:
    """Some documents, others for each hook; a thorough run and ``make corpus`` send them all."""
    tally = evaluate_file(app, test_data / "fhir" / name, hook, first=HOOKS.index(hook), step=every(8))
    assert_answered(tally)
    assert sum(tally.statuses.values()) > 0


def test_no_hook_request_breaks_the_service(app: Flask, test_data: Path) -> None:
    assert_answered(call_hooks(app, test_data / "fhir" / "hooks"))


@pytest.fixture(scope="module")
def whole_patients(app: Flask, test_data: Path) -> dict[str, Tally]:
    """What became of the charts of each collection when they were opened: all small ones, a sample of the large."""
    steps = {"backpain": 1, "mixed": 1, "synthea2019": every(5)}
    files = {f"patients-r4-{name}": step for name, step in steps.items()} | {"patients-stu3-smart": 1}
    return {
        name: evaluate_file(app, test_data / "fhir" / f"{name}.ndjson.gz", step=step) for name, step in files.items()
    }


def test_whole_patients_are_read(whole_patients: dict[str, Tally]) -> None:
    # One of the mixed documents speaks of two patients.
    refused = {name: tally.statuses[400] for name, tally in whole_patients.items() if tally.statuses[400]}
    assert refused == {"patients-r4-mixed": 1}
    for name, tally in whole_patients.items():
        assert tally.statuses[200] == sum(tally.statuses.values()) - refused.get(name, 0), name


def test_no_call_brings_more_than_six_cards(whole_patients: dict[str, Tally]) -> None:
    assert max(max(tally.cards) for tally in whole_patients.values()) <= 6


def test_an_old_release_is_refused_by_name(app: Flask, test_data: Path) -> None:
    tally = evaluate_file(app, test_data / "fhir" / "patients-dstu2.ndjson.gz")
    assert set(tally.statuses) == {422}


def test_a_patient_without_a_back_gets_no_card(whole_patients: dict[str, Tally], test_data: Path) -> None:
    """Patients whose conditions name no back, leg pain or spasm hear nothing (the tags are a rough text search)."""
    lines = (test_data / "fhir" / "index.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    name = "patients-r4-synthea2019"
    tags = {entry["line"]: set(entry.get("tags", [])) for entry in entries if entry["file"] == f"{name}.ndjson.gz"}
    spoken = {int(name.rpartition(":")[2]) for name, _ in whole_patients[name].spoken}
    dull = {line for line, found in tags.items() if not {tag for tag in found if "back" in tag or "pain" in tag}}
    assert dull, "the index names no patient without pain"
    assert spoken & dull == set()
