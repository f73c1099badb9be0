"""Rare patterns: a look for the letters they need changes nothing of what is found."""

from __future__ import annotations

import random
import re

import pytest

from service.knowledge.model import Knowledge
from service.record.medication.routes import route_of_words
from service.record.values.caseless import Caseless
from service.record.values.negation import GUARDS
from service.record.values.pattern_literals import literals_of
from service.record.values.rare import Rare, SeveralRare
from tests.thoroughness import some_of

TEXTS = (
    "No fever, denies saddle numbness; mother has cancer? Old fracture, resolved",
    "Verdacht auf Bandscheibe, Z.n. Sturz",
    "NON-smoker (-) w/o pain",
    "\u0130schias \u017fince; R\u00dcCKEN",
    "",
)


def test_a_rare_pattern_finds_what_the_same_pattern_finds_elsewhere(knowledge: Knowledge) -> None:
    patterns = [text for one in knowledge.value_sets.values() for text in (*one.patterns, *one.unless)]
    shown = [code.display for one in knowledge.value_sets.values() for code in one.codes if code.display]
    chance = random.Random(2)
    found = 0
    for pattern in (*(guard.pattern for guard in GUARDS), *some_of(patterns, 8)):
        rare, plainly = Rare(pattern), Caseless(pattern)
        needed = " ".join(chance.choices(literals_of(pattern) or ("ache",), k=4))
        for text in (*TEXTS, needed, *chance.sample(shown, 20)):
            assert rare.spans(text) == plainly.spans(text), (pattern, text)
            assert (rare.search(text) is None) is (plainly.search(text) is None)
            spans = [one.span() for one in plainly.finditer(text, 3, len(text) - 2)]
            assert [one.span() for one in rare.finditer(text, 3, len(text) - 2)] == spans, (pattern, text)
            found += len(spans)
    assert found > 30


@pytest.mark.parametrize("text", ["a, b and  C", "abc", " sand ", "", "x\ny"])
def test_the_parts_of_a_text_are_those_between_its_matches(text: str) -> None:
    pattern = r"\s*(?:[,;\n]|\band\b)\s*"
    assert Rare(pattern).apart(text) == re.split(pattern, text, flags=re.IGNORECASE)


def test_of_several_patterns_those_are_named_that_match_in_their_order() -> None:
    several = SeveralRare([r"\beyes?\b", r"\bnos(?:e|al)\b", r"\w+gel\b", r"\d"])
    assert list(several.found_in("A gel for the NOSE, an emulgel for 2 Eyes")) == [0, 1, 2, 3]
    assert list(several.found_in("eyelid, nosegay")) == []


def test_the_part_of_the_body_tells_the_route_before_the_form_does() -> None:
    assert route_of_words("oral drops for the eye") == "ophthalmic"
    assert route_of_words("\u00d6l zum Einnehmen") is None
