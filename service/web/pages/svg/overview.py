"""The whole rule set in one picture: topics of facts on the left, phases with a square for each rule on the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup, escape

from service.web.pages.svg.marks import element, number, picture, text

Json = Mapping[str, Any]

_WIDE, _ROW, _BOX_X, _BOX_WIDE, _LABEL = 980.0, 27.0, 590.0, 384.0, 226.0
_SQUARE, _STEP, _IN_ROW = 9.0, 13.0, 28
_THICKEST = 15.0


def overview_picture(data: Json, topic_address: Callable[[Json], str], phase_address: Callable[[Json], str]) -> Markup:
    """``topics`` and ``phases`` with titles and counts, ``links`` of how many rules of a phase rest on a topic."""
    topics, phases = data["topics"], data["phases"]
    heights = [58.0 + _STEP * -(-phase["rules"] // _IN_ROW) for phase in phases]
    height = max(_ROW * len(topics), sum(heights)) + 12
    gap = (height - 12 - sum(heights)) / max(len(phases) - 1, 1)
    tops = [6.0 + sum(heights[:row]) + gap * row for row in range(len(phases))]
    topic_y = {topic["id"]: 6 + (height - 12) / len(topics) * (row + 0.5) for row, topic in enumerate(topics)}
    phase_y = {phase["id"]: tops[row] + heights[row] / 2 for row, phase in enumerate(phases)}
    most = max((link["rules"] for link in data["links"]), default=1)
    ways = [
        element(
            "path",
            d=_way(topic_y[link["topic"]], phase_y[link["phase"]]),
            class_=f"band p{[phase['id'] for phase in phases].index(link['phase']) + 1}",
            stroke_width=max(0.7, _THICKEST * link["rules"] / most),
        )
        for link in data["links"]
    ]
    left = [
        element(
            "a",
            text(f"{topic['title']} ({topic['facts']})", _LABEL, topic_y[topic["id"]] + 5, None, "end"),
            href=topic_address(topic),
        )
        for topic in topics
    ]
    right = [_phase(phase, tops[row], heights[row], phase_address(phase)) for row, phase in enumerate(phases)]
    return picture(_WIDE, height, data["title"], [*ways, *left, *right], class_="overview", links=True)


def _way(y1: float, y2: float) -> str:
    x1, x2 = _LABEL + 10, _BOX_X
    bend = (x1 + x2) / 2
    return (
        f"M{number(x1)} {number(y1)}C{number(bend)} {number(y1)} {number(bend)} {number(y2)} {number(x2)} {number(y2)}"
    )


def _phase(phase: Json, y: float, height: float, address: str) -> Markup:
    box = element("rect", x=_BOX_X, y=y, width=_BOX_WIDE, height=height, rx=7, class_="box")
    head = text(phase["title"], _BOX_X + 12, y + 21, "name")
    counts = ", ".join(f"{count} {kind}" for kind, count in phase["counts"].items() if count)
    note = text(f"{phase['rules']} rules: {counts}", _BOX_X + 12, y + 38, "note")
    squares, column = [], 0
    for kind, count in phase["counts"].items():
        way = "".join(_square(column + one, y + 47) for one in range(count))
        column += count
        if way:
            squares.append(element("path", d=way, class_=f"square {kind}"))
    return element("a", element("title", escape(phase["title"])), box, head, note, *squares, href=address)


def _square(column: int, top: float) -> str:
    x = _BOX_X + 12 + _STEP * (column % _IN_ROW)
    y = top + _STEP * (column // _IN_ROW)
    return f"M{number(x)} {number(y)}h{number(_SQUARE)}v{number(_SQUARE)}h-{number(_SQUARE)}z"
