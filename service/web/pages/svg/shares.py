"""Shares with their intervals, and a funnel: how many of what was shown was answered, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from service.web.pages.svg.marks import element, lines, number, picture, text

Json = Mapping[str, Any]
_WIDE, _NAMES, _ROW, _TOP, _COUNT = 860.0, 400.0, 26.0, 26.0, 118.0


def shares_picture(rows: Sequence[Json], title: str, *, short: bool = False) -> Markup:
    """Of each rule and version the share of overridden among answered cards, with its interval of 95 %.

    ``short``: all are versions of one rule, which need not be named again.
    """
    names = 70.0 if short else _NAMES
    left, right = names + 10, _WIDE - _COUNT
    height = _TOP + _ROW * len(rows) + 6

    def x_of(share: float) -> float:
        return left + (right - left) * share

    content: list[Markup] = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = x_of(share)
        content.append(element("path", d=f"M{number(x)} 18V{number(height)}", class_="tick"))
        content.append(text(f"{share:.0%}", x, 13, "note", "middle"))
    for row, one in enumerate(rows):
        y = _TOP + _ROW * row + _ROW / 2
        name = one["version"] if short else f"{lines(one['title'], 52, 1)[0]} {one['version']}"
        parts = [text(name, names, y + 4.5, None, "end")]
        if one["interval"] is not None:
            low, high = one["interval"]
            way = f"M{number(x_of(low))} {number(y)}H{number(x_of(high))}"
            parts += [
                element("path", d=way, class_="interval"),
                element("circle", cx=x_of(one["overrideRate"]), cy=y, r=5.0, class_=f"mark {one['indicator'] or ''}"),
            ]
        parts.append(text(f"{one['overridden']} of {one['answered']} of {one['shown']}", right + 12, y + 4.5, "note"))
        content.append(element("g", element("title", escape(one["title"])), *parts))
    return picture(_WIDE, height, title, content, class_="shares")


def funnel_picture(steps: Sequence[tuple[str, int]], title: str) -> Markup:
    """Bars under each other, each as long as its number, from the widest on."""
    most = max((count for _, count in steps), default=0) or 1
    left, right = 150.0, _WIDE - 60
    content: list[Markup] = []
    for row, (name, count) in enumerate(steps):
        y = 4 + _ROW * row
        width = max(2.0, (right - left) * count / most)
        content += [
            text(name, left - 8, y + 16, None, "end"),
            element("rect", x=left, y=y + 2, width=width, height=_ROW - 6, rx=3, class_="bar info"),
            text(str(count), left + width + 8, y + 16, "name"),
        ]
    return picture(_WIDE, 8 + _ROW * len(steps), title, content, class_="shares")


def counts_picture(rows: Sequence[Json], title: str) -> Markup:
    """Titles with bars of how many ``times``."""
    most = max((one["times"] for one in rows), default=0) or 1
    content: list[Markup] = []
    for row, one in enumerate(rows):
        name, count = one["title"], one["times"]
        y = 4 + 24.0 * row
        width = max(2.0, (_WIDE - _NAMES - 80) * count / most)
        content += [
            text(lines(name, 58, 1)[0], _NAMES, y + 15, None, "end"),
            element("rect", x=_NAMES + 10, y=y + 3, width=width, height=15.0, rx=3, class_="bar warning"),
            text(str(count), _NAMES + 18 + width, y + 15, "name"),
        ]
    return picture(_WIDE, 8 + 24.0 * len(rows), title, content, class_="shares")


def range_picture(term: Json) -> Markup:
    """Where on its scale a number has to lie: a line from 0, and a bar for each span. Spans without an end reach on."""
    ends = [float(span[side]) for span in term["spans"] for side in ("low", "high") if span[side] is not None]
    most = 1.6 * max([*(abs(end) for end in ends), 1.0])
    spans = " or ".join(_span_in_words(span) for span in term["spans"])
    title = f"{term['title']}: {spans} {term['unit']}".strip()

    def x_of(value: str | None, otherwise: float) -> float:
        share = otherwise if value is None else max(0.0, min(float(value) / most, 1.0))
        return 4 + 292 * share

    bars = [
        element(
            "rect",
            x=x_of(span["low"], 0.0),
            y=4.0,
            width=max(3.0, x_of(span["high"], 1.0) - x_of(span["low"], 0.0)),
            height=7.0,
            class_="span",
        )
        for span in term["spans"]
    ]
    axis = element("path", d="M4 7.5H296", class_="axis")
    drawn = picture(300, 15, title, [axis, *bars], class_="meter")
    return Markup('<figure class="small">{}<figcaption class="soft">{}</figcaption></figure>').format(drawn, title)


def _span_in_words(span: Json) -> str:
    low, high = span["low"], span["high"]
    parts = []
    if low is not None:
        parts.append(f"{'from' if span['withLow'] else 'above'} {low}")
    if high is not None:
        parts.append(f"{'up to' if span['withHigh'] else 'below'} {high}")
    return " and ".join(parts) or "any"
