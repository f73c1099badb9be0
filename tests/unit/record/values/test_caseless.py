"""Patterns without regard to case: tried in lower case where that finds the same, which is quicker."""

from __future__ import annotations

import random
import re

import pytest

from service.knowledge.model import Knowledge
from service.record.values.caseless import Caseless
from service.record.values.negation import GUARDS
from service.record.values.pattern_literals import literals_of
from tests.thoroughness import some_of


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\bsciatica\b", "Left SCIATICA, acute"),
        (r"(?-i:\bMI\b)", "mi casa"),
        (r"(?-i:\bMI\b)", "old MI"),
        (r"\b[CTL]\d\b", "Fracture of l4"),
        (r"\bsi\b", "\u017fi"),
        (r"\bk\b", "\u212a"),
        (r"stra\u00dfe", "STRASSE"),
        (r"\x53hock", "shock"),
        (r"[^\W\d_]+", "L5/S1 root"),
    ],
)
def test_a_pattern_finds_what_re_finds(pattern: str, text: str) -> None:
    assert Caseless(pattern).spans(text) == tuple(found.span() for found in re.finditer(pattern, text, re.IGNORECASE))


def test_the_patterns_of_the_rules_and_the_guards_find_what_re_finds(knowledge: Knowledge) -> None:
    chance = random.Random(5)
    patterns = [text for one in knowledge.value_sets.values() for text in (*one.patterns, *one.unless)]
    found = 0
    for pattern in (*some_of(patterns, 4), *(guard.pattern for guard in GUARDS)):
        caseless, plainly = Caseless(pattern), re.compile(pattern, re.IGNORECASE)
        for words in chance.choices(literals_of(pattern) or ("K+",), k=3):
            for text in (words, words.upper(), f"({words.title()}) Ausschlu\u00df", f"Z.n. {words.upper()} \u212a"):
                spans = tuple(one.span() for one in plainly.finditer(text))
                assert caseless.spans(text) == spans, (pattern, text)
                found += len(spans)
    assert found > 300
