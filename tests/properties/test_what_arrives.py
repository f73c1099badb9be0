"""What could not be read is named or refused: no card disappears without a word, no finding becomes absent."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.cards import cards
from service.protocol.evaluation import Services
from service.record.input import reader
from service.record.releases.fhir_classes import Release
from service.record.releases.reading import normalise
from tests.properties import fuzz
from tests.properties.changes import HARMLESS, LAWS, elements, is_loss, result, some, spoilt
from tests.properties.charts import Call, Said, ask, published_calls, story_calls
from tests.properties.law import breaks, turned_absent
from tests.properties.small_rules import part_of_the_rules
from tests.shipped import shipped_services

pytestmark = pytest.mark.timeout(300)
Told = list[tuple[Call, Said]]
PARTS = 8
"""Into how many tests the fuzz is cut, so that workers share them. Each has other rules."""
PER_STORY = 10
"""How many spoilt elements of each story are tried here; ``make fuzz`` tries all."""


@pytest.fixture(scope="module")
def services() -> Services:
    return shipped_services()


@pytest.fixture(scope="module")
def stories(services: Services) -> Told:
    return [(call, ask(services, call, call.body)) for call in story_calls(services)]


def test_every_story_is_answered_as_a_call_and_some_are_loud(stories: Told) -> None:
    assert not [call.name for call, said in stories if said.refused]
    assert sum(bool(said.critical) for _, said in stories) > 15


@pytest.mark.corpus
def test_the_laws_hold_for_published_patients_too(services: Services, test_data: Path) -> None:
    assert test_data
    broken = {}
    for call in published_calls(services):
        before = ask(services, call, call.body)
        for change, law in LAWS.items():
            if fault := breaks(before, ask(services, call, law(call.body))):
                broken[f"{call.name}: {change}"] = fault
    assert not broken


@pytest.mark.parametrize("change", list(LAWS))
def test_under_no_change_of_a_whole_call_a_card_disappears_without_a_word(
    services: Services, stories: Told, change: str
) -> None:
    broken = {}
    for call, before in random.Random(change).sample(stories, len(stories) // 3):
        after = ask(services, call, LAWS[change](call.body))
        if fault := breaks(before, after):
            broken[call.name] = fault
        elif change in HARMLESS and after.critical - before.critical:
            broken[call.name] = f"adds {sorted(after.critical - before.critical)}"
    assert not broken


def test_no_spoilt_element_makes_a_card_disappear_without_a_word(services: Services, stories: Told) -> None:
    broken = Counter[str]()
    for call, before in stories:
        paths = [path for path in elements(call.body) if len(path) > 1]
        for path, spoil in some(paths, PER_STORY, call.name):
            if is_loss(path, spoil):
                continue
            after = ask(services, call, spoilt(call.body, path, spoil))
            fault = breaks(before, after)
            if fault or (not after.refused and before.severe - after.severe and turned_absent(before, after)):
                broken[f"{call.name}: {result(path, spoil)}: {fault or turned_absent(before, after)}"] += 1
    assert not broken


def test_no_list_that_is_not_sent_makes_a_card_disappear_without_a_word(services: Services, stories: Told) -> None:
    broken, lost = {}, 0
    for call, before in stories:
        sent = call.body.get("prefetch", {})
        for key in [key for key, content in sent.items() if content and content.get("total") != 0]:
            rest = {name: content for name, content in sent.items() if name != key}
            after = ask(services, call, {**call.body, "prefetch": rest})
            lost += bool(before.severe - after.severe)
            if fault := breaks(before, after):
                broken[f"{call.name} without {key}"] = fault
    assert not broken
    assert lost > 20, "hardly a card hung on a list, so that nothing was tried"


def test_a_seeded_fuzz_of_calls_crashes_nothing_and_silences_nothing(services: Services) -> None:
    report = fuzz.run(services, calls=400, seed=7)
    assert report.faults == []
    assert report.answered > 200, "nearly everything was refused, so that nothing was tried"


@pytest.mark.parametrize("part", range(PARTS))
def test_twenty_thousand_calls_under_parts_of_the_rules_crash_nothing_and_silence_nothing(part: int) -> None:
    report = fuzz.run(part_of_the_rules(part, 3 * PARTS), calls=20_000 // PARTS, seed=part, whole=0)
    assert report.faults == []
    assert report.answered > 10_000 // PARTS


def test_the_fuzz_finds_an_answer_that_says_nothing_of_what_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "with_not_assessed", lambda answered, *_: list(answered))
    report = fuzz.run(part_of_the_rules(7, 24), calls=600, seed=5, whole=0)
    assert any("silent" in fault or "without a word" in fault for fault in report.faults)


def test_the_fuzz_finds_a_crash_at_one_odd_element(monkeypatch: pytest.MonkeyPatch) -> None:
    def hashes_a_raw_value(resource: Mapping[str, Any]) -> tuple[Mapping[str, Any], Release | None]:
        assert isinstance(hash(resource.get("status")), int)
        return normalise(resource)

    monkeypatch.setattr(reader, "normalise", hashes_a_raw_value)
    report = fuzz.run(part_of_the_rules(4, 24), calls=300, seed=1)
    assert any("TypeError" in fault for fault in report.faults)
