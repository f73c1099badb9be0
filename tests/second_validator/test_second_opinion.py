"""A validator that is not ours, HL7's JSON Schema of R4, finds nothing wrong with what the service emits."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.cards.orders import Drafts, Ordering
from service.knowledge.model import Knowledge
from service.record.releases.fhir_classes import Release
from service.review.export.artifacts import artifacts
from service.review.export.metadata import Publication
from tests.http.calls import IBUPROFEN, PATIENT, SCIATICA, order_sign, patient_view

HERE = Path(__file__).resolve().parent
ORDERING = Ordering(Release.R4, "p1", "visit-1", datetime(2026, 11, 24, 10, 0, tzinfo=UTC))

Json = dict[str, Any]


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no Node: the second validator is a Node package")
    if not (HERE / "node_modules" / "ajv").is_dir():
        pytest.skip("the second validator is not installed: make second-validator")
    return found


def opinions(node: str, resources: list[Json]) -> list[list[str]]:
    """What the second validator says against each resource."""
    command = [node, str(HERE / "validate.js")]
    done = subprocess.run(command, input=json.dumps(resources), capture_output=True, text=True, check=True, cwd=HERE)
    return json.loads(done.stdout)


@pytest.mark.requirement("TR-6", "AC-3")
def test_every_order_that_a_card_may_suggest_is_valid(node: str, knowledge: Knowledge) -> None:
    drafts = Drafts(knowledge)
    names = sorted(knowledge.orders)
    result = opinions(node, [drafts.draft(name, ORDERING) for name in names])
    assert {name: said for name, said in zip(names, result, strict=True) if said} == {}
    assert names


@pytest.mark.requirement("TR-6", "AC-3")
def test_every_order_on_the_cards_of_a_call_is_valid(node: str, client: FlaskClient) -> None:
    answers = [
        client.post("/cds-services/sciatica-order-sign", json=order_sign()).json,
        client.post("/cds-services/sciatica-patient-view", json=patient_view()).json,
    ]
    suggestions = [one for answer in answers for card in answer["cards"] for one in card.get("suggestions", [])]
    created = [action["resource"] for one in suggestions for action in one["actions"] if action["type"] == "create"]
    assert [said for said in opinions(node, created) if said] == []


@pytest.mark.requirement("SC-4")
def test_every_error_is_a_valid_operation_outcome(node: str, client: FlaskClient) -> None:
    bodies = [
        client.post("/cds-services/sciatica-patient-view", json={}).json,
        client.post("/cds-services/unknown", json={}).json,
        client.post("/check", json={"hook": 1}).json,
    ]
    assert opinions(node, bodies) == [[], [], []]


def test_the_second_validator_sees_faults_and_lets_good_resources_pass(node: str) -> None:
    bad = [IBUPROFEN | {"foo": 1}, IBUPROFEN | {"intent": None}, IBUPROFEN | {"dosageInstruction": {}}]
    assert all(opinions(node, bad))
    assert opinions(node, [PATIENT, SCIATICA, IBUPROFEN]) == [[], [], []]


def test_every_exported_artifact_is_valid(node: str, knowledge: Knowledge) -> None:
    exported = list(artifacts(Publication(knowledge)))
    result = opinions(node, exported)
    assert {
        f"{one['resourceType']}/{one['id']}": said for one, said in zip(exported, result, strict=True) if said
    } == {}
    nonsense = {**exported[0], "status": "nonsense"}
    assert opinions(node, [nonsense]) != [[]]
