"""Forward chaining with durable-rules, inside a fence.

The engine is right inside a narrow envelope and unsafe outside it (it crashes, loses facts, or
answers wrongly). This module is the fence and the only one that imports it. Inside the envelope:

* only positive patterns over flat facts of integers and fixed names; absence is a status, so no
  rule depends on what has not been said, and nothing is negated, joined, retracted or timed;
* a stratum is asked when all lower ones are closed; of a native rule set, which strata and hooks
  share, it sees the answers of its own rules only, because it asserts no other facts;
* a ``start`` fact comes first; own fact ids, one constant session under a lock, deleted whatever happens;
* a rule is in the engine once, however many hooks run it;
* every limit of the engine is checked with a margin when rules are loaded, and firings are counted
  against a budget when they run.

After a stratum each conclusion is closed: present if one of its rules surely holds, else unknown
if one possibly holds, else absent. The closed conclusions stand in the vector that the next stratum reads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from weakref import WeakValueDictionary

import durable_rules_engine as native

from service.engine.encoding import SESSION, Alternative, Encoded, RuleSet, encoded
from service.engine.memo import Memo
from service.engine.trace import InOrder, concluded
from service.engine.vector import Vector
from service.errors import EngineError
from service.finding import Finding, Status
from service.knowledge.cache import Cached, uncached
from service.knowledge.model import Knowledge, Rule
from service.knowledge.strata import concluding_rules, rules_for, stratify

REPEATED = 2  # what the engine answers when it has seen a fact before
_ruleset_numbers = count()


@dataclass(frozen=True, slots=True)
class Chained:
    """What followed: the rules that surely hold with the findings each depends on, and the closed conclusions."""

    fired: Mapping[str, tuple[str, ...]]
    conclusions: Mapping[str, Status]
    firings: int


@dataclass(slots=True)
class _Found:
    """What one evaluation has come to so far."""

    fired: dict[str, tuple[str, ...]]
    certain: set[str]
    possible: set[str]
    firings: int = 0

    def note(self, alternative: Alternative, vector: Vector) -> None:
        if alternative.concludes is not None:
            self.possible.add(alternative.concludes)
        if not alternative.holds_surely(vector):
            return
        known = self.fired.get(alternative.rule)
        # Firing order is never relied on: of several alternatives that hold the first by name stands.
        self.fired[alternative.rule] = alternative.support if known is None else min(known, alternative.support)
        if alternative.concludes is not None:
            self.certain.add(alternative.concludes)

    def state_of(self, conclusion: str) -> Status:
        if conclusion in self.certain:
            return Status.PRESENT
        return Status.UNKNOWN if conclusion in self.possible else Status.ABSENT


class _Compiled:
    """A definition inside the engine, one session at a time. Hooks that run its rules share it."""

    def __init__(self, definition: str) -> None:
        self.lock = threading.Lock()
        self.handle = native.create_ruleset(f"rules-{next(_ruleset_numbers)}", definition)


_compiled: WeakValueDictionary[str, _Compiled] = WeakValueDictionary()
"""By their definitions: each costs the engine up to a megabyte."""


class _Native:
    """One rule set inside the engine."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.alternatives = rule_set.alternatives
        self._write: Callable[[Vector], str] = rule_set.writer()
        known = _compiled.get(rule_set.definition)
        self._compiled = _Compiled(rule_set.definition) if known is None else known
        _compiled[rule_set.definition] = self._compiled

    def matched(self, vector: Vector, most: int) -> list[Alternative]:
        """The alternatives that match a vector. Raises EngineError where they are more than ``most``."""
        found: list[Alternative] = []
        handle = self._compiled.handle
        with self._compiled.lock:
            try:
                code, state = native.assert_facts(handle, self._write(vector))
                if code == REPEATED:
                    raise EngineError("a fact was asserted twice")
                first = native.start_action_for_state(handle, state)
                match = None if first is None else first[1]
                while match is not None:
                    # {"a17":{"m":{...}}}: of a match only the name is read.
                    name = match[2 : match.index('"', 2)]
                    if name != "start":
                        found.append(self.alternatives[name])
                        if len(found) > most:
                            raise EngineError("more firings than the rules can give")
                    match = native.complete_and_start_action(handle, state)
            finally:
                native.delete_state(handle, SESSION)
        return found


@dataclass(frozen=True, slots=True)
class _Stratum:
    rule_sets: tuple[_Native, ...]
    concludes: tuple[str, ...]


class Program:
    """The rules of one hook, compiled once; evaluated one call at a time."""

    def __init__(self, rules: Sequence[Rule], written: Encoded | None = None) -> None:
        """``written`` is how these rules are written for the engine; without it they are written alone.

        Raises EnvelopeError when a rule does not fit into the engine's safe limits and KnowledgeError
        when rules conclude from each other in a circle.
        """
        self.strata = stratify(rules)
        self.in_order = InOrder(rule for stratum in self.strata for rule in stratum)
        self.rules = self.in_order.rules
        self.concluding = concluding_rules(self.rules)
        written = written or encoded({"": self.strata})[""]
        self.layout = written.layout
        self._plan = tuple(
            _Stratum(
                tuple(map(_Native, rule_sets)),
                tuple(dict.fromkeys(rule.concludes for rule in stratum if rule.concludes is not None)),
            )
            for stratum, rule_sets in zip(self.strata, written.strata, strict=True)
        )
        self.size = sum(len(part.alternatives) for stratum in self._plan for part in stratum.rule_sets)
        self.budget = self.size + 16
        self.memo = Memo(self.in_order, [one for stratum in self.strata for one in concluded(stratum)])
        self._lock = threading.Lock()

    def evaluate(self, findings: Mapping[str, Finding]) -> Chained:
        """Everything that follows from the findings.

        Thread-safe, independent of the order of the findings, and leaves nothing behind.
        Raises EngineError when the engine fails or runs past its budget of firings.
        """
        return self.evaluate_vector(self.layout.vector(findings))

    def evaluate_vector(self, vector: Vector) -> Chained:
        """Everything that follows from a patient's vector, which stays as it is. Raises what ``evaluate`` raises."""
        with self._lock:
            try:
                return self._run(list(vector))
            except EngineError:
                raise
            except Exception as error:  # noqa: BLE001  # native code raises bare Exception
                # Whatever the native code says may quote facts, so only its type goes on.
                raise EngineError(f"the engine failed: {type(error).__name__}") from None

    def _run(self, vector: Vector) -> Chained:
        found = _Found({}, set(), set())
        closed: dict[str, Status] = {}
        for stratum in self._plan:
            for rule_set in stratum.rule_sets:
                matched = rule_set.matched(vector, self.budget - found.firings)
                found.firings += len(matched)
                for alternative in matched:
                    found.note(alternative, vector)
            for name in stratum.concludes:
                closed[name] = found.state_of(name)
                self.layout.close(vector, name, closed[name])
        return Chained(found.fired, closed, found.firings)


def compile_programs(knowledge: Knowledge, hooks: Iterable[str], cached: Cached = uncached) -> dict[str, Program]:
    """The rules that each hook runs, compiled; ``cached`` holds how they are written for the engine.

    Raises what making a ``Program`` raises.
    """
    rules = {hook: rules_for(knowledge, hook) for hook in hooks}
    written = cached("engine", lambda: encoded({hook: stratify(of_hook) for hook, of_hook in rules.items()}))
    return {hook: Program(of_hook, written[hook]) for hook, of_hook in rules.items()}
