"""What both engines may see of a patient: one vector of small integers per program.

For each finding that rules read stands its status (0 absent, 1 unknown, 2 present); for each that rules
compare with a number also the ranks of the lowest and the highest number that it may stand for. Two
patients with the same vector are the same to every rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

from service.engine.patterns import STATUS_NUMBER, Scale
from service.errors import EngineError
from service.finding import Finding, Status

Vector = list[int]
_NUMBER = STATUS_NUMBER.__getitem__
_PRESENT = Status.PRESENT


class Layout:
    """Where in the vector each finding stands.

    ``facts`` are read from the record and fill the vector first; ``conclusions`` are added stratum by stratum and
    stand as absent until they are closed.
    """

    def __init__(self, facts: Iterable[str], conclusions: Iterable[str], scales: Mapping[str, Scale]) -> None:
        self.facts = tuple(facts)
        self._pick = itemgetter(*self.facts) if len(self.facts) > 1 else None
        names = (*self.facts, *conclusions)
        self._index = {name: index for index, name in enumerate(names)}
        self._scaled = [(name, scales[name]) for name in self.facts if name in scales]
        bounds = [name for name in names if name in scales]
        self._bounds = {name: len(names) + 2 * number for number, name in enumerate(bounds)}
        self._padding = [0] * (len(names) - len(self.facts))
        # A finding without a number may stand for any, so its bounds are the whole scale.
        self._unbounded = [rank for name in bounds for rank in (scales[name].lowest, scales[name].highest)]

    @property
    def measured(self) -> tuple[str, ...]:
        """The facts that rules compare with a number."""
        return tuple(name for name, _ in self._scaled)

    def index(self, name: str, prop: str) -> int:
        """The index of a finding's status (``s``) or of its lowest or highest rank (``lo``, ``hi``)."""
        return self._index[name] if prop == "s" else self._bounds[name] + (prop == "hi")

    def vector(self, findings: Mapping[str, Finding]) -> Vector:
        """The vector of a patient, conclusions still open.

        Raises EngineError when a finding that is not present carries a number.
        """
        read = map(findings.__getitem__, self.facts) if self._pick is None else self._pick(findings)
        vector = list(map(_NUMBER, [finding.status for finding in read]))
        vector += self._padding
        vector += self._unbounded
        for name, scale in self._scaled:
            finding = findings[name]
            if finding.low is None and finding.high is None:
                continue
            if finding.status is not _PRESENT:
                raise EngineError(f"{name} carries a number although it is not present")
            index = self._bounds[name]
            vector[index], vector[index + 1] = scale.interval(finding)
        return vector

    def close(self, vector: Vector, name: str, status: Status) -> None:
        """Write a closed conclusion into the vector."""
        if (index := self._index.get(name)) is not None:
            vector[index] = STATUS_NUMBER[status]


def within(vector: Sequence[int], bounds: Sequence[tuple[int, int, int]]) -> bool:
    """Whether the vector lies within all bounds, each (index, least, greatest)."""
    return all(least <= vector[index] <= greatest for index, least, greatest in bounds)


# Greater than any rank: a rule set that compared one finding with so many limits would not load.
NO_LIMIT = 1_000_000
_LEAST = {"$gte": 0, "$gt": 1}
_GREATEST = {"$lte": 0, "$lt": -1}


def bounds_of(tests: Mapping[int, Sequence[tuple[str, int]]]) -> tuple[tuple[int, int, int], ...]:
    """Comparisons by index of the vector, each (operator, number), as one interval per index."""
    found = []
    for index, comparisons in sorted(tests.items()):
        least = max((number + _LEAST[operator] for operator, number in comparisons if operator in _LEAST), default=0)
        greatest = min(
            (number + _GREATEST[operator] for operator, number in comparisons if operator in _GREATEST),
            default=NO_LIMIT,
        )
        found.append((index, least, greatest))
    return tuple(found)
