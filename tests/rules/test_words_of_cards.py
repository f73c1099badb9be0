"""A card is read in ten seconds: how many words the golden answers show (``python -m benchmarks.words``)."""

from __future__ import annotations

import json

from benchmarks.words import at, golden_cards, words
from service.cards.layout import act
from service.cli.stories import EXAMPLES
from service.knowledge.model import Knowledge


def test_half_of_the_cards_have_at_most_eighty_words_and_none_more_than_180() -> None:
    counts = [card.detail for card in golden_cards()]
    assert len(counts) > 100
    assert at(counts, 50) <= 80
    assert at(counts, 90) <= 120
    assert max(counts) <= 180


def test_every_summary_is_under_140_characters_and_has_all_its_places_filled() -> None:
    for path in EXAMPLES.glob("*/expected.json"):
        for card in json.loads(path.read_text(encoding="utf-8"))["cards"]:
            assert len(card["summary"].encode("utf-16-le")) // 2 < 140, card["summary"]
            assert not set("{}|$") & set(card["summary"]), card["summary"]


def test_the_whole_text_of_every_card_of_a_rule_stands_in_its_extension() -> None:
    for path in EXAMPLES.glob("*/expected.json"):
        for card in json.loads(path.read_text(encoding="utf-8"))["cards"]:
            if card["source"]["topic"]["code"] in {"notassessed", "unread"} or "extension" not in card:
                # These rest on no rule, and a patient's card holds its whole text.
                continue
            whole = card["extension"]["sciatica-cds.detail"]
            assert "**Sources**" in whole
            assert "version" in whole


def test_every_rule_has_its_own_topic_code_of_letters_and_digits(knowledge: Knowledge) -> None:
    from service.cards.sources import topic_code

    codes = [topic_code(rule.id) for rule in (*knowledge.rules, *knowledge.retired) if rule.card is not None]
    assert len(set(codes)) == len(codes)
    assert all(code.isalnum() and code.isascii() for code in codes)


def test_every_card_says_what_to_do_in_two_sentences(knowledge: Knowledge) -> None:
    for rule in knowledge.rules:
        if rule.card is not None:
            said = act(rule.card)
            assert said, rule.id
            assert words(said) <= 60, f"{rule.id}: {said}"
