"""Draw the cards of one story as the demonstration prints them: ``python tools/picture.py STORY docs/card.svg``.

The SVG names no web font, so it shows the same without a network.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from service.cli.demo import card_view
from service.cli.stories import EXAMPLES, Story, answered, example_services

WIDTH = 110
MOST_CARDS = 2


def main(story_id: str, target: Path) -> None:
    """Write the picture of the first cards of a story."""
    story = Story(EXAMPLES / story_id)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for card in answered(example_services(), story).body["cards"][:MOST_CARDS]:
        console.print(card_view(card))
    svg = console.export_svg(title=story.title, theme=DIMMED_MONOKAI, unique_id="card")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    target.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
