"""Words as they are compared: what is there for the eye or for a page is taken out, and no number changes."""

from __future__ import annotations

import unicodedata

import pytest

from service.record.values.tidy import tidied


@pytest.mark.parametrize(
    "written",
    [
        "atrial fibrillation",
        " atrial\tfibrillation\n",
        "atrial\u00a0fibrillation",
        "atrial \u200bfibril\u00adlation",
        "atrial \ufb01brillation",
        "<p class='x'>atrial&nbsp;fibrillation</p>",
        "atrial&amp;nbsp;fibrillation<br/>",
        "\uff41\uff54\uff52\uff49\uff41\uff4c\u3000\uff46ibrillation",
        "atrial\x00fibrillation",
    ],
)
def test_a_term_reads_the_same_however_a_system_wrote_it(written: str) -> None:
    assert tidied(written) == "atrial fibrillation"


def test_letters_taken_apart_are_put_together() -> None:
    assert tidied(unicodedata.normalize("NFD", "Wirbelsäule")) == "Wirbelsäule"


@pytest.mark.parametrize("text", ["1\u00bd tablets", "eGFR < 30 and > 15", "m\u00b2", "A & B", "5 \u00b5g"])
def test_what_says_something_stays(text: str) -> None:
    assert tidied(text) == text


def test_dashes_and_quotes_are_those_of_a_typewriter() -> None:
    assert tidied("C\u2010spine \u2013 \u201cold\u201d, patient\u2019s") == 'C-spine - "old", patient\'s'
