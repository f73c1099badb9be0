"""What a change of rules does to recorded charts: how often a card is shown newly, no longer or otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from service.review.impact import CHANGED, COUNTED, NEWLY, NO_LONGER
from service.web.pages.svg.marks import LETTER, element, lines, picture, text

Json = Mapping[str, Any]
_WIDE, _NAMES, _ROW = 860.0, 330.0, 26.0
_LETTERS = 48
_MARKS = {NEWLY: ("newly", "newly"), NO_LONGER: ("gone", "no longer"), CHANGED: ("otherwise", "otherwise")}
"""How each is drawn, and the word beside the bar: colour never stands alone."""


def changes_picture(rows: Sequence[Json], title: str) -> Markup:
    """A bar in up to three parts for each rule, or for each group of one rule, of a report of ``review.impact``.

    What is hidden has no bar, and says that it is hidden.
    """
    counted = [_counts(one) for one in rows]
    most = max((sum(counts.values()) for counts in counted), default=0) or 1
    # What the longest words beside a bar leave is for the bars.
    room = _WIDE - _NAMES - 30 - LETTER * max((len(_words(counts)) for counts in counted), default=0)
    content = [_row(one, counts, row, room / most) for row, (one, counts) in enumerate(zip(rows, counted, strict=True))]
    return picture(_WIDE, 8 + _ROW * len(rows), title, content, class_="shares changes")


def _row(one: Json, counts: Mapping[str, int], row: int, unit: float) -> Markup:
    y, x = 4 + _ROW * row, _NAMES + 10
    name = one["title"] if "title" in one else one["group"]
    parts = [element("title", escape(name)), text(lines(name, _LETTERS, 1)[0], _NAMES, y + 16, None, "end")]
    for how, count in counts.items():
        if count:
            width = max(2.0, unit * count)
            parts.append(element("rect", x=x, y=y + 3, width=width, height=_ROW - 9, class_=f"bar {_MARKS[how][0]}"))
            x += width
    return element("g", *parts, text(_words(counts), x + 8, y + 16, "note"))


def _words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {_MARKS[how][1]}" for how, count in counts.items() if count) or "hidden"


def _counts(one: Json) -> dict[str, int]:
    """The counts of a rule or of a group; none where they are hidden."""
    return {} if one.get("hidden") else {how: one[name] if name in one else one[how] for how, name in COUNTED}
