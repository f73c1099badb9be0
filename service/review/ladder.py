"""The ladder of care as the rules tell it: its steps, and in which days each rule of its phase can be shown.

Nothing is written down here: steps are the variants of the rule that ``pathway`` in ``ruleset.yaml`` names, and a rule
can be shown on a day when time alone does not rule its condition out, whatever else is true of the patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.model import AllOf, Condition, Knowledge, Leaf, Rule, leaves
from service.knowledge.strata import concluding_rules

CLOCKS = ("symptom-duration", "radicular-duration", "days-since-first-visit")
"""The facts that count days from the start of an episode; here all of them start on one day."""
_JUST_BEFORE = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the onset: from this day on, until before that one; None: for good."""

    first: Decimal
    until: Decimal | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder: the rule that tells it, and its days."""

    rule: Rule
    days: Span


@dataclass(frozen=True, slots=True)
class Path:
    """The steps for one kind of patient: ``tests`` are what a patient must be for them, and not for every path."""

    tests: tuple[Leaf, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """A rule of the phase, with the days in which it can be shown, and the tests that a patient must pass for it."""

    rule: Rule
    days: tuple[Span, ...]
    tests: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The whole, the path with most steps first: where there is no pathway in the rule set, there is no ladder."""

    phase: str
    paths: tuple[Path, ...]
    gates: tuple[Gate, ...]
    ends: Decimal | None


def ladder_of(knowledge: Knowledge) -> Ladder | None:
    """The ladder of a rule set; None where it has none."""
    telling = [rule for rule in knowledge.rules if knowledge.pathway is not None and knowledge.pathway in _names(rule)]
    if not telling:
        return None
    hook, phase = telling[0].hooks[0], telling[0].phase
    days = _days(knowledge, phase)
    clocks = {day: _Clock(knowledge, day) for day in days}
    paths = sorted(_paths(telling, days, clocks), key=lambda path: -len(path.steps))
    others = [
        rule
        for rule in knowledge.rules
        if rule.phase == phase and rule.card is not None and hook in rule.hooks and rule not in telling
    ]
    common = {str(leaf) for leaf in leaves(telling[0].when)}
    gates = [
        Gate(
            rule,
            tuple(_spans(days, partial(_may_show, clocks, rule))),
            tuple(dict.fromkeys(leaf for leaf in leaves(rule.when) if str(leaf) not in common)),
        )
        for rule in others
    ]
    gates.sort(key=lambda gate: (gate.days[0].first if gate.days else Decimal(0), gate.rule.title))
    ends = [step.days.until for path in paths for step in path.steps]
    return Ladder(phase, tuple(paths), tuple(gates), None if None in ends else max(filter(None, ends), default=None))


def _paths(telling: Sequence[Rule], days: list[Decimal], clocks: Mapping[Decimal, _Clock]) -> Iterator[Path]:
    """The variants that ask the same of a patient but for the time; of those that hold on a day the first is shown."""
    groups: dict[frozenset[str], list[Rule]] = {}
    for rule in sorted(telling, key=lambda rule: rule.precedence):
        groups.setdefault(frozenset(str(leaf) for leaf in _timeless(rule)), []).append(rule)
    common = frozenset.intersection(*groups)
    for rules in groups.values():
        shown = {day: next((rule.id for rule in rules if clocks[day].may_show(rule)), None) for day in days}
        steps = [Step(rule, span) for rule in rules for span in _spans(days, partial(_is_shown, shown, rule.id))]
        steps.sort(key=lambda step: step.days.first)
        yield Path(tuple(leaf for leaf in _timeless(rules[0]) if str(leaf) not in common), tuple(steps))


def _timeless(rule: Rule) -> list[Leaf]:
    return [leaf for leaf in leaves(rule.when) if leaf.finding not in CLOCKS]


def _is_shown(shown: Mapping[Decimal, str | None], rule: str, day: Decimal) -> bool:
    return shown[day] == rule


def _may_show(clocks: Mapping[Decimal, _Clock], rule: Rule, day: Decimal) -> bool:
    return clocks[day].may_show(rule)


def _names(rule: Rule) -> tuple[str | None, str]:
    return rule.variant_of, rule.id


def _days(knowledge: Knowledge, phase: str) -> list[Decimal]:
    """Every day at which a rule can come or go: zero, and at and around each limit of a clock."""
    limits = {
        limit
        for rule in knowledge.rules
        if rule.phase == phase or rule.concludes is not None
        for leaf in leaves(rule.when)
        if leaf.finding in CLOCKS
        for limit in leaf.limits()
    }
    return sorted({Decimal(0)} | limits | {limit + _JUST_BEFORE for limit in limits})


class _Clock:
    """What can be said of conditions on one day, by time alone: any other test may come out either way."""

    def __init__(self, knowledge: Knowledge, day: Decimal) -> None:
        self._drawn_by = concluding_rules(knowledge.rules)
        self._facts = {
            name: Finding(name, Status.PRESENT, day, day, knowledge.facts[name].unit)
            for name in CLOCKS
            if name in knowledge.facts
        }
        self._conclusions: dict[str, Status] = {}

    def may_show(self, rule: Rule) -> bool:
        """Whether a rule can be shown on this day."""
        return self._truth(rule.when) is not Truth.FALSE

    def _truth(self, condition: Condition) -> Truth:
        if isinstance(condition, Leaf):
            return self._test(condition)
        answers = [self._truth(part) for part in condition.parts]
        return min(answers) if isinstance(condition, AllOf) else max(answers)

    def _test(self, leaf: Leaf) -> Truth:
        if leaf.finding in self._facts:
            return truth(leaf, self._facts)
        status = self._status(leaf.finding)
        if status is Status.UNKNOWN:
            return Truth.UNKNOWN
        return truth(leaf, {leaf.finding: Finding(leaf.finding, status)})

    def _status(self, name: str) -> Status:
        """Of a conclusion whether time alone settles it; of everything else nothing is known."""
        if name not in self._conclusions:
            answers = [self._truth(rule.when) for rule in self._drawn_by.get(name, ())]
            self._conclusions[name] = _STATUS[max(answers)] if answers else Status.UNKNOWN
        return self._conclusions[name]


_STATUS = {Truth.TRUE: Status.PRESENT, Truth.FALSE: Status.ABSENT, Truth.UNKNOWN: Status.UNKNOWN}


def _spans(days: list[Decimal], holds: Callable[[Decimal], bool]) -> Iterator[Span]:
    first: Decimal | None = None
    for day in days:
        if holds(day) and first is None:
            first = day
        elif first is not None and not holds(day):
            yield Span(_whole(first), _whole(day))
            first = None
    if first is not None:
        yield Span(_whole(first), None)


def _whole(day: Decimal) -> Decimal:
    """A limit as it was written: what begins just after it is said to begin with it."""
    whole = day if day == day.to_integral_value() else day - _JUST_BEFORE
    return whole.to_integral_value()
