"""Letters that a text must contain: a saving that changes no answer."""

from __future__ import annotations

import random
import re

import pytest

from service.knowledge.model import Knowledge
from service.record.values.negation import GUARDS
from service.record.values.pattern_literals import LiteralIndex, first_letters_of, literals_of, spaced, within


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        (r"\bsciatica\b", (" sciatica ",)),
        (r"sciatica", ("sciatica",)),
        (r"\b(ct|cat scan)\b.{0,40}lumb(ar|osacral)", ("lumbar", "lumbosacral")),
        (r"colou?r[- ]blind", ("color blind", "colour blind")),
        (r"(?<![^\W_])mri?(?!\w)", (" mr ", " mri ")),
        (r"\w+", None),
        (r"(abc|\d+)", None),
        (r"(?!no )pain", ("pain",)),
        (r"(?:abc)+", ("abc",)),
        (r"\b[tl][1-3]{1,2}\b", (" l1", " l2", " l3", " t1", " t2", " t3")),
        (r"\bno\s+\d{2}", (" no ",)),
        (r"low\s+back", (" back",)),
        (r"pain\s*\?", ("pain",)),
        (r"\s*\?", ("?",)),
        (r"\bc-spine\b", (" c spine ",)),
        (r"^k\+?$", (" k ",)),
        (r"\B-x\b", (" x ",)),
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
    texts += [text.replace(" ", chance.choice("-_/,\n\u2013\u0307")) for text in texts[:400]]
    tried = saved = 0
    for pattern in patterns:
        compiled, literals = re.compile(pattern, re.IGNORECASE), literals_of(pattern)
        for text in chance.sample(texts, 120):
            may_match = literals is None or any(one in spaced(text) for one in literals)
            assert may_match or not compiled.search(text), (pattern, text)
            tried += 1
            saved += not may_match
    assert saved > 0.9 * tried


def test_a_pattern_tried_on_a_part_of_a_text_may_end_where_the_part_does() -> None:
    assert within(literals_of(r"\bno\b|\bnever\b")) == (" never", " no")
    assert within(None) is None


def test_no_guard_is_lost_on_the_part_of_a_text_before_a_match_within_a_word() -> None:
    index = LiteralIndex([within(literals_of(guard.pattern)) for guard in GUARDS])
    chance = random.Random(7)
    words = [one.strip() for guard in GUARDS for one in literals_of(guard.pattern) or () if one.strip()]
    found = 0
    for _ in range(2000):
        text = "".join(f"{word}{chance.choice(['', ' ', ', ', '-', ': '])}" for word in chance.choices(words, k=4))
        cut = chance.randrange(len(text))
        may_match = index.indexes(text)
        for number, guard in enumerate(GUARDS):
            if guard.search(text[:cut]) or (not text[cut].isalnum() and guard.search(text[cut:])):
                assert number in may_match, (guard.pattern[:40], text, cut)
                found += 1
    assert found > 500


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        (r"head|(?:tension )?ache", "hta"),
        (r"[+]?\d", None),
        (r"\w*itis", r"\w"),
        (r"(?:ex|[ns])[- ]?smoker", "ens"),
        (r"(?!no )b?c", "bc"),
        (r"b?", None),
        (r"\bx", "x"),
    ],
)
def test_how_all_begins_that_a_pattern_matches(pattern: str, letters: str | None) -> None:
    found = first_letters_of(pattern)
    if letters is None:
        assert found is None
    else:
        assert found is not None
        assert r"\w" in found if letters == r"\w" else found == set(letters)


def test_the_index_names_the_patterns_whose_letters_a_text_holds_and_those_that_need_none() -> None:
    index = LiteralIndex([("sciatica",), None, (" ct ", "scan"), ("spine", "spinal")])
    assert index.indexes("SCIATICA after a spinal tap") == {0, 1, 3}
    assert index.indexes("(CT)") == {1, 2}
    assert index.indexes("octal") == {1}
    assert index.indexes("") == {1}


def test_a_literal_that_runs_over_a_word_or_begins_inside_one_is_found() -> None:
    index = LiteralIndex([("c spine",), ("low back",), ("ache",), ("--",)])
    assert index.indexes("C-Spine film") == {0}
    assert index.indexes("back, low; backache") == {2}
    assert index.indexes("xyzzyache of the low back") == {1, 2}
    assert index.indexes("pain -- none") == {3}
