"""A chart in time: lanes of entries by day, the present on the right, and bars for how far back facts look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from markupsafe import Markup, escape

from service.web.pages.svg.marks import element, lines, number, picture, text

Json = Mapping[str, Any]

_WIDE, _NAMES, _ROW, _TOP, _RIGHT = 690.0, 190.0, 19.0, 24.0, 18.0
_LETTERS, _LETTER, _MARK = 26, 6.4, 4.5
# What is long ago is drawn closer together.
_BEND = 0.42
_TICKS = (
    (1, "1 d"),
    (7, "1 wk"),
    (42, "6 wk"),
    (90, "90 d"),
    (365, "1 y"),
    (1826, "5 y"),
    (3652, "10 y"),
    (9131, "25 y"),
)
_SHORTEST = 60
_TICK_APART = 38


def timeline_picture(data: Json) -> Markup:
    """``lanes`` of entries with text and ``daysAgo``, ``windows`` with title and days."""
    ago = [entry["daysAgo"] for lane in data["lanes"] for entry in lane["entries"]]
    longest = max([*ago, *(window["days"] for window in data["windows"]), _SHORTEST])

    def x_of(days: float) -> float:
        share = (max(0.0, min(days, longest)) / longest) ** _BEND
        return float(_WIDE - _RIGHT - share * (_WIDE - _RIGHT - _NAMES - 12))

    content: list[Markup] = []
    y = _TOP
    for lane in data["lanes"]:
        marks, rows = _lane(lane, y, x_of)
        content += [text(lane["title"], _NAMES - 6, y + 14, "name", "end"), *marks]
        y += rows * _ROW + 7
        content.append(element("path", d=f"M0 {number(y - 3)}H{number(_WIDE)}", class_="rule"))
    for window in data["windows"]:
        first, last = x_of(window["days"]), x_of(0)
        content.append(text(lines(window["title"], 26, 1)[0], _NAMES - 6, y + 14, "note", "end"))
        content.append(element("rect", x=first, y=y + 5, width=last - first, height=_ROW - 9, rx=3, class_="window"))
        content.append(text(f"{window['days']} days", min(first + 5, last - 60), y + 13.5, "tiny"))
        y += _ROW
    ticks = [mark for x, label in _apart(longest, x_of) for mark in _tick(x, y, label)]
    now = element("path", d=f"M{number(x_of(0))} 18V{number(y)}", class_="now")
    return picture(
        _WIDE,
        y + 6,
        data["title"],
        [*ticks, now, text("now", x_of(0), 13, "note", "middle"), *content],
        class_="timeline",
    )


def _apart(longest: float, x_of: Callable[[float], float]) -> Iterator[tuple[float, str]]:
    """The ticks whose words do not run into those nearer to the present."""
    last = x_of(0)
    for days, label in _TICKS:
        x = x_of(days)
        if days <= longest and last - x >= _TICK_APART:
            yield x, label
            last = x


def _tick(x: float, bottom: float, label: str) -> Iterator[Markup]:
    yield element("path", d=f"M{number(x)} 18V{number(bottom)}", class_="tick")
    yield text(label, x, 13, "note", "middle")


def _lane(lane: Json, top: float, x_of: Any) -> tuple[list[Markup], int]:
    """The entries of a lane, in as many rows as their words need."""
    free: list[float] = []
    marks: list[Markup] = []
    for entry in sorted(lane["entries"], key=lambda one: -one["daysAgo"]):
        x = x_of(entry["daysAgo"])
        words = lines(entry["text"], _LETTERS, 1)[0]
        wide = len(words) * _LETTER + 10
        left = x + wide > _WIDE
        first = x - wide if left else x - _MARK
        row = next((number_of for number_of, end in enumerate(free) if end < first), len(free))
        if row == len(free):
            free.append(0.0)
        free[row] = x + _MARK if left else x + wide
        y = top + row * _ROW
        name = element("title", escape(f"{entry['text']}, {entry['day']}"))
        dot = element("circle", cx=x, cy=y + 9.5, r=_MARK, class_="mark")
        label = text(words, x - 8 if left else x + 8, y + 13.5, "words", "end" if left else None)
        marks.append(element("g", name, dot, label))
    return marks, len(free)
