"""A graph in layers from left to right: what is read, what follows from it, what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from service.web.pages.svg.marks import LETTER, element, lines, number, picture

Json = Mapping[str, Any]
Address = Callable[[Json], str]

_WIDE, _HIGH, _BETWEEN, _BESIDE, _EDGE = 262.0, 46.0, 9.0, 60.0, 3.0
_SWEEPS = 4


def layered(graph: Json, address: Address) -> Markup:
    """The graph as a picture: ``nodes`` with id, title, note, kind and layer, ``edges`` as pairs of ids.

    Where ``lit`` is not empty, the nodes it names and the edges between them stand out. A title says what it shows.
    """
    nodes: Sequence[Json] = graph["nodes"]
    edges: Sequence[Sequence[str]] = graph["edges"]
    columns = _columns(nodes, edges)
    tall = max((len(column) for column in columns), default=0)
    height = tall * (_HIGH + _BETWEEN) + 2 * _EDGE
    points = {
        node["id"]: (
            _EDGE + number_of * (_WIDE + _BESIDE),
            _EDGE + (height - 2 * _EDGE - len(column) * (_HIGH + _BETWEEN)) / 2 + row * (_HIGH + _BETWEEN),
        )
        for number_of, column in enumerate(columns)
        for row, node in enumerate(column)
    }
    lit = set(graph.get("lit", ()))
    content = [
        *(
            _edge(points[first], points[last], lit=first in lit and last in lit)
            for first, last in _lit_last(edges, lit)
        ),
        *(_node(node, points[node["id"]], address(node), faint=bool(lit) and node["id"] not in lit) for node in nodes),
    ]
    width = len(columns) * (_WIDE + _BESIDE) - _BESIDE + 2 * _EDGE
    return picture(width, height, graph["title"], content, class_="layers", links=True)


def _columns(nodes: Sequence[Json], edges: Sequence[Sequence[str]]) -> list[list[Json]]:
    """The nodes by layer, those that are joined near each other: each by the middle of those it is joined to."""
    depth = max((node["layer"] for node in nodes), default=-1) + 1
    columns = [[node for node in nodes if node["layer"] == layer] for layer in range(depth)]
    columns = [column for column in columns if column]
    joined: dict[str, list[str]] = {}
    for first, last in edges:
        joined.setdefault(first, []).append(last)
        joined.setdefault(last, []).append(first)
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            rank = {
                node["id"]: row / max(len(other), 1)
                for other in columns
                if other is not column
                for row, node in enumerate(other)
            }
            own = {node["id"]: row / len(column) for row, node in enumerate(column)}
            column.sort(key=lambda node: _middle(node["id"], joined, rank, own))  # sorted at once
    return columns


def _middle(
    name: str, joined: Mapping[str, Sequence[str]], rank: Mapping[str, float], own: Mapping[str, float]
) -> float:
    others = [rank[one] for one in joined.get(name, ()) if one in rank]
    return sum(others) / len(others) if others else own[name]


def _lit_last(edges: Iterable[Sequence[str]], lit: set[str]) -> list[Sequence[str]]:
    return sorted(edges, key=lambda edge: edge[0] in lit and edge[1] in lit)


def _edge(first: tuple[float, float], last: tuple[float, float], *, lit: bool) -> Markup:
    x1, y1 = first[0] + _WIDE, first[1] + _HIGH / 2
    x2, y2 = last[0], last[1] + _HIGH / 2
    bend = (x2 - x1) / 2
    points = ((x1 + bend, y1), (x2 - bend, y2), (x2, y2))
    way = " ".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", d=f"M{number(x1)} {number(y1)}C{way}", class_="way lit" if lit else "way")


def _node(node: Json, point: tuple[float, float], address: str, *, faint: bool) -> Markup:
    x, y = point
    rows = lines(node["title"], int((_WIDE - 18) / LETTER), 1 if node.get("note") else 2)
    if node.get("note"):
        rows.append(lines(node["note"], int((_WIDE - 18) / (LETTER - 0.6)), 1)[0])
    first = y + _HIGH / 2 + (4.5 if len(rows) == 1 else -3.5)
    texts = [
        element(
            "text",
            escape(line),
            x=x + 9,
            y=first + 17 * row,
            class_="note" if row and node.get("note") else None,
        )
        for row, line in enumerate(rows)
    ]
    box = element("rect", x=x, y=y, width=_WIDE, height=_HIGH, rx=7)
    kind = f"node {node['kind']}{' faint' if faint else ''}"
    name = element("title", escape(node["title"]))
    if not address:
        return element("g", name, box, *texts, class_=kind)
    return element("a", name, box, *texts, href=address, class_=kind)
