"""Laws that hold for every chart, tried on published patients: order, noise, repeats, losses and further red flags."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.patients import Published, published
from service.finding import Finding, Status
from service.protocol.evaluation import BundleQuestion, Services, answer_bundle
from service.record.input.reader import read_bundle
from tests.shipped import shipped_services
from tests.thoroughness import examples, some_of

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
VIEW = BundleQuestion("patient-view", NOW)
LOCAL = "urn:sciatica-cds:code"
RANKS = ("none", "info", "warning", "critical")
RED_FLAGS = (
    "answer-bladder",
    "answer-saddle",
    "answer-leg-weakness",
    "answer-fever",
    "answer-cancer",
    "answer-trauma-major",
)
ANSWERED = {200, 400, 404, 412, 413, 415, 422}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def services() -> Services:
    return shipped_services()


@pytest.fixture(scope="module")
def patients(test_data: Path) -> list[Published]:
    """Every patient with a back problem, and some of the others."""
    assert test_data
    some = [patient for patient in published("patients-r4-synthea2019") if patient.line <= 4]
    mixed = [patient for patient in published("patients-r4-mixed") if patient.line in (1, 3, 11, 20, 25)]
    return [*published("patients-r4-backpain"), *published("patients-stu3-smart"), *mixed, *some]


# A resource without an id is named by its place, and ids of answers are made from what they rest on.
PLACE = re.compile(rb"(?:Bundle\.entry)?\\*\[\d+\\*\](?:\.resource)?")
UUID = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def answered(services: Services, document: Any) -> bytes:
    """Cards, findings and what became of every rule, to the byte; what was passed over in the input may differ."""
    body = answer_bundle(services, document, VIEW).body
    body["extension"]["sciatica-cds.decision"].pop("problems")
    result = orjson.dumps(body)
    return UUID.sub(b"id", PLACE.sub(b"place", result)) if PLACE.search(result) else result


def findings_of(services: Services, document: Any) -> dict[str, Finding]:
    record = read_bundle(document, patient=None, complete=frozenset(), order_hook=False)
    return services.prepared.derivation.findings(record, NOW)


def test_the_order_of_entries_changes_no_byte(services: Services, patients: list[Published]) -> None:
    for patient in some_of(patients, 4):
        entries = list(patient.document["entry"])
        random.Random(patient.name).shuffle(entries)
        shuffled = answered(services, patient.document | {"entry": entries})
        assert shuffled == answered(services, patient.document), patient.name


def reference_to(patient: Published) -> str:
    """How the resources of the document call their patient."""
    entry = next(entry for entry in patient.document["entry"] if entry["resource"]["resourceType"] == "Patient")
    return f"Patient/{entry['resource']['id']}" if "id" in entry["resource"] else str(entry["fullUrl"])


def noise(patient: Published) -> Iterator[Json]:
    """Resources the service has no use for; of types it reads only where the list is there anyway."""
    about = {"reference": reference_to(patient)}
    yield {"resourceType": "Claim", "id": "noise-1", "status": "active", "patient": about}
    yield {"resourceType": "Basic", "id": "noise-2", "code": {"text": "sciatica"}, "subject": about}
    yield {"resourceType": "Location", "id": "noise-3", "name": "Spine clinic"}
    if any(item["resourceType"] == "Observation" for item in patient.resources):
        code = {"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Body height"}]}
        height = {"value": 171, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"}
        result = {"status": "final", "code": code, "subject": about, "valueQuantity": height}
        yield {"resourceType": "Observation", "id": "noise-4", "effectiveDateTime": "2026-11-01", **result}


def with_more(patient: Published, more: list[Any]) -> Json:
    """The document of a patient with further entries."""
    return patient.document | {"entry": [*patient.document["entry"], *more]}


def test_irrelevant_resources_and_repeats_change_nothing(services: Services, patients: list[Published]) -> None:
    for patient in some_of(patients, 4):
        plain = answered(services, patient.document)
        extra = [{"resource": resource} for resource in noise(patient)]
        assert answered(services, with_more(patient, extra)) == plain, patient.name
        assert answered(services, with_more(patient, copy.deepcopy(patient.document["entry"]))) == plain, patient.name


def test_taking_a_resource_away_never_makes_an_unknown_fact_absent(
    services: Services, patients: list[Published]
) -> None:
    """Save where the resource was itself the doubt, and the finding named it as such."""
    for patient in some_of(patients, 2):
        entries = patient.document["entry"]
        before = findings_of(services, patient.document)
        unknown = {name: finding for name, finding in before.items() if finding.status is Status.UNKNOWN}
        for place in random.Random(patient.name).sample(range(len(entries)), k=min(5, len(entries))):
            lost = entries[place]["resource"]
            after = findings_of(services, patient.document | {"entry": entries[:place] + entries[place + 1 :]})
            for name, finding in unknown.items():
                if after[name].status is Status.ABSENT:
                    named = {item.resource for item in finding.evidence}
                    assert f"{lost['resourceType']}/{lost.get('id')}" in named, f"{patient.name}: {name}"


def test_taking_a_whole_list_away_makes_nothing_absent(services: Services, patients: list[Published]) -> None:
    for patient in some_of(patients, 2):
        entries = patient.document["entry"]
        before = findings_of(services, patient.document)
        for kind in ("Condition", "MedicationRequest", "AllergyIntolerance", "Procedure", "Observation"):
            rest = [entry for entry in entries if entry["resource"]["resourceType"] != kind]
            if len(rest) in (0, len(entries)):
                continue
            for name, finding in findings_of(services, patient.document | {"entry": rest}).items():
                if finding.status is Status.ABSENT and before[name].status is Status.UNKNOWN:
                    named = {item.resource.partition("/")[0] for item in before[name].evidence}
                    assert kind in named, f"{patient.name}: {name} without {kind}"


def most_severe(services: Services, document: Any) -> int:
    cards = answer_bundle(services, document, VIEW).body["cards"]
    return max((RANKS.index(card["indicator"]) for card in cards), default=0)


def test_a_further_red_flag_never_lowers_the_loudest_card(services: Services, patients: list[Published]) -> None:
    raised = 0
    for patient in some_of(patients, 2):
        before = most_severe(services, patient.document)
        for code in RED_FLAGS:
            flag = {
                "resourceType": "Observation",
                "id": f"flag-{code}",
                "status": "final",
                "code": {"coding": [{"system": LOCAL, "code": code}]},
                "subject": {"reference": reference_to(patient)},
                "effectiveDateTime": "2026-11-24",
                "valueBoolean": True,
            }
            after = most_severe(services, with_more(patient, [{"resource": flag}]))
            assert after >= before, f"{patient.name}: {code}"
            raised += after > before
    assert raised > 20, "the red flags were not heard at all"


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def elements(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all elements inside a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from elements(inner, (*path, key))


@pytest.fixture(scope="module")
def spoilable(patients: list[Published]) -> list[tuple[Json, list[tuple[Any, ...]]]]:
    """Small real documents, with the places where something can be put."""
    small = [patient.document for patient in patients if len(patient.resources) < 60][:6]
    return [(document, list(elements(document))) for document in small]


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), junk=JUNK, hook=st.sampled_from(["patient-view", "order-select", "order-sign"]))
def test_anything_put_anywhere_into_a_real_chart_is_answered_and_never_with_500(
    app: Flask, spoilable: list[tuple[Json, list[tuple[Any, ...]]]], data: st.DataObject, junk: Any, hook: str
) -> None:
    document, paths = data.draw(st.sampled_from(spoilable))
    *way, last = data.draw(st.sampled_from(paths))
    spoilt = json.loads(json.dumps(document))
    place = spoilt
    for step in way:
        place = place[step]
    place[last] = junk
    reply = app.test_client().post(f"/evaluate?hook={hook}&now=2026-11-24T09:00:00Z", json=spoilt)
    assert reply.status_code in ANSWERED
