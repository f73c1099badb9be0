"""Every published document goes through: an answer, or a refusal that says why, and never a server error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from benchmarks.corpus import Tally, call_hooks, data_folder, evaluate_file

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
    """Every fourth document, another quarter for each hook; ``make corpus`` sends them all."""
    tally = evaluate_file(app, test_data / "fhir" / name, hook, first=HOOKS.index(hook), step=4)
    assert_answered(tally)
    assert sum(tally.statuses.values()) > 0


def test_no_hook_request_breaks_the_service(app: Flask, test_data: Path) -> None:
    assert_answered(call_hooks(app, test_data / "fhir" / "hooks"))


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("patients-r4-backpain", 0),
        # One of its documents speaks of two patients.
        ("patients-r4-mixed", 1),
        ("patients-r4-synthea2019", 0),
        ("patients-stu3-smart", 0),
    ],
)
def test_whole_patients_are_read(app: Flask, test_data: Path, name: str, refused: int) -> None:
    tally = evaluate_file(app, test_data / "fhir" / f"{name}.ndjson.gz")
    assert tally.statuses[200] == sum(tally.statuses.values()) - refused
    assert tally.statuses[400] == refused


def test_no_call_brings_more_than_six_cards(app: Flask, test_data: Path) -> None:
    tally = evaluate_file(app, test_data / "fhir" / "patients-r4-backpain.ndjson.gz")
    assert max(tally.cards) <= 6


def test_an_old_release_is_refused_by_name(app: Flask, test_data: Path) -> None:
    tally = evaluate_file(app, test_data / "fhir" / "patients-dstu2.ndjson.gz")
    assert set(tally.statuses) == {422}


def test_a_patient_without_a_back_gets_no_card(app: Flask, test_data: Path) -> None:
    """Patients whose conditions name no back, leg pain or spasm hear nothing (the tags are a rough text search)."""
    lines = (test_data / "fhir" / "index.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    file = "patients-r4-synthea2019.ndjson.gz"
    tags = {entry["line"]: set(entry.get("tags", [])) for entry in entries if entry["file"] == file}
    tally = evaluate_file(app, test_data / "fhir" / file)
    spoken = {int(name.rpartition(":")[2]) for name, _ in tally.spoken}
    dull = {line for line, found in tags.items() if not {tag for tag in found if "back" in tag or "pain" in tag}}
    assert dull, "the index names no patient without pain"
    assert spoken & dull == set()
