"""What both engines may see of a patient: one row of small integers per program.

For each finding that rules read stands its status (0 absent, 1 unknown, 2 present); for each that rules
compare with a number also the ranks of the lowest and the highest number that it may stand for. Two
patients with the same row are the same to every rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from service.engine.patterns import STATUS_NUMBER, Scale
from service.errors import EngineError
from service.finding import Finding, Status

Row = list[int]


class Layout:
    """Where in the row each finding stands.

    ``facts`` are read from the record and fill the row first; ``conclusions`` are added stratum by stratum and
    stand as absent until they are closed.
    """

    def __init__(self, facts: Iterable[str], conclusions: Iterable[str], scales: Mapping[str, Scale]) -> None:
        self.facts = tuple(facts)
        names = (*self.facts, *conclusions)
        self._place = {name: place for place, name in enumerate(names)}
        self._scaled = [(name, scales[name]) for name in self.facts if name in scales]
        bounds = [name for name in names if name in scales]
        self._bounds = {name: len(names) + 2 * number for number, name in enumerate(bounds)}
        self._padding = [0] * (len(names) - len(self.facts))
        # A finding without a number may stand for any, so its bounds are the whole scale.
        self._unbounded = [rank for name in bounds for rank in (scales[name].lowest, scales[name].highest)]

    def place(self, name: str, prop: str) -> int:
        """The place of a finding's status (``s``) or of its lowest or highest rank (``lo``, ``hi``)."""
        return self._place[name] if prop == "s" else self._bounds[name] + (prop == "hi")

    def row(self, findings: Mapping[str, Finding]) -> Row:
        """The row of a patient, conclusions still open.

        Raises EngineError when a finding that is not present carries a number.
        """
        row = [STATUS_NUMBER[findings[name].status] for name in self.facts]
        row += self._padding
        row += self._unbounded
        for name, scale in self._scaled:
            finding = findings[name]
            if finding.low is None and finding.high is None:
                continue
            if finding.status is not Status.PRESENT:
                raise EngineError(f"{name} carries a number although it is not present")
            place = self._bounds[name]
            row[place], row[place + 1] = scale.interval(finding)
        return row

    def close(self, row: Row, name: str, status: Status) -> None:
        """Write a closed conclusion into the row."""
        if (place := self._place.get(name)) is not None:
            row[place] = STATUS_NUMBER[status]


def within(row: Sequence[int], bounds: Sequence[tuple[int, int, int]]) -> bool:
    """Whether the row lies within all bounds, each (place, least, greatest)."""
    return all(least <= row[place] <= greatest for place, least, greatest in bounds)


# Greater than any rank: a rule set that compared one finding with so many limits would not load.
NO_LIMIT = 1_000_000
_LEAST = {"$gte": 0, "$gt": 1}
_GREATEST = {"$lte": 0, "$lt": -1}


def bounds_of(tests: Mapping[int, Sequence[tuple[str, int]]]) -> tuple[tuple[int, int, int], ...]:
    """Comparisons by place of the row, each (operator, number), as one interval per place."""
    found = []
    for place, comparisons in sorted(tests.items()):
        least = max((number + _LEAST[operator] for operator, number in comparisons if operator in _LEAST), default=0)
        greatest = min(
            (number + _GREATEST[operator] for operator, number in comparisons if operator in _GREATEST),
            default=NO_LIMIT,
        )
        found.append((place, least, greatest))
    return tuple(found)
