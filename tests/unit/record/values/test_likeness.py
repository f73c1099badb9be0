"""Words that may be a known name misspelt."""

from __future__ import annotations

import pytest

from service.record.values.likeness import Likeness

OURS = Likeness({"ibuprofen", "naproxen", "warfarin"})


@pytest.mark.parametrize(
    ("word", "is_like"), [("ibuprofin", True), ("warfarine", True), ("metformin", False), ("", False)]
)
def test_a_word_is_like_a_name_when_four_letters_of_five_stand_in_it_in_order(word: str, is_like: bool) -> None:
    assert OURS.is_like_one(word) is is_like
