"""How long cards are, over every card of the example answers: as many words as can be read in ten seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from service.config import PROJECT

_MEDIAN, _NINE_OF_TEN, _MOST = 80, 120, 180
_FEW = 5


def details() -> Iterator[str]:
    """The detail of every card that an example answer shows."""
    for file in sorted((PROJECT / "fhir_examples").glob("*/expected.json")):
        yield from (str(card.get("detail", "")) for card in _cards(file))


def _cards(file: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(file.read_text(encoding="utf-8"))["cards"]
    return found


def test_a_card_is_read_in_ten_seconds() -> None:
    lengths = sorted(len(detail.split()) for detail in details())
    assert len(lengths) > 100
    assert lengths[len(lengths) // 2] <= _MEDIAN
    assert lengths[len(lengths) * 9 // 10] <= _NINE_OF_TEN
    assert lengths[-1] <= _MOST


def test_few_cards_say_only_that_something_was_not_assessed() -> None:
    files = sorted((PROJECT / "fhir_examples").glob("*/expected.json"))
    shown = [card["summary"] for file in files for card in _cards(file)]
    assert len([summary for summary in shown if str(summary).startswith("Not assessed")]) < _FEW


def test_a_check_that_is_asked_first_stands_first_among_what_the_card_about_the_order_does_not_know() -> None:
    (card,) = _cards(PROJECT / "fhir_examples" / "repeat-mri" / "expected.json")
    assert card["indicator"] == "warning"
    assert "**Not known:** implanted devices" in str(card["detail"])
