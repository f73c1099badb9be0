"""Every card of the shipped rules, on the stories and on published records, obeys the protocol (chapters 9 to 14)."""

from __future__ import annotations

import gzip
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from service.cli.stories import answered, example_services, read_stories
from tests.unit.cards.test_cards import empties

# What a delete names: FHIR ids end at 64 characters, the ids of Epic's drafts are longer and hold an underscore.
RELATIVE = re.compile(r"[A-Za-z]+/[A-Za-z0-9._-]{1,512}")
HTML = re.compile(r"<[A-Za-z/!][^>]*>")
HOOKS = ["patient-view", "order-sign", "order-select", "encounter-discharge"]


def on_published_records(client: FlaskClient, test_data: Path) -> Iterator[dict[str, Any]]:
    file = test_data / "fhir" / "patients-r4-backpain.ndjson.gz"
    for line in gzip.decompress(file.read_bytes()).splitlines():
        for hook in HOOKS:
            answer = client.post(f"/evaluate?hook={hook}", data=line, content_type="application/json")
            assert answer.status_code == 200
            yield answer.json
    for path in sorted((test_data / "fhir/hooks/request").glob("*.json")):
        body = path.read_bytes()
        try:
            hook = json.loads(body).get("hook")
        except ValueError:
            continue
        answer = client.post(f"/cds-services/sciatica-{hook}", data=body, content_type="application/json")
        if answer.status_code == 200:
            yield answer.json


def on_stories() -> Iterator[dict[str, Any]]:
    services = example_services()
    return (answered(services, story).body for story in read_stories())


@pytest.fixture(
    scope="module", params=["stories", pytest.param("published", marks=[pytest.mark.corpus, pytest.mark.slow])]
)
def answers(request: pytest.FixtureRequest, app: Any) -> list[dict[str, Any]]:
    if request.param == "stories":
        return list(on_stories())
    return list(on_published_records(app.test_client(), request.getfixturevalue("test_data")))


@pytest.fixture
def cards(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [card for answer in answers for card in answer["cards"]]
    assert len(found) > 20, "too few cards to say anything"
    return found


@pytest.mark.requirement("CA-1")
def test_ca_1_the_summary_is_one_short_line(cards: list[dict[str, Any]]) -> None:
    for card in cards:
        assert 0 < len(card["summary"].encode("utf-16-le")) // 2 <= 139
        assert "\n" not in card["summary"]


@pytest.mark.requirement("CA-2", "CA-3", "SO-1", "SO-2", "SO-3", "SO-4")
def test_ca_2_ca_3_so_1_to_so_4_indicator_and_source_are_whole(cards: list[dict[str, Any]]) -> None:
    for card in cards:
        assert card["indicator"] in {"info", "warning", "critical"}
        assert card["source"]["label"]
        assert set(card["source"]["topic"]) == {"code", "system", "display"}
        if "url" in card["source"]:
            assert urlsplit(card["source"]["url"]).scheme == "https"


@pytest.mark.requirement("CA-4")
def test_ca_4_no_detail_holds_html(cards: list[dict[str, Any]]) -> None:
    assert [match for card in cards for match in HTML.findall(card["detail"])] == []


@pytest.mark.requirement("CA-5", "CA-6")
def test_ca_5_ca_6_selection_behaviour_comes_with_suggestions_and_only_then(cards: list[dict[str, Any]]) -> None:
    for card in cards:
        assert ("selectionBehavior" in card) is ("suggestions" in card)
        assert card.get("selectionBehavior", "any") in {"any", "at-most-one"}


@pytest.mark.requirement("CA-7")
def test_ca_7_every_card_has_a_uuid(cards: list[dict[str, Any]]) -> None:
    for card in cards:
        assert str(UUID(card["uuid"])) == card["uuid"]


@pytest.mark.requirement("SU-1", "SU-2")
def test_su_1_su_2_labels_are_short_and_unique_and_one_at_most_is_recommended(cards: list[dict[str, Any]]) -> None:
    for card in cards:
        labels = [suggestion["label"] for suggestion in card.get("suggestions", [])]
        assert len(set(labels)) == len(labels)
        assert all(0 < len(label) <= 60 for label in labels)
        recommended = [suggestion for suggestion in card.get("suggestions", []) if suggestion.get("isRecommended")]
        assert len(recommended) <= 1 or card["selectionBehavior"] == "any"


@pytest.mark.requirement("AC-1", "AC-2", "AC-3", "AC-4", "AC-5", "AC-6")
def test_ac_1_to_ac_6_actions_are_whole_and_drafts_are_valid_r4(cards: list[dict[str, Any]]) -> None:
    actions = [a for card in cards for suggestion in card.get("suggestions", []) for a in suggestion["actions"]]
    for action in actions:
        assert action["description"]
        if action["type"] == "delete":
            assert RELATIVE.fullmatch(action["resourceId"])
            assert "resource" not in action
            continue
        draft = action["resource"]
        assert action["type"] in {"create", "update"}
        assert ("id" in draft) is (action["type"] == "update")
        assert "resourceId" not in action
        assert draft["status"] == "draft"
        module = importlib.import_module(f"fhir.resources.R4B.{draft['resourceType'].lower()}")
        getattr(module, draft["resourceType"]).model_validate(draft)


@pytest.mark.requirement("OR-4")
def test_or_4_override_reasons_only_where_the_card_is_loud(cards: list[dict[str, Any]]) -> None:
    for card in cards:
        if "overrideReasons" in card:
            assert card["indicator"] != "info"
            assert 3 <= len(card["overrideReasons"]) <= 6


@pytest.mark.requirement("LI-1", "LI-3")
def test_li_1_li_3_links_are_https_and_absolute(cards: list[dict[str, Any]]) -> None:
    for link in [link for card in cards for link in card.get("links", [])]:
        assert set(link) == {"label", "url", "type"}
        assert urlsplit(link["url"]).scheme == "https"


@pytest.mark.requirement("TR-3", "TR-4")
def test_tr_3_tr_4_no_member_is_empty(cards: list[dict[str, Any]]) -> None:
    assert empties(cards) == []


def test_every_card_says_that_its_absence_is_no_clearance(cards: list[dict[str, Any]], knowledge: Any) -> None:
    assert all(knowledge.not_clearance in card["detail"] for card in cards)


@pytest.mark.requirement("RS-3")
def test_rs_3_loud_cards_come_first_and_there_are_at_most_six(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        ranks = [["critical", "warning", "info"].index(card["indicator"]) for card in answer["cards"]]
        assert ranks == sorted(ranks)
        assert len(ranks) <= 6
