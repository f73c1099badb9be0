"""How many words a clinician reads on each card of the golden answers: ``python -m benchmarks.words``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.cli.stories import EXAMPLES

_MARKUP = re.compile(r"[*`_\\]|^- |^---$", re.MULTILINE)


@dataclass(frozen=True)
class Read:
    """One card: the story it belongs to, and how many words its detail and its summary have."""

    story: str
    summary: str
    detail: int
    head: int


def words(text: str) -> int:
    """The words of a Markdown text as a person counts them."""
    return len(_MARKUP.sub("", text).split())


def golden_cards(folder: Path = EXAMPLES) -> list[Read]:
    """Every card of every golden answer."""
    return [
        Read(path.parent.name, card["summary"], words(card["detail"]), words(card["summary"]))
        for path in sorted(folder.glob("*/expected.json"))
        for card in _cards(path)
    ]


def _cards(path: Path) -> Iterable[dict[str, Any]]:
    cards: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cards"]
    return cards


def at(values: Sequence[int], percent: int) -> int:
    """The value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def main() -> int:
    """Print median, 90th percentile and maximum, and the longest cards."""
    cards = golden_cards()
    counts = [card.detail for card in cards]
    line = (
        f"{len(cards)} cards; words of the detail: median {at(counts, 50)}, p90 {at(counts, 90)}, max {max(counts)}\n"
    )
    sys.stdout.write(line)
    for card in sorted(cards, key=lambda item: -item.detail)[:8]:
        sys.stdout.write(f"  {card.detail:4} {card.story}: {card.summary}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
