"""The ladder of care as a picture: steps rising with the weeks, below them a bar for each rule while it can show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup, escape

from service.web.pages.svg.marks import element, lines, number, picture, text

Json = Mapping[str, Any]

_WIDE, _NAMES, _STEP, _ROW, _TOP, _PART, _LETTERS = 1080.0, 330.0, 32.0, 25.0, 6.0, 10.0, 47
_DAYS_A_WEEK = 7
# The first weeks hold most of what is done: weeks are drawn narrower the later they are.
_BEND = 0.55
_SMALL_LETTER = 6.3


def ladder_picture(data: Json, address: Callable[[Json], str]) -> Markup:
    """``paths`` of steps, and ``gates``, with their days from ``first`` until ``until`` (None: for good)."""
    days = data["days"]
    left, right = _NAMES + 8, _WIDE - _PART

    def x_of(day: float | None) -> float:
        share = 1.0 if day is None else min(1.0, day / days)
        return float(left + (right - left) * share**_BEND)

    content: list[Markup] = []
    y = _TOP
    for path in data["paths"]:
        if len(data["paths"]) > 1:
            content.append(text(lines(path["title"], 150, 1)[0], 4.0, y + 15, "name"))
            y += _ROW
        for row, step in enumerate(path["steps"]):
            content.append(_rung(step, y + _STEP * (len(path["steps"]) - 1 - row), x_of, address(step)))
        y += _STEP * len(path["steps"]) + 4
    height = y + 30 + _ROW * len(data["gates"]) + 8
    ticks = {
        step[end]
        for path in data["paths"]
        for step in path["steps"]
        for end in ("first", "until")
        if step[end] is not None
    }
    marks = [_tick(x_of(day), y, height, day) for day in sorted(ticks)]
    content += [_gate(gate, y + 30 + _ROW * row, x_of, address(gate)) for row, gate in enumerate(data["gates"])]
    return picture(_WIDE, height, data["title"], [*marks, *content], class_="ladder", links=True)


def _rung(step: Json, y: float, x_of: Callable[[float | None], float], address: str) -> Markup:
    """One step: its weeks, a bar over them, and its words on the side of the bar where there is more room."""
    first, last = x_of(step["first"]), x_of(step["until"])
    bar = element("rect", x=first, y=y, width=last - first, height=_STEP - 5, rx=4, class_="step")
    after = _WIDE - last > first - _NAMES
    room = (_WIDE - last if after else first - _NAMES) - 16
    words = lines(step["short"], int(room / _SMALL_LETTER), 1)[0]
    label = text(words, last + 8 if after else first - 8, y + 18, "on", None if after else "end")
    name = text(step["weeks"], _NAMES - 4, y + 18, "name", "end")
    return element("a", element("title", escape(f"{step['title']}: {step['short']}")), bar, name, label, href=address)


def _tick(x: float, top: float, bottom: float, day: float) -> Markup:
    line = element("path", d=f"M{number(x)} {number(top - 4)}V{number(bottom)}", class_="tick")
    return Markup("") + line + text(str(number(round(day / _DAYS_A_WEEK, 1))), x, top + 14, "note", "middle")


def _gate(gate: Json, y: float, x_of: Callable[[float | None], float], address: str) -> Markup:
    """One rule: a bar over the days to which time binds it, a thin line where it binds it to none."""
    name = text(lines(gate["title"], _LETTERS, 1)[0], 4.0, y + 15)
    bars = []
    for span in gate["spans"]:
        first, last = x_of(span["first"]), x_of(span["until"])
        if gate["byTime"]:
            bars.append(
                element(
                    "rect", x=first, y=y + 4, width=last - first, height=_ROW - 11, rx=3, class_=f"bar {gate['kind']}"
                )
            )
        else:
            way = f"M{number(first)} {number(y + _ROW / 2 - 2)}H{number(last)}"
            bars.append(element("path", d=way, class_="any"))
    return element("a", element("title", escape(gate["title"])), name, *bars, href=address)
