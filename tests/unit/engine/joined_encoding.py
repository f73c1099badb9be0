"""The earlier encoding of rules (gates, one pattern per finding, joins), kept one release as a test oracle.

It shares the rule model and the ranks with the encoding in use, and neither its patterns nor its facts.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from operator import ge, gt, le, lt
from typing import Any

import durable_rules_engine as native
import orjson

from service.engine.patterns import PRESENT, STATUS_NUMBER, UNKNOWN, Test, grouped, scales_of, terms
from service.errors import EngineError, EnvelopeError, Issue
from service.finding import Finding, Status
from service.knowledge.model import Leaf, Rule
from service.knowledge.strata import concluding_rules, stratify

# Limits of durable-rules 2.0.28 with a margin: 255 rules on one identical pattern, 16 patterns in a
# rule (one is the gate), 64 tests that one fact passes, 511 constants of one property.
RULES_PER_PATTERN = 200
PATTERNS_PER_RULE = 14
TESTS_PER_FINDING = 55
FINDINGS = 480

SESSION = "0"
REPEATED = 2  # what the engine answers when it has seen a fact before
_ruleset_numbers = count()

_COMPARE: Mapping[str, Callable[[int, int], bool]] = {"$gte": ge, "$lte": le, "$gt": gt, "$lt": lt}

# The facts of one firing by the alias of their pattern, as the engine gives them back.
_Matched = Mapping[str, Mapping[str, Any]]


def passes(fact: Mapping[str, int], tests: Iterable[Test]) -> bool:
    """Whether a fact passes all tests, as the engine would say."""
    return all(_COMPARE[operator](fact[prop], number) for prop, operator, number in tests)


@dataclass(frozen=True, slots=True)
class Chained:
    """What followed: the rules that surely hold with the findings each rests on, and the closed conclusions."""

    fired: Mapping[str, tuple[str, ...]]
    conclusions: Mapping[str, Status]
    firings: int


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What the firing of one engine rule says.

    A card rule fires only when it surely holds. A rule that concludes is matched as soon as it
    possibly holds; ``surely`` are the stricter tests by pattern, which tell from the matched facts
    whether it surely does. So every such rule stands in the engine once and not twice.
    """

    rule: str
    concludes: str | None
    surely: Mapping[str, tuple[Test, ...]]

    def holds_surely(self, matched: _Matched) -> bool:
        """Whether the matched facts pass the stricter tests too."""
        return all(passes(matched[alias], tests) for alias, tests in self.surely.items())


@dataclass(frozen=True, slots=True)
class _Stratum:
    gates: tuple[int, ...]
    concludes: tuple[str, ...]


class _Compiler:
    """Turns rules into one engine rule set; every engine rule is a gate and one pattern per finding."""

    def __init__(self, strata: Sequence[tuple[Rule, ...]]) -> None:
        conditions = [rule.when for stratum in strata for rule in stratum]
        self.scales = scales_of(conditions)
        self.definition: dict[str, object] = {"start": {"all": [{"start": {"start": 1}}]}}
        self.meanings: dict[str, _Meaning] = {}
        self.strata: list[_Stratum] = []
        self.copies: Counter[str] = Counter()
        self._uses: Counter[tuple[str, tuple[Test, ...]]] = Counter()
        self._gates = 0
        for stratum in strata:
            self._add_stratum(stratum)
        self._check_capacities()

    def _add_stratum(self, rules: Sequence[Rule]) -> None:
        first_gate, in_gate = self._gates, 0
        for rule in rules:
            for term in terms(rule.when):
                if in_gate == RULES_PER_PATTERN:
                    self._gates, in_gate = self._gates + 1, 0
                self._add_term(rule, term)
                in_gate += 1
        self._gates += 1
        concludes = dict.fromkeys(rule.concludes for rule in rules if rule.concludes is not None)
        self.strata.append(_Stratum(tuple(range(first_gate, self._gates)), tuple(concludes)))

    def _add_term(self, rule: Rule, term: Sequence[Leaf]) -> None:
        surely = grouped(term, self.scales, possibly=False)
        tests = surely if rule.concludes is None else grouped(term, self.scales, possibly=True)
        if len(tests) > PATTERNS_PER_RULE:
            text = f"an alternative of this rule reads {len(tests)} findings at once, more than {PATTERNS_PER_RULE}"
            raise EnvelopeError([Issue(rule.at, text, "conclude part of it in a rule of its own")])
        patterns: list[dict[str, object]] = [{"gate": {"gate": self._gates}}]
        # What is seldom true stands first: the engine joins from the gate on and stops at the first miss.
        stricter = {}
        for place, (finding, wanted) in enumerate(sorted(tests.items(), key=_how_common)):
            patterns.append({f"p{place}": self._pattern(finding, wanted)})
            if surely[finding] != wanted:
                stricter[f"p{place}"] = surely[finding]
        name = f"r{len(self.meanings)}"
        self.definition[name] = {"all": patterns}
        self.meanings[name] = _Meaning(rule.id, rule.concludes, stricter)

    def _pattern(self, finding: str, tests: tuple[Test, ...]) -> dict[str, object]:
        # A pattern used by very many rules is written over a second copy of the name property, so
        # that no single pattern comes near the engine's limit.
        copy = self._uses[finding, tests] // RULES_PER_PATTERN
        self._uses[finding, tests] += 1
        self.copies[finding] = max(self.copies[finding], copy + 1)
        comparisons = [{operator: {prop: number}} for prop, operator, number in tests]
        return {"$and": [{_name_property(copy): finding}, *comparisons]}

    def patterns(self) -> dict[str, tuple[tuple[Test, ...], ...]]:
        """The patterns of each finding."""
        found: dict[str, list[tuple[Test, ...]]] = {}
        for finding, tests in self._uses:
            found.setdefault(finding, []).append(tests)
        return {finding: tuple(patterns) for finding, patterns in found.items()}

    def _check_capacities(self) -> None:
        per_finding = Counter(finding for finding, _ in self._uses)
        crowded = [name for name, number in per_finding.items() if number > TESTS_PER_FINDING]
        issues = [Issue("rules", f"{name} is tested in more than {TESTS_PER_FINDING} ways") for name in crowded]
        if len(per_finding) > FINDINGS:
            issues.append(Issue("rules", f"rules read {len(per_finding)} findings, more than {FINDINGS}"))
        if issues:
            raise EnvelopeError(issues)


def _how_common(pattern: tuple[str, tuple[Test, ...]]) -> tuple[int, str]:
    """Sorts patterns of presence before patterns of absence, and those before what the unknown passes too."""
    finding, tests = pattern
    if ("s", "$gte", PRESENT) in tests:
        return 0, finding
    return (2 if ("s", "$gte", UNKNOWN) in tests else 1), finding


def _name_property(copy: int) -> str:
    return "n" if copy == 0 else f"n{copy}"


class JoinedProgram:
    """The rules of one hook, compiled once; evaluated one call at a time."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.strata = stratify(rules)
        self.rules = tuple(rule for stratum in self.strata for rule in stratum)
        self.concluding = concluding_rules(self.rules)
        compiled = _Compiler(self.strata)
        self._scales = compiled.scales
        self._meanings = compiled.meanings
        self._plan = compiled.strata
        self.budget = len(self._meanings) + 16
        conclusions = {name for stratum in compiled.strata for name in stratum.concludes}
        names = sorted(compiled.copies)
        self._fact_ids = {name: f"f{number}" for number, name in enumerate(names)}
        self._names = {fact_id: name for name, fact_id in self._fact_ids.items()}
        self._facts = tuple(name for name in names if name not in conclusions)
        self._heads = {name: _fact_head(self._fact_ids[name], name, compiled.copies[name]) for name in names}
        self._patterns = compiled.patterns()
        self._without_number = {
            name: {number: self._written(Finding(name, status), number) for status, number in STATUS_NUMBER.items()}
            for name in names
        }
        self._lock = threading.Lock()
        name = f"rules-{next(_ruleset_numbers)}"
        self._handle = native.create_ruleset(name, json.dumps(compiled.definition))

    @property
    def size(self) -> int:
        """How many engine rules the program has."""
        return len(self._meanings)

    def evaluate(self, findings: Mapping[str, Finding]) -> Chained:
        """Everything that follows from the findings.

        Thread-safe, independent of the order of the findings, and leaves nothing behind.
        Raises EngineError when the engine fails or runs past its budget of firings.
        """
        facts = [fact for name in self._facts if (fact := self._fact(findings[name])) is not None]
        with self._lock:
            try:
                return self._run(facts)
            except EngineError:
                raise
            except Exception as error:  # noqa: BLE001  # native code raises bare Exception
                # Whatever the native code says may quote facts, so only its type goes on.
                raise EngineError(f"the engine failed: {type(error).__name__}") from None
            finally:
                native.delete_state(self._handle, SESSION)

    def _run(self, facts: list[str]) -> Chained:
        fired: dict[str, tuple[str, ...]] = {}
        closed: dict[str, Status] = {}
        firings = 0
        self._assert(['{"id":"s","sid":"0","start":1}'])
        if facts:
            self._assert(facts)
        for stratum in self._plan:
            possible: set[str] = set()
            certain: set[str] = set()
            for gate in stratum.gates:
                for name, matched in self._assert([f'{{"id":"g{gate}","sid":"0","gate":{gate}}}']):
                    firings += 1
                    if firings > self.budget:
                        raise EngineError("more firings than the rules can give")
                    self._note(self._meanings[name], matched, fired, certain, possible)
            conclusions = []
            for name in stratum.concludes:
                closed[name] = _close(name, certain, possible)
                if name in self._heads and (fact := self._fact(Finding(name, closed[name]))) is not None:
                    conclusions.append(fact)
            if conclusions:
                self._assert(conclusions)
        return Chained(fired, closed, firings)

    def _note(
        self,
        meaning: _Meaning,
        matched: _Matched,
        fired: dict[str, tuple[str, ...]],
        certain: set[str],
        possible: set[str],
    ) -> None:
        if meaning.concludes is not None:
            possible.add(meaning.concludes)
        if not meaning.holds_surely(matched):
            return
        support = tuple(sorted(self._names[fact["id"]] for alias, fact in matched.items() if alias != "gate"))
        known = fired.get(meaning.rule)
        # Firing order is never relied on: of several alternatives that hold the first by name stands.
        fired[meaning.rule] = support if known is None else min(known, support)
        if meaning.concludes is not None:
            certain.add(meaning.concludes)

    def _fact(self, finding: Finding) -> str | None:
        """The finding as the engine reads it; None when it passes no pattern, so that nothing could follow from it."""
        status = STATUS_NUMBER[finding.status]
        if finding.low is None and finding.high is None:
            return self._without_number[finding.name][status]
        if status != PRESENT:
            raise EngineError(f"{finding.name} carries a number although it is not present")
        return self._written(finding, status)

    def _written(self, finding: Finding, status: int) -> str | None:
        fact = {"s": status}
        if (scale := self._scales.get(finding.name)) is not None:
            fact["lo"], fact["hi"] = scale.interval(finding)
        if not any(passes(fact, tests) for tests in self._patterns[finding.name]):
            return None
        return self._heads[finding.name] + ",".join(f'"{prop}":{number}' for prop, number in fact.items()) + "}"

    def _assert(self, facts: Sequence[str]) -> list[tuple[str, _Matched]]:
        code, state = native.assert_facts(self._handle, f"[{','.join(facts)}]")
        if code == REPEATED:
            raise EngineError("a fact was asserted twice")
        return list(self._drain(state))

    def _drain(self, state: int) -> Iterator[tuple[str, _Matched]]:
        first = native.start_action_for_state(self._handle, state)
        match = None if first is None else first[1]
        while match is not None:
            ((name, aliases),) = orjson.loads(match).items()
            if name != "start":
                yield name, aliases
            match = native.complete_and_start_action(self._handle, state)


def _fact_head(fact_id: str, name: str, copies: int) -> str:
    names = "".join(f'"{_name_property(copy)}":{json.dumps(name)},' for copy in range(copies))
    return f'{{"id":"{fact_id}","sid":"{SESSION}",{names}'


def _close(name: str, certain: set[str], possible: set[str]) -> Status:
    if name in certain:
        return Status.PRESENT
    return Status.UNKNOWN if name in possible else Status.ABSENT
