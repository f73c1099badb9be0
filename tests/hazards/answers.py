"""What is asked about the small charts of the hazards, and what of the answer is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask.testing import FlaskClient

from tests.hazards.charts import IBUPROFEN, Json, ordered, person, sciatica
from tests.http.calls import INSTANCE, searchset

NOW = "2026-11-24T09:00:00Z"


def ask(client: FlaskClient, resources: Sequence[Json], hook: str = "patient-view", complete: str = "") -> Json:
    """The whole answer about these resources."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": item} for item in resources]}
    answered = client.post(f"/evaluate?hook={hook}&now={NOW}&complete={complete}", json=bundle)
    assert answered.status_code == 200, answered.get_json()
    content: Json = answered.get_json()
    return content


def visiting(client: FlaskClient, *entries: Json) -> Json:
    """The answer at a visit of somebody with sciatica and these entries; every list came."""
    return ask(client, [person(), sciatica(), *entries], complete="all")


def signing(client: FlaskClient, *entries: Json) -> Json:
    """The answer about ibuprofen being signed for somebody with sciatica and these entries; every list came."""
    return ask(client, [person(), sciatica(), *entries, ordered(*IBUPROFEN)], "order-sign", complete="all")


def call(
    client: FlaskClient, hook: str, known: Sequence[Json] | None = None, lists: Json | None = None, **context: Any
) -> Any:
    """A hook call for somebody with sciatica, or these problems, whose list of orders is known to be empty."""
    problems = searchset(*(known if known is not None else [sciatica()]))
    prefetch: Json = {"patient": person(), "conditions": problems, "medications": searchset()}
    prefetch |= lists or {}
    body: Json = {"hook": hook, "hookInstance": INSTANCE, "prefetch": prefetch}
    body["context"] = {"userId": "Practitioner/1", "patientId": "p", **context}
    return client.post(f"/cds-services/sciatica-{hook}", json=body)


def speaking(answered: Json, indicator: str | None = None) -> set[str]:
    """The rules that speak, on cards of one indicator or on all."""
    return {
        rule["id"]
        for card in answered["cards"]
        if indicator in (None, card["indicator"])
        for rule in card.get("extension", {}).get("sciatica-cds.why", {}).get("rules", ())
        if "coveredBy" not in rule
    }


def status_of(answered: Json, finding: str) -> str:
    findings = answered["extension"]["sciatica-cds.decision"]["findings"]
    return next(str(item["status"]) for item in findings if item["name"] == finding)


def value_of(answered: Json, finding: str) -> float | None:
    findings = answered["extension"]["sciatica-cds.decision"]["findings"]
    value = next(item.get("value") for item in findings if item["name"] == finding)
    return None if value is None else float(value)


def suggested(answered: Json) -> list[Json]:
    """Every order that any suggestion would create."""
    return [
        action["resource"]
        for card in answered["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "create"
    ]


def drugs_suggested(answered: Json) -> set[str]:
    """The names of the drugs that any suggestion would create."""
    return {
        order["medicationCodeableConcept"]["coding"][0]["display"].lower().split()[0]
        for order in suggested(answered)
        if order["resourceType"] == "MedicationRequest"
    }


def details(answered: Json) -> str:
    return "\n".join(card["detail"] for card in answered["cards"])
