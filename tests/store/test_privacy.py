"""Marked values go through every field of a request; none of them is in the store, the spool or the log afterwards."""

from __future__ import annotations

import contextlib
import copy
import io
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service.decision_log.replay import Replayer
from service.review.audit_resources import audit_resources
from service.store.exports import exported_decisions, exported_feedback
from tests.conftest import PROJECT
from tests.http.calls import order_sign, patient_view
from tests.store.service import BEGINNING, reading_of, store_of, stored_decisions, storing_app

MARK = re.compile(r"CANARY\d+|canary\d+", re.IGNORECASE)
ORDER_SIGN, PATIENT_VIEW = "order-sign", "patient-view"


class Marks:
    """Numbered marked values, so that a leak says which field it came from."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._numbers = itertools.count(1000)

    def mark(self, where: str) -> str:
        value = f"CANARY{next(self._numbers)}"
        self.fields[value] = where
        return value


def rich(marks: Marks) -> list[dict[str, Any]]:
    """Resources that the rules do read, with a marked value wherever free text or an identifier may stand."""

    def concept(system: str, code: str, where: str) -> dict[str, Any]:
        coding = {"system": system, "code": code, "display": marks.mark(f"{where}.display")}
        return {"coding": [coding], "text": marks.mark(f"{where}.text")}

    patient = {
        "resourceType": "Patient",
        "id": marks.mark("Patient.id"),
        "identifier": [{"system": marks.mark("identifier.system"), "value": marks.mark("identifier.value")}],
        "name": [{"family": marks.mark("family"), "given": [marks.mark("given")], "text": marks.mark("name.text")}],
        "telecom": [{"system": "phone", "value": marks.mark("telecom")}],
        "address": [{"line": [marks.mark("address")], "city": marks.mark("city"), "postalCode": marks.mark("code")}],
        "gender": "female",
        "birthDate": "1971-02-03",
    }
    subject = {"reference": f"Patient/{patient['id']}", "display": marks.mark("subject.display")}
    note = [{"text": marks.mark("note")}]
    text = {"status": "generated", "div": f"<div>{marks.mark('narrative')}</div>"}
    shared = {"subject": subject, "note": note, "text": text}
    condition = {
        "resourceType": "Condition",
        "id": marks.mark("Condition.id"),
        "clinicalStatus": {"coding": [{"code": "active"}], "text": marks.mark("clinicalStatus")},
        "code": concept("http://hl7.org/fhir/sid/icd-10-cm", "M54.31", "Condition.code"),
        "onsetString": marks.mark("onsetString"),
        "recorder": {"reference": f"Practitioner/{marks.mark('recorder')}"},
        **shared,
    }
    drug = {
        "resourceType": "MedicationRequest",
        "id": marks.mark("MedicationRequest.id"),
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "11289", "medication"),
        "dosageInstruction": [{"text": marks.mark("dosage.text"), "patientInstruction": marks.mark("instruction")}],
        "authoredOn": "2026-08-01",
        **shared,
    }
    egfr = {
        "resourceType": "Observation",
        "id": marks.mark("Observation.id"),
        "status": "final",
        "code": concept("http://loinc.org", "33914-3", "Observation.code"),
        "valueQuantity": {"value": 72, "unit": marks.mark("unit"), "code": "mL/min/{1.73_m2}"},
        "effectiveDateTime": "2026-11-01",
        "performer": [{"display": marks.mark("performer")}],
        **shared,
    }
    return [patient, condition, drug, egfr]


def calls(marks: Marks) -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls with a marked value in every field that is free."""
    patient, condition, drug, egfr = rich(marks)
    order = copy.deepcopy(drug) | {"id": marks.mark("draft.id"), "status": "draft"}
    order["medicationCodeableConcept"]["coding"][0]["code"] = "5640"
    context = {
        "userId": f"Practitioner/{marks.mark('userId')}",
        "patientId": patient["id"],
        "encounterId": marks.mark("encounterId"),
    }
    about = {
        "hookInstance": marks.mark("hookInstance"),
        "extension": {marks.mark("extension.key"): marks.mark("extension")},
        marks.mark("unknown.key"): marks.mark("unknown"),
    }
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": condition}, {"resource": drug}]}
    broken = {
        "resourceType": marks.mark("resourceType"),
        "id": marks.mark("broken.id"),
        "subject": condition["subject"],
    }
    prefetch = {
        "patient": patient,
        "conditions": {"resourceType": "Bundle", "entry": [{"fullUrl": marks.mark("fullUrl"), "resource": condition}]},
        "medications": {
            "resourceType": "Bundle",
            "entry": [{"resource": drug}, {"resource": broken}, marks.mark("entry")],
        },
        "observations": {
            "resourceType": "Bundle",
            "entry": [{"resource": egfr}],
            "link": [{"url": marks.mark("link")}],
        },
        marks.mark("prefetch.key"): bundle,
    }
    view = patient_view(prefetch=prefetch, context=context, **about)
    yield PATIENT_VIEW, view
    sign = order_sign(order, **prefetch) | about
    sign["context"] |= context
    yield ORDER_SIGN, sign
    # Undated, of another patient, with an answer nobody can read: what makes the service remark on the record.
    odd = copy.deepcopy(egfr) | {"valueQuantity": {"value": marks.mark("value"), "unit": marks.mark("unit")}}
    odd["effectiveDateTime"] = marks.mark("date")
    foreign = copy.deepcopy(condition) | {"subject": {"reference": f"Patient/{marks.mark('foreign')}"}}
    failed = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": marks.mark("diagnostics")}]}
    other = prefetch | {
        "observations": {"resourceType": "Bundle", "entry": [{"resource": odd}]},
        "conditions": {"resourceType": "Bundle", "entry": [{"resource": foreign}, {"resource": condition}]},
        "medications": failed,
    }
    yield PATIENT_VIEW, patient_view(prefetch=other, context=context, **about)
    yield (
        ORDER_SIGN,
        {**order_sign(order, **other), "hookInstance": marks.mark("hookInstance")} | {"context": sign["context"]},
    )
    refused = patient_view(prefetch=prefetch, context={"userId": marks.mark("userId"), "patientId": 5}, **about)
    yield PATIENT_VIEW, refused


@dataclass(frozen=True)
class Said:
    """A service that was sent all marked values, what stood in its spool, and everything it logged."""

    app: Flask
    marks: Marks
    spool: str
    log: str


@pytest.fixture(scope="module", params=["tests/rules_valid", "rules"])
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Said:
    log, marks = io.StringIO(), Marks()
    # Rows are looked for in the spool before the thread of the store has drained them and cleared it.
    with contextlib.redirect_stderr(log), pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.store.store.GATHER_SECONDS", 3600.0)
        app = storing_app(tmp_path_factory.mktemp("data"), PROJECT / request.param, log_level="debug")
        send(app, marks)
        store = store_of(app)
        spool = text_below(store.options.spool)
        store.close()
    return Said(app, marks, spool, log.getvalue())


def send(app: Flask, marks: Marks) -> None:
    client = app.test_client()
    offered = {one["hook"]: one["id"] for one in client.get("/cds-services").get_json()["services"]}
    statuses = []
    for hook, body in calls(marks):
        service = offered[hook]
        headers = {"Authorization": f"Bearer {marks.mark('token')}", "X-Forwarded-For": marks.mark("header")}
        path = f"/cds-services/{service}?q={marks.mark('query')}"
        statuses.append(client.post(path, json=body, headers=headers).status_code)
    assert statuses == [200, 200, 200, 200, 400]
    items = [
        {
            "card": marks.mark("feedback.card"),
            "outcome": "overridden",
            "outcomeTimestamp": "2026-11-24T10:05:31Z",
            "overrideReason": {
                "reason": {
                    "code": marks.mark("reason.code"),
                    "system": marks.mark("reason.system"),
                    "display": marks.mark("reason.display"),
                },
                "userComment": marks.mark("comment"),
            },
        },
        {
            "card": marks.mark("feedback.card"),
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": marks.mark("suggestion")}],
            "outcomeTimestamp": "2026-11-24T10:05:31Z",
        },
    ]
    assert client.post(f"/cds-services/{offered[ORDER_SIGN]}/feedback", json={"feedback": items}).status_code == 200


def text_below(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "".join(path.read_bytes().decode(errors="replace") for path in files)


def leaks(said: Said, text: str) -> list[str]:
    found = sorted(set(MARK.findall(text)))
    return [f"{value} ({said.marks.fields.get(value.upper(), '?')})" for value in found]


def test_no_marked_value_is_in_the_spool(said: Said) -> None:
    assert '"findings":' in said.spool
    assert leaks(said, said.spool) == []


def test_no_marked_value_is_in_the_store(said: Said) -> None:
    assert len(stored_decisions(said.app)) == 4
    assert leaks(said, text_below(store_of(said.app).database.file.parent)) == []


def test_no_marked_value_is_in_the_log(said: Said) -> None:
    assert '"event":"answered"' in said.log
    assert leaks(said, said.log) == []


def test_no_marked_value_is_in_an_export(said: Said) -> None:
    reading = reading_of(said.app)
    lines = [*exported_decisions(reading, BEGINNING), *exported_feedback(store_of(said.app).database, BEGINNING)]
    for stored in stored_decisions(said.app):
        lines += audit_resources(stored, reading.rule_set(stored.body["ruleset"]))
    assert len(lines) >= 10
    assert leaks(said, json.dumps(lines)) == []


def test_what_was_masked_is_still_decided_again_to_the_byte(said: Said) -> None:
    replayer = Replayer(reading_of(said.app))
    assert [replayer.replay(stored).differences for stored in stored_decisions(said.app)] == [()] * 4


def test_the_date_of_birth_is_not_kept(said: Said) -> None:
    assert "1971-02-03" not in json.dumps([stored.body for stored in stored_decisions(said.app)])
