"""Assignment: states of facts that make an example of a rule true, found from the examples of the rules behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from service.engine.trace import read_plainly
from service.finding import Finding, Status
from service.knowledge.conditions import Truth
from service.knowledge.examples import EXPECTED
from service.knowledge.model import Example, FactKind, Given, Knowledge, Rule, possible_states
from service.knowledge.strata import concluding_rules, rules_for, stratify
from service.review.decision_table import decision_table

if TYPE_CHECKING:
    from service.review.symbolic import Patients

_MOST_TRIED = 400
"""Assignments looked at for one example; rules whose examples fit together need a handful."""
_DEEPEST = 12

Goal = tuple[str, Given]
States = Mapping[str, Given]

_ABSENT, _UNKNOWN = Given(Status.ABSENT.value), Given(Status.UNKNOWN.value)
_EXPECTATION = {Status.PRESENT: "fires", Status.ABSENT: "silent", Status.UNKNOWN: "undecided"}


class Assignments:
    """Finds assignments under one hook. Prepared once, asked often."""

    def __init__(self, knowledge: Knowledge, hook: str) -> None:
        self._knowledge = knowledge
        self._hook = hook
        rules = rules_for(knowledge, hook)
        self._strata = stratify(rules)
        self._concluding = concluding_rules(rules)
        named = {name for rule in rules for name in (*rule.reads, *rule.mentions)} - set(self._concluding)
        self._usual = {name: self._when_nothing_is_said(name) for name in sorted(named)}
        self._known_cases: dict[str, tuple[Example, ...]] = {}

    def of(self, rule: Rule, example: Example) -> Iterator[States]:
        """Assignments under which the rule comes to what the example expects, the simplest first.

        They name the facts that the example or a rule behind it names; other facts are as in a record that says
        nothing about them.
        """
        said = {name: self._default(name) for name in sorted(rule.reads)} | dict(example.given)
        facts = {name: given for name, given in example.given.items() if name in self._knowledge.facts}
        # What is merely not given yields to what the rules behind the conclusions need.
        unread = {name: said[name] for name in said if name in self._knowledge.facts and name not in facts}
        goals = [(name, given) for name, given in said.items() if name not in self._knowledge.facts]
        goals.sort(key=lambda goal: goal[1].status != Status.PRESENT)
        for found in islice(self._solve(goals, facts, 0), _MOST_TRIED):
            states = self._without_settings_in_force(unread | dict(found))
            if self._comes_true(rule, example, goals, states):
                yield states

    def solved(self, rule: Rule, example: Example, *, loosely: bool = False) -> States | None:
        """An assignment found by the solver, for examples that do not fit together.

        ``loosely``: only what the example expects of the rule holds, not what it gives.
        """
        from service.review.satisfying import satisfying

        given = {} if loosely else example.given
        return satisfying(self._patients, rule, EXPECTED[example.expect], given, self._usual)

    @cached_property
    def _patients(self) -> Patients:
        from service.review.symbolic import Patients

        return Patients(self._knowledge, self._hook)

    def fuller(self, rule: Rule, states: States) -> Iterator[States]:
        """The assignment itself, then with every other fact behind the rule named as well: as silent, and as denied.

        A fact that nobody named may come along with one that was: an old foot drop is not to be a new one.
        """
        yield states
        facts = [name for name in self._behind(rule) if self._knowledge.facts[name].kind is not FactKind.SETTING]
        yield {name: Given(self._usual[name].status.value) for name in facts} | dict(states)
        yield {name: self._default(name) for name in facts} | dict(states)

    def _without_settings_in_force(self, states: States) -> States:
        """The states without those of settings that are so already."""
        stored = {}
        for name, given in states.items():
            fact = self._knowledge.facts[name]
            holds = fact.setting is not None and self._knowledge.settings.get(fact.setting) == fact.equals
            if fact.kind is not FactKind.SETTING or holds != (given.status == Status.PRESENT):
                stored[name] = given
        return stored

    def _behind(self, rule: Rule) -> list[str]:
        """The facts that the rule depends on, through conclusions."""
        waiting, seen = list(rule.reads), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += [read for one in self._concluding.get(name, ()) for read in one.reads]
        return sorted(seen & set(self._knowledge.facts))

    def _default(self, name: str) -> Given:
        """What an example means where it says nothing, as far as the fact can be so."""
        fact = self._knowledge.facts.get(name)
        if fact is None:
            return _ABSENT
        states = possible_states(fact)
        return _UNKNOWN if fact.is_numeric or Status.ABSENT not in states else _ABSENT

    def _when_nothing_is_said(self, name: str) -> Finding:
        """A fact in a record of which every list was sent and says nothing about it."""
        fact = self._knowledge.facts.get(name)
        if fact is not None and fact.kind is FactKind.SETTING:
            in_force = fact.setting is not None and self._knowledge.settings.get(fact.setting) == fact.equals
            return Finding(name, Status.PRESENT if in_force else Status.ABSENT)
        by_no_data = fact is not None and (bool(fact.complete) or fact.kind is FactKind.ORDER)
        return Finding(name, Status.ABSENT if by_no_data else Status.UNKNOWN)

    def _solve(self, goals: Sequence[Goal], facts: dict[str, Given], depth: int) -> Iterator[States]:
        if not goals:
            yield facts
            return
        (name, given), rest = goals[0], goals[1:]
        if name in self._knowledge.facts:
            if facts.get(name, given) == given:
                yield from self._solve(rest, {**facts, name: given}, depth)
        elif depth < _DEEPEST:
            for option in self._options(name, Status(given.status)):
                yield from self._solve([*option, *rest], facts, depth + 1)

    def _cases(self, rule: Rule) -> tuple[Example, ...]:
        if rule.id not in self._known_cases:
            self._known_cases[rule.id] = (*rule.examples, *decision_table(self._knowledge, rule))
        return self._known_cases[rule.id]

    def _options(self, conclusion: str, status: Status) -> Iterator[list[Goal]]:
        """Ways to bring a conclusion about: the examples of the rules that draw it. Most need nothing to be absent."""
        if status is Status.ABSENT:
            yield []
        options = [
            list(example.given.items())
            for rule in self._concluding.get(conclusion, ())
            for example in self._cases(rule)
            if example.expect == _EXPECTATION[status]
        ]
        # What is known makes a plainer patient than what is not.
        yield from sorted(options, key=lambda option: sum(given.status == Status.UNKNOWN for _, given in option))

    def _comes_true(self, rule: Rule, example: Example, goals: Sequence[Goal], states: States) -> bool:
        findings = self._usual | {name: self._finding(name, given) for name, given in states.items()}
        reading = read_plainly(self._strata, findings)
        if reading.truths[rule.id] is not EXPECTED[example.expect]:
            return False
        if reading.truths[rule.id] is Truth.TRUE:
            return True
        # A near miss misses for its own reason: what it says of conclusions must be so.
        return all(reading.findings[name].status == given.status for name, given in goals)

    def _finding(self, name: str, given: Given) -> Finding:
        return Finding(name, Status(given.status), given.low, given.high, self._knowledge.facts[name].unit)
