"""Letters that a text must contain: a saving that changes no answer."""

from __future__ import annotations

import random
import re

import pytest

from service.knowledge.model import Knowledge
from service.record.values.pattern_literals import LiteralIndex, literals_of, loosely


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        (r"\bsciatica\b", ("sciatica",)),
        (r"\b(ct|cat scan)\b.{0,40}lumb(ar|osacral)", ("lumbar", "lumbosacral")),
        (r"colou?r blind", ("color blind", "colour blind")),
        (r"\bmri?\b", ("mr", "mri")),
        (r"\w+", None),
        (r"(abc|\d+)", None),
        (r"(?!no )pain", ("pain",)),
        (r"(?:abc)+", ("abc",)),
        (r"\b[tl][1-3]{1,2}\b", ("l1", "l2", "l3", "t1", "t2", "t3")),
        (r"\bno\s+\d{2}", ("no",)),
        (r"pain\s*\?", ("pain",)),
        (r"a\s*\?", ("?",)),
        (r"(?:abc)*", None),
    ],
)
def test_what_a_text_must_contain(pattern: str, literals: tuple[str, ...] | None) -> None:
    assert literals_of(pattern) == literals


def test_no_pattern_of_the_rules_loses_a_match(knowledge: Knowledge) -> None:
    patterns = [text for one in knowledge.value_sets.values() for text in one.patterns]
    shown = [code.display for one in knowledge.value_sets.values() for code in one.codes if code.display]
    words = sorted({word for text in shown for word in text.split()})
    chance = random.Random(3)
    texts = [*chance.sample(shown, 400), *(" ".join(chance.choices(words, k=6)) for _ in range(400))]
    texts += [text.upper() for text in texts[:50]] + ["\u017fciatica", "\u0130schias", "fractured t\u0661"]
    tried = saved = 0
    for pattern in patterns:
        compiled, literals = re.compile(pattern, re.IGNORECASE), literals_of(pattern)
        for text in chance.sample(texts, 120):
            may_match = literals is None or any(one in loosely(text) for one in literals)
            assert may_match or not compiled.search(text), (pattern, text)
            tried += 1
            saved += not may_match
    assert saved > 0.9 * tried


def test_the_index_names_the_patterns_whose_letters_a_text_holds_and_those_that_need_none() -> None:
    index = LiteralIndex([("sciatica",), None, ("ct", "scan"), ("spine", "spinal")])
    assert index.indexes("SCIATICA after a spinal tap") == [0, 1, 3]
    assert index.indexes("CT") == [1, 2]
    assert index.indexes("") == [1]


def test_a_literal_that_runs_over_a_word_or_begins_inside_one_is_found() -> None:
    index = LiteralIndex([("c-spine",), ("low back",), ("ache",), ("--",)])
    assert index.indexes("C-Spine film") == [0]
    assert index.indexes("back, low; backache") == [2]
    assert index.indexes("xyzzyache of the low back") == [1, 2]
    assert index.indexes("pain -- none") == [3]
