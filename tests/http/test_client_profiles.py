"""Client profiles: every golden answer as each client can take it, and calls in the shape that vendors send."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from service.cards.client_profiles import DEFAULT, Profile, adapted, profile, profile_names, recognised, settings_of
from tests.conftest import PROJECT
from tests.http.calls import searchset

Json = dict[str, Any]
STORIES = sorted((PROJECT / "fhir_examples").glob("*/expected.json"))
# What no profile touches.
MEMBERS = ("summary", "indicator", "uuid", "source")
each_profile = pytest.mark.parametrize("name", profile_names())


def golden_cards() -> Iterator[Json]:
    """The cards of all stories; golden files leave the ids of suggestions out, so they get some."""
    for story in STORIES:
        for card in json.loads(story.read_text(encoding="utf-8"))["cards"]:
            for number, suggestion in enumerate(card.get("suggestions", [])):
                suggestion.setdefault("uuid", str(uuid.uuid5(uuid.NAMESPACE_URL, f"{story} {number}")))
            yield card


def told_by(card: Json) -> str:
    return card["summary"] + card.get("detail", "")


@each_profile
def test_every_line_of_a_profile_is_a_setting_with_its_source(name: str) -> None:
    known = set(Profile.__slots__) - {"name"}
    result = settings_of(name)
    assert set(result) - known == set()
    assert name != DEFAULT or set(result) == known
    for setting in result.values():
        assert set(setting) == {"value", "source"}
        assert len(setting["source"]) > 20


@each_profile
def test_every_golden_answer_is_one_that_the_client_takes(name: str) -> None:
    to = profile(name)
    cards = list(golden_cards())
    shown = adapted(cards, to)
    assert len(shown) == len(cards), "a profile takes no card away"
    for before, card in zip(cards, shown, strict=True):
        assert [card.get(one) for one in MEMBERS] == [before.get(one) for one in MEMBERS]
        assert re.fullmatch(r"[A-Za-z0-9]{1,100}", card["source"]["topic"]["code"]), card["source"]["topic"]
        uuids = [suggestion["uuid"] for suggestion in card.get("suggestions", [])]
        assert len(uuids) == len(set(uuids))
        if card.get("suggestions") and to.selection_behavior != "as made":
            assert card["selectionBehavior"] == to.selection_behavior
        for suggestion in card.get("suggestions", []):
            assert to.suggestions
            assert not to.actions_per_suggestion or len(suggestion["actions"]) <= to.actions_per_suggestion
            for action in suggestion["actions"]:
                if action["type"] == "delete":
                    assert isinstance(action[to.delete_member], str)
                else:
                    kind = action["resource"]["resourceType"]
                    assert "*" in to.created_types or kind in to.created_types
                assert action["description"]
        assert to.override_reasons or "overrideReasons" not in card
        assert to.why or "extension" not in card


def actions_of(card: Json) -> Iterator[Json]:
    for suggestion in card.get("suggestions", []):
        yield from suggestion["actions"]


@each_profile
def test_every_part_of_a_golden_answer_is_in_the_shape_that_the_client_shows(name: str) -> None:
    to = profile(name)
    for card in adapted(golden_cards(), to):
        assert card["indicator"] in {"info", "warning", "critical"}
        assert not re.search(r"</?[a-zA-Z][^>]*>", card.get("detail", "")), "GitHub Flavored Markdown without HTML"
        assert not to.detail_characters or len(card.get("detail", "")) <= to.detail_characters
        for link in card.get("links", []):
            address = urlsplit(link["url"])
            assert address.scheme == "https", "absolute"
            assert "*" in to.link_hosts or address.hostname in to.link_hosts
            assert link["type"] == "absolute" or "appContext" not in link
        for reason in card.get("overrideReasons", []):
            assert reason["code"]
            assert reason["display"]
        for suggestion in card.get("suggestions", []):
            assert suggestion["label"].strip()
            assert isinstance(suggestion.get("isRecommended", True), bool)
        for action in actions_of(card):
            if action["type"] == "update":
                assert "*" in to.updated_types or action["resource"]["resourceType"] in to.updated_types
            if action["type"] == "delete":
                kind, _, id_ = action[to.delete_member].partition("/")
                assert kind in {"MedicationRequest", "ServiceRequest", "DeviceRequest", "NutritionOrder"}
                assert re.fullmatch(r"[A-Za-z0-9._\-]{1,512}", id_)


def test_epic_finds_the_drug_or_the_diagnosis_of_everything_that_it_is_to_create() -> None:
    told = {"MedicationRequest": "medicationCodeableConcept", "Condition": "code"}
    systems = set(profile("epic").code_systems.values())
    for card in adapted(golden_cards(), profile("epic")):
        for action in actions_of(card):
            if action["type"] == "create":
                resource = action["resource"]
                codings = resource[told[resource["resourceType"]]]["coding"]
                assert systems & {coding["system"] for coding in codings}, "else Epic does not know what to open"
                assert resource["resourceType"] == "Condition" or resource["status"] == "draft"


@each_profile
def test_what_the_client_cannot_carry_out_stands_in_the_text_of_the_card(name: str) -> None:
    to = profile(name)
    for before in golden_cards():
        (card,) = adapted([before], to)
        stored = json.dumps(card.get("suggestions", []))
        for suggestion in before.get("suggestions", []):
            for action in suggestion["actions"]:
                words = action["description"].removeprefix("Draft order: ").rstrip(".")
                assert words in stored or words in told_by(card), (name, words)


def test_the_default_changes_nothing() -> None:
    cards = list(golden_cards())
    assert adapted(cards, profile(DEFAULT)) == cards


def test_a_drug_that_opens_with_the_defaults_of_the_site_says_what_is_meant() -> None:
    created = [
        action
        for card in adapted(golden_cards(), profile("epic"))
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
        if action["type"] == "create"
    ]
    assert created
    for action in created:
        assert "check dose, quantity and stop date" in action["description"]
        assert "Meant: " in action["description"]
        assert "urn:oid:2.16.840.1.113883.6.88" in json.dumps(action["resource"])


# Calls in the shape of the vendors: invented, nobody's record.

LONG = ("eAb1.Cd2-Ef3g3-" * 15)[:213]
PATIENT = "eAb1.Cd2-Ef3g3"
EPIC_KEYS = {
    "com.epic.cdshooks.request.bpa-trigger-action": "23",
    "com.epic.cdshooks.request.cds-hooks-specification-version": "1.1",
    "com.epic.cdshooks.request.fhir-version": "R4",
}
SCIATICA = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "23056005", "display": "Sciatica"}]},
    "subject": {"reference": f"Patient/{PATIENT}"},
}
WARFARIN = {
    "resourceType": "MedicationRequest",
    "id": "w1",
    "status": "active",
    "intent": "order",
    "subject": {"reference": f"Patient/{PATIENT}"},
    "medicationCodeableConcept": {"text": "warfarin 5 mg tablet"},
}
IBUPROFEN = {
    "resourceType": "Medication",
    "id": "m1",
    "code": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640"}],
        "text": "IBUPROFEN",
    },
}


def epic_call(**order: Any) -> Json:
    draft = {
        "resourceType": "MedicationRequest",
        "id": LONG,
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "medicationReference": {"reference": "Medication/m1", "display": "IBUPROFEN 800 MG PO TABS"},
        **order,
    }
    return {
        "hook": "order-sign",
        "hookInstance": "2128f180-452c-11ef-83bc-450207e71723",
        "context": {
            "userId": "PractitionerRole/e7",
            "patientId": PATIENT,
            "draftOrders": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": draft}, {"resource": IBUPROFEN}],
            },
        },
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": PATIENT, "gender": "male", "birthDate": "1970-01-01"},
            "conditions": searchset(SCIATICA),
            "medications": searchset(WARFARIN),
        },
        "extension": EPIC_KEYS,
    }


@pytest.fixture(scope="module")
def cards_for_epic(app: Any) -> list[Json]:
    answer = app.test_client().post("/cds-services/sciatica-order-sign", json=epic_call())
    assert answer.status_code == 200, answer.get_data(as_text=True)
    cards: list[Json] = answer.get_json()["cards"]
    return cards


def test_epic_is_recognised_by_its_extension_and_answered_in_its_shape(cards_for_epic: list[Json]) -> None:
    assert recognised(epic_call()) == "epic"
    (first, *_) = cards_for_epic
    assert first["indicator"] == "critical"
    for card in cards_for_epic:
        assert re.fullmatch(r"[A-Za-z0-9]{1,100}", card["source"]["topic"]["code"])
        for suggestion in card.get("suggestions", []):
            assert card["selectionBehavior"] == "any"
            assert len(suggestion["actions"]) == 1


def test_an_unsigned_order_of_epic_can_be_removed_whatever_the_length_of_its_id(cards_for_epic: list[Json]) -> None:
    deletes = [
        action["resourceId"]
        for card in cards_for_epic
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
        if action["type"] == "delete"
    ]
    assert deletes
    assert set(deletes) == {f"MedicationRequest/{LONG}"}


def test_without_its_medication_entry_the_drug_is_recognised_by_its_words(client: FlaskClient) -> None:
    call = epic_call()
    call["context"]["draftOrders"]["entry"].pop()
    cards = client.post("/cds-services/sciatica-order-sign", json=call).get_json()["cards"]
    assert cards[0]["indicator"] == "critical"


def test_what_no_request_shows_is_answered_as_the_specification_has_it(client: FlaskClient) -> None:
    call = epic_call()
    del call["extension"]
    cards = client.post("/cds-services/sciatica-order-sign", json=call).get_json()["cards"]
    assert {card["selectionBehavior"] for card in cards if "suggestions" in card} <= {"at-most-one", "any"}
    assert recognised(call) == DEFAULT
    for odd in (None, [], {"extension": None}, {"extension": []}, {"extension": {7: 1}}, "x"):
        assert recognised(odd) == DEFAULT


def test_an_issuer_may_name_its_profile_and_only_one_that_there_is(tmp_path: Path) -> None:
    from service.security.issuers import IssuersError, read_issuers

    def issuers(name: str) -> Path:
        file = tmp_path / "issuers.json"
        entry = {"iss": "https://ehr.example", "jku": ["https://ehr.example/keys"], "profile": name}
        file.write_text(json.dumps({"issuers": [entry]}))
        return file

    assert read_issuers(issuers("oracle"), profiles=profile_names())["https://ehr.example"].profile == "oracle"
    with pytest.raises(IssuersError, match=r"profile.*known: default, epic, hooks-1.0, oracle, sandbox"):
        read_issuers(issuers("canary"), profiles=profile_names())
