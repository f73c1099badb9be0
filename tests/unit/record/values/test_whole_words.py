"""Whole words: a vocabulary finds the same by the first letters of words as all its alternatives tried one by one."""

from __future__ import annotations

import re

import pytest

from service.knowledge.model import Knowledge
from service.record.values.whole_words import WholeWords, read_alternatives


def plainly(patterns: tuple[str, ...], text: str) -> list[tuple[int, int]]:
    whole = rf"(?<![^\W_])(?:{'|'.join(patterns)})(?![^\W_])"
    return [found.span() for found in re.finditer(whole, text, re.IGNORECASE)]


@pytest.mark.parametrize(
    "patterns",
    [
        ("hay fever|fever", "fever since"),
        (r"(?:tension )?headaches?|\w*aches?", "head"),
        (r"b?-?hcg|(?:a|b\|c)d", "[|]x"),
        (r"(?-i:MI)|mild", "colou?r blind|colon"),
        (r"(?:x{2}|y)+z?|zoster", r"(?:(?:ex|non)[- ]?)?smok(?:er|ing)"),
        ("stra\u00dfe|\u00f6dem", "streit"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "Hay FEVER since fever, head-ache; Tension headache, toothaches",
        "b-hcg, HCG -hcg; bd cd ad c|d |x colour blind COLON",
        "MI mi Mild, xxz yz zoster Ex-smoker non smoking smoker",
        "STRASSE stra\u00dfe \u00d6dem streit \u017ftreit",
        "",
    ],
)
def test_what_is_found(patterns: tuple[str, ...], text: str) -> None:
    words = WholeWords(read_alternatives(patterns))
    assert list(words.spans(text)) == plainly(patterns, text)
    assert words.are_in(text) == bool(plainly(patterns, text))


def test_marked_words_are_told_apart_and_give_way_to_the_others() -> None:
    words = WholeWords(read_alternatives(["renal|kidney failure"], ["ibuprofen|renal cure|kidneys?"]))
    told = list(words.told_apart("Ibuprofen, renal cure, kidney failure, KIDNEYS"))
    assert told == [((0, 9), True), ((11, 16), False), ((23, 37), False), ((39, 46), True)]


def test_a_vocabulary_of_nothing_finds_nothing() -> None:
    assert not WholeWords([]).are_in("renal")


def test_a_stretch_of_a_text_is_looked_at_alone() -> None:
    assert list(WholeWords(read_alternatives(["ache|head|heads"])).spans("aches head heads ache", 6, 13)) == [(6, 10)]


def test_the_vocabularies_of_the_rules_find_what_all_their_alternatives_find(knowledge: Knowledge) -> None:
    other = knowledge.other_words
    texts = [code.display for one in knowledge.value_sets.values() for code in one.codes if code.display][::60]
    found = 0
    for patterns in (other.substances, (*other.problems, *other.procedures), other.orders, other.filling):
        words = WholeWords(read_alternatives(patterns))
        for text in texts:
            assert list(words.spans(text)) == plainly(tuple(patterns), text), text
            found += words.are_in(text)
    assert found > 40
