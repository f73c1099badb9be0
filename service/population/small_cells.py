"""Small cells: which counts are not shown because they are small, or because one that is small follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from service.review.demographics import hidden_groups

Cell = tuple[str, str]
"""Age and sex; ``ALL`` in place of one of them is the sum over it."""
ALL = "all"


def hidden_parts(parts: Mapping[str, int], small: int) -> frozenset[str]:
    """Of parts that make up a known total those that are not shown. That there is none of a part may be known."""
    return hidden_groups({name: number for name, number in parts.items() if number}, small)


def hidden_cells(cells: Mapping[Cell, int], small: int) -> frozenset[Cell]:
    """Of a table by age and sex the cells and the sums that are not shown.

    A sum and what it is made of never have exactly one hidden among them: it would be the difference of the others.
    """
    totals = Counter(cells)
    for (age, sex), number in cells.items():
        for margin in ((age, ALL), (ALL, sex), (ALL, ALL)):
            totals[margin] += number
    hidden = {cell for cell, number in totals.items() if number < small}
    lines = list(_lines(cells))
    while alone := next((line for line in lines if len(line & hidden) == 1), None):
        hidden.add(min(alone - hidden, key=lambda cell: (totals[cell], cell)))
    return frozenset(hidden)


def _lines(cells: Mapping[Cell, int]) -> Iterator[frozenset[Cell]]:
    """Every sum with its parts."""
    for group in {age for age, _ in cells}:
        yield frozenset({cell for cell in cells if cell[0] == group} | {(group, ALL)})
    for group in {sex for _, sex in cells}:
        yield frozenset({cell for cell in cells if cell[1] == group} | {(ALL, group)})
    yield frozenset({(age, ALL) for age, _ in cells} | {(ALL, ALL)})
    yield frozenset({(ALL, sex) for _, sex in cells} | {(ALL, ALL)})
