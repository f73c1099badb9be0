"""The pages as a browser shows them: nothing refused, nothing out of reach, on a phone, in the dark and on paper."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.served import PAGES

Json = dict[str, Any]

pytestmark = pytest.mark.timeout(600)

VIEWS = ("phone", "wide, dark", "narrowest", "forced colours", "print")
# A page is read over a slow line too: so much it may weigh without what a script adds.
MOST_BYTES = 60_000


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_and_fetches_nothing_that_its_policy_forbids(seen: Json, page: str) -> None:
    assert seen["pages"][page]["complaints"] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_holds_nothing_that_axe_finds_wrong(seen: Json, page: str) -> None:
    views = seen["pages"][page]
    found = {name: view["axe"] for name, view in views.items() if name != "complaints" and view.get("axe")}
    assert found == {}
    assert views["phone"]["axe"] == [] == views["wide, dark"]["axe"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_never_scrolls_sideways(seen: Json, page: str) -> None:
    assert {view: seen["pages"][page][view]["sideways"] for view in VIEWS} == dict.fromkeys(VIEWS, 0)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_a_name_and_each_picture_too(seen: Json, page: str) -> None:
    told = seen["pages"][page]["phone"]
    assert told["heading"]
    assert told["title"].endswith("· sciatica-cds")
    assert told["unnamed"] == 0


@pytest.mark.parametrize("page", PAGES)
def test_what_is_folded_on_the_screen_is_on_the_paper(seen: Json, page: str) -> None:
    assert seen["pages"][page]["print"]["folded"] == 0


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_read_without_scripts(seen: Json, page: str) -> None:
    told = seen["withoutScripts"][page]
    assert told["status"] == 200
    assert told["text"] > 200
    assert told["dead"] == 0, "a control that needs a script is shown without one"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_light(seen: Json, page: str) -> None:
    assert seen["withoutScripts"][page]["bytes"] <= MOST_BYTES


@pytest.mark.parametrize("scripts", ["with", "without"])
@pytest.mark.parametrize(
    ("task", "end"),
    [
        ("finds the rules that rest on the eGFR", "NSAID with an eGFR of 30 to 59"),
        ("reads the source of a rule", "Avoid NSAIDs"),
        ("skips to the content", "#main"),
        ("sees what another eGFR would change", "with facts changed"),
        ("takes the suggestion of a card", "Accepted: Remove the NSAID order"),
        ("answers the questionnaire", "CRITICAL"),
        ("finds the way from a finding to a card", "Through"),
        ("reads what a card rested on, as an auditor", "Its row is as it was written"),
    ],
)
def test_a_keyboard_is_enough(seen: Json, task: str, end: str, scripts: str) -> None:
    told = seen["tasks"][f"{task}, {scripts} scripts"]
    assert told.get("failed") is None
    assert end in told["text"]
    assert told["complaints"] == []
