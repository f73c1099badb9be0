"""The pages as a browser shows them: nothing refused, nothing out of reach, on a phone, in the dark and on paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.served import DARK, LARGE, PAGES

Json = dict[str, Any]

pytestmark = pytest.mark.timeout(600)

# A page is read over a slow line too: so much it may weigh without what a script adds.
MOST_BYTES = 60_000


def over_all(seen: Json, wrong: Callable[[Json], Any]) -> Json:
    """The pages of which something is wrong, and what."""
    assert set(seen["pages"]) == set(PAGES)
    return {page: found for page, told in seen["pages"].items() if (found := wrong(told))}


def in_views(what: str) -> Callable[[Json], Json]:
    return lambda told: {view: found[what] for view, found in told["views"].items() if found.get(what)}


def test_pages_run_and_fetch_nothing_that_their_policy_forbids(seen: Json) -> None:
    assert over_all(seen, lambda told: told["complaints"]) == {}


def test_axe_finds_nothing_wrong_in_the_light_and_in_the_dark(seen: Json) -> None:
    assert over_all(seen, in_views("axe")) == {}
    judged = {page for page, told in seen["pages"].items() if "axe" in told["views"]["phone"]}
    assert judged == set(PAGES) - LARGE
    assert {page for page, told in seen["pages"].items() if "axe" in told["views"]["wide, dark"]} == DARK


def test_no_page_scrolls_sideways_or_cuts_words_off_at_any_width_or_at_twice_the_size(seen: Json) -> None:
    assert over_all(seen, in_views("sideways")) == {}
    assert over_all(seen, in_views("cut")) == {}


def test_pages_have_names_headings_and_landmarks_and_pictures_too(seen: Json) -> None:
    assert over_all(seen, lambda told: not told["heading"] or not told["title"].endswith("· sciatica-cds")) == {}
    assert over_all(seen, lambda told: told["landmarks"]) == {}
    assert over_all(seen, lambda told: told["unnamed"]) == {}


def test_every_table_says_what_it_is_and_has_heads(seen: Json) -> None:
    assert over_all(seen, lambda told: told["tables"]) == {}


def test_nothing_moves_for_who_wants_that_and_the_place_is_marked_without_colour(seen: Json) -> None:
    assert over_all(seen, lambda told: told["moving"]) == {}
    assert seen["pages"]["rules"]["here"] == seen["pages"]["docs"]["here"] == "solid"


def test_what_is_folded_on_the_screen_is_on_the_paper(seen: Json) -> None:
    assert over_all(seen, lambda told: told["views"]["print"]["folded"]) == {}


def test_pages_are_light_and_show_no_control_that_needs_a_script(seen: Json) -> None:
    plain = seen["plain"]
    assert {page: told["status"] for page, told in plain.items() if told["status"] != 200} == {}
    assert {page: told["bytes"] for page, told in plain.items() if told["bytes"] > MOST_BYTES} == {}
    assert {page: told["dead"] for page, told in plain.items() if told["dead"]} == {}


ENDS = {
    "finds the rules that rest on the eGFR": "NSAID with an eGFR of 30 to 59",
    "reads the source of a rule": "Avoid NSAIDs",
    "skips to the content": "#main",
    "sees what another eGFR would change": "with facts changed",
    "takes the suggestion of a card": "Accepted: Remove the NSAID order",
    "answers the questionnaire": "CRITICAL",
    "finds the way from a finding to a card": "Through",
    "reads what a card rested on, as an auditor": "Its row is as it was written",
}
"""What stands on the page when somebody with a keyboard alone is done."""


def test_a_keyboard_is_enough_also_without_scripts(seen: Json) -> None:
    failed = {}
    for name, told in seen["tasks"].items():
        end = ENDS[name.rpartition(", ")[0]]
        if told.get("failed") or told["complaints"] or end not in told["text"]:
            failed[name] = told
    assert failed == {}
    assert {name.rpartition(", ")[0] for name in seen["tasks"]} == set(ENDS)
    assert sum(name.endswith("without scripts") for name in seen["tasks"]) == 3
