"""Numbers: ways to bring about ages, measured values, weeks of gestation and changes of a score."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from service.finding import Status
from service.knowledge.model import Code, FactDefinition, FactKind, Given
from service.record.values.units import canonical
from service.testkit.example_patient.codes import Avoid, Codebook
from service.testkit.example_patient.entries import answer
from service.testkit.example_patient.resource_draft import ResourceDraft, UnbuildableError, value_between
from service.testkit.example_patient.statements import Option
from service.testkit.example_patient.wanted import Wanted

_DATES = frozenset({"11778-8", "11779-6", "8665-2"})
"""LOINC codes of gestation whose value is a date."""
_WEEK = 7
_PERCENT = "percent"
_HUNDRED = Decimal(100)
_BASELINE = Decimal(8)
_BASELINE_HOURS = 2
_LATEST_HOURS = 1


class Numbers:
    """Writes numbers for one assignment of facts."""

    def __init__(self, codebook: Codebook, wanted: Wanted, avoid: Avoid) -> None:
        self._codebook = codebook
        self._wanted = wanted
        self._avoid = avoid

    def present(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """Ways to bring about a number."""
        match definition.kind:
            case FactKind.AGE:
                return self.age(given)
            case FactKind.GESTATION:
                return self.gestation(definition, given)
        return self.quantity(definition, given)

    def age(self, given: Given) -> Iterator[Option]:
        """A birth date; a birth year where the age is given as two years."""
        yield partial(_age, low=given.low, high=given.high)

    def quantity(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """A final Observation of the last hour, or just beyond shorter look-backs of facts that are to be unknown."""
        low, high = (given.low, given.high) if _is_number(given) else _usual(definition)
        for code in self._best(definition):
            for hours in (_LATEST_HOURS, *self._beyond_others(definition)):
                yield partial(_measured, code=code, low=low, high=high, unit=definition.unit or "1", hours=hours)

    def gestation(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """A gestational age recorded today, in days: a whole number of weeks would leave six days open."""
        low, high = (given.low, given.high) if _is_number(given) else (Decimal(12), Decimal(12))
        first, last = (None if end is None else end * _WEEK for end in (low, high))
        for code in self._best(definition):
            if code.code not in _DATES:
                yield partial(_measured, code=code, low=first, high=last, unit="d", hours=0)

    def change(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """Two scores: the first of the episode and the newest."""
        if given.low != given.high:
            return
        for first, last in self._scores(definition, given.low):
            for code in self._best(definition):
                yield partial(_two_scores, code=code, first=first, last=last, unit=definition.unit or "1")

    def _best(self, definition: FactDefinition) -> Iterator[Code]:
        for source in definition.sources:
            if source.resource == "Observation":
                yield from self._codebook.best(source, self._avoid, limit=len(_DATES) + 1)

    def _beyond_others(self, definition: FactDefinition) -> Iterator[int]:
        for other in self._wanted.definitions(FactKind.QUANTITY):
            if (
                other.look_back_days is not None
                and self._wanted.status(other.id) is not Status.PRESENT
                and _codes(other) & _codes(definition)
            ):
                yield int(other.look_back_days + 2) * 24

    def _scores(self, definition: FactDefinition, change: Decimal | None) -> Iterator[tuple[Decimal, Decimal]]:
        """First and last score, fitting what else is asked about the same score."""
        points, percent, last = self._asked(definition)
        change = change if change is not None else Decimal(1)
        if definition.measure == _PERCENT:
            percent = change
        else:
            points = change
        if points is not None and percent is not None and points != 0 and percent != 0:
            first = points / (percent / _HUNDRED)
            yield first, first - points
        elif points is not None:
            end = last if last is not None else _end(definition, points)
            yield end + points, end
        elif percent is not None:
            share = 1 - percent / _HUNDRED
            first = last / share if last is not None and share > 0 else _BASELINE
            yield first, first * share

    def _asked(self, definition: FactDefinition) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        points = percent = last = None
        for other, low, high in self._wanted.numbers(FactKind.CHANGE, FactKind.QUANTITY):
            if low == high and _codes(other) & _codes(definition):
                if other.kind is FactKind.QUANTITY:
                    last = low
                elif other.measure == _PERCENT:
                    percent = low
                else:
                    points = low
        return points, percent, last


def _codes(definition: FactDefinition) -> frozenset[str]:
    return frozenset(name for source in definition.sources for name in source.codes)


def _end(definition: FactDefinition, points: Decimal) -> Decimal:
    """A last score that so many points lead to from a first one that can be."""
    end = max(_BASELINE - points, Decimal(0))
    if definition.plausible is None:
        return end
    highest = definition.plausible[1]
    return min(end, highest, highest - points)


def _is_number(given: Given) -> bool:
    return given.low is not None or given.high is not None


def _usual(definition: FactDefinition) -> tuple[Decimal, Decimal]:
    """Any value that can be, when none is asked for."""
    if definition.plausible is None:
        return Decimal(1), Decimal(1)
    middle = (definition.plausible[0] + definition.plausible[1]) / 2
    return middle, middle


def _age(draft: ResourceDraft, *, low: Decimal | None, high: Decimal | None) -> None:
    low, high = (Decimal(40), Decimal(40)) if low is None and high is None else (low, high)
    if low is None or high is None or low != int(low):
        raise UnbuildableError("an age is a number of whole years")
    today = draft.today
    if low == high:
        day = min(today.day, 28) if today.month == 2 else today.day  # noqa: PLR2004 -- 29 February
        draft.patient["birthDate"] = today.replace(year=today.year - int(low), day=day).isoformat()
    elif high == low + 1:
        draft.patient["birthDate"] = str(today.year - int(high))
    else:
        raise UnbuildableError("a birth year leaves two ages open, no more")


def _unit(unit: str) -> str:
    """Units in braces that only name a score are written as the score they are."""
    return unit if canonical(unit) else "{score}"


def _measured(
    draft: ResourceDraft, *, code: Code, low: Decimal | None, high: Decimal | None, unit: str, hours: int
) -> None:
    answer(draft, code, draft.moment(hours), value_between(low, high, _unit(unit)))


def _two_scores(draft: ResourceDraft, *, code: Code, first: Decimal, last: Decimal, unit: str) -> None:
    _measured(draft, code=code, low=first, high=first, unit=unit, hours=_BASELINE_HOURS)
    _measured(draft, code=code, low=last, high=last, unit=unit, hours=_LATEST_HOURS)
