"""Which mutants no patient at all could show, proved: they change the words of a rule and not what it does.

Such a mutant shows no gap of the charts. The proof is about findings: each fact in any of its possible states, and what
is concluded from them. It also knows where every entry that makes one fact present makes another one present: a drug of
fewer classes, a diagnosis of fewer codes, looked for in the same resources; a drug that is counted where none is
ordered.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from types import MappingProxyType
from typing import Any

import z3

from service.engine.patterns import ABSENT, PRESENT, Scale
from service.knowledge.digest import shown_before
from service.knowledge.hooks import HOOKS
from service.knowledge.model import FactDefinition, FactKind, FactSource, Knowledge, Rule, leaves
from service.review.mutation import Mutant, Result
from service.review.ordered import constrain
from service.review.symbolic import Patients

_BY_ENTRIES = (FactKind.DRUG, FactKind.ORDER, FactKind.CODED)
# What must be alike for two facts to differ only in what they look for.
_ALIKE = (
    "kind",
    "resource",
    "route",
    "exclude",
    "daily_dose_mg",
    "reasons",
    "or_ordered",
    "newest_wins",
    "within_days",
    "stopped_within_days",
    "stop_not_known",
    "began_after",
    "unconfirmed",
)
# The measures by which different drugs are counted.
_COUNTED_DRUGS = ("products", "ingredients")
_ANSWERS = ("Observation", "QuestionnaireResponse")
_LISTS_THAT_PROVE_ABSENCE = ("complete", "complete_nonempty")
# Of a source of a fact: what may differ, and is compared by itself.
_OPEN: Mapping[str, Any] = MappingProxyType({"codes": (), "within_days": None, "history": False, "unconfirmed": True})


class Equivalence:
    """All possible patients of one rule set, built once for the mutants to come."""

    def __init__(self, knowledge: Knowledge, mutants: Sequence[Mutant]) -> None:
        self._knowledge = knowledge
        self._patients = Patients(knowledge, None, [mutant.when for mutant in mutants])
        facts = (knowledge.facts.get(name) for name in self._patients.facts)
        known = [fact for fact in facts if fact is not None]
        self._comparable = [fact for fact in known if fact.kind in _BY_ENTRIES]
        self._counts = [fact for fact in known if fact.kind is FactKind.COUNT and fact.measure in _COUNTED_DRUGS]

    def holds(self, mutant: Mutant) -> bool:
        """Whether no patient gets another card or conclusion from the mutant than from the rule."""
        rule = mutant.rule
        before = self._covering(rule)
        names = (
            rule.reads | {leaf.finding for leaf in leaves(mutant.when)} | {name for one in before for name in one.reads}
        )
        solver = z3.Solver()
        constrain(solver, *self._patients.constraints(names), *self._ties(names))
        if not any(HOOKS[hook].has_orders for hook in rule.hooks):
            constrain(solver, *self._ties_of_counts(names))
        constrain(solver, self._differ(mutant, before))
        return bool(solver.check() == z3.unsat)

    def _differ(self, mutant: Mutant, covering: Sequence[Rule]) -> z3.BoolRef:
        surely, possibly = self._patients.surely, self._patients.possibly
        fires = surely(mutant.rule.when) != surely(mutant.when)
        if mutant.rule.concludes is not None:
            return z3.Or(fires, possibly(mutant.rule.when) != possibly(mutant.when))
        return z3.And(fires, *(z3.Not(surely(one.when)) for one in covering))

    def _covering(self, rule: Rule) -> list[Rule]:
        """The rules in whose presence this one is not shown at all, wherever it could be."""
        if rule.named_when_covered:
            return []
        return [one for one in shown_before(self._knowledge, rule) if set(rule.hooks) <= set(one.hooks)]

    def _ties(self, names: Iterable[str]) -> Iterator[z3.BoolRef]:
        behind = self._patients.behind(names)
        facts = [fact for fact in self._comparable if fact.id in behind]
        for narrow, wide in permutations(facts, 2):
            inner, outer = (self._patients.symbol(fact.id).status for fact in (narrow, wide))
            yield from (
                z3.Implies(inner.is_(status), outer.is_(status)) for status in ties(self._knowledge, narrow, wide)
            )

    def _ties_of_counts(self, names: Iterable[str]) -> Iterator[z3.BoolRef]:
        """Where nothing is being ordered, what is counted for sure is taken."""
        behind = self._patients.behind(names)
        for count in self._counts:
            for taken in self._comparable:
                if {count.id, taken.id} <= behind and _is_counted_as_taken(count, taken):
                    is_taken = self._patients.symbol(taken.id).status.is_(PRESENT)
                    scale = self._patients.scales.get(count.id, Scale(()))
                    ranks = [scale.rank(limit) for limit in scale.limits if limit >= 1]
                    yield from (
                        z3.Implies(self._patients.symbol(count.id).low.at_least(one), is_taken) for one in ranks
                    )


def ties(knowledge: Knowledge, one: FactDefinition, other: FactDefinition) -> Iterator[int]:
    """The states in which the other fact is wherever the one is, by how both are read."""
    if _is_within(knowledge, one, other):
        yield PRESENT
    if _absent_alike(other, one) and _is_within(knowledge, other, one):
        yield ABSENT


def _is_within(knowledge: Knowledge, narrow: FactDefinition, wide: FactDefinition) -> bool:
    """Whether every entry that makes one fact present makes the other one present: any yes wins."""
    if _is_ordered_and_counts(narrow, wide):
        return set(narrow.classes) <= set(wide.classes)
    if any(getattr(narrow, name) != getattr(wide, name) for name in _ALIKE) or wide.newest_wins:
        return False
    if (narrow.old_orders and not wide.old_orders) or (wide.not_taken and not narrow.not_taken):
        return False
    if narrow.kind is FactKind.CODED:
        return all(any(_looks_wider(knowledge, one, other) for other in wide.sources) for one in narrow.sources)
    pairs = ((narrow.classes, wide.classes), (narrow.codes, wide.codes))
    return all(_holds_codes(knowledge, inner, outer) for inner, outer in pairs)


def _looks_wider(knowledge: Knowledge, narrow: FactSource, wide: FactSource) -> bool:
    """Whether one source of a fact takes all that the other takes: more codes, older, past or suspected entries."""
    same = replace(narrow, **_OPEN) == replace(wide, **_OPEN)
    older = wide.within_days is None or (narrow.within_days or math.inf) <= wide.within_days
    more = narrow.history <= wide.history and narrow.unconfirmed <= wide.unconfirmed
    return same and older and more and not narrow.inverted and _holds_codes(knowledge, narrow.codes, wide.codes)


def _holds_codes(knowledge: Knowledge, narrow: Sequence[str], wide: Sequence[str]) -> bool:
    """Whether the value sets of one list hold every code and pattern of the other."""
    return set(narrow) <= set(wide) or _recognised(knowledge, narrow) <= _recognised(knowledge, wide)


def _recognised(knowledge: Knowledge, names: Sequence[str]) -> set[tuple[str, ...]]:
    sets = [knowledge.value_sets[name] for name in names]
    codes = {(code.system, code.code, str(code.descendants)) for one in sets for code in one.codes if code.verified}
    words = {("pattern", pattern, *one.unless) for one in sets for pattern in one.patterns}
    return codes | words


def _is_ordered_and_counts(ordered: FactDefinition, taken: FactDefinition) -> bool:
    """Whether one fact is an order of a drug and the other counts what is ordered as taken."""
    kinds = (ordered.kind, taken.kind) == (FactKind.ORDER, FactKind.DRUG)
    plain = ordered.classes and not (ordered.codes or ordered.daily_dose_mg or taken.daily_dose_mg or ordered.reasons)
    return (
        kinds and bool(plain) and taken.or_ordered and (ordered.route, ordered.exclude) == (taken.route, taken.exclude)
    )


def _is_counted_as_taken(count: FactDefinition, taken: FactDefinition) -> bool:
    """Whether every drug that a count takes for sure makes a fact about what is taken present."""
    alike = all(getattr(count, name) == getattr(taken, name) for name in ("route", "exclude"))
    plain = (
        not (count.daily_dose_mg or taken.daily_dose_mg or taken.began_after)
        and taken.within_days is None
        and taken.unconfirmed
        and taken.old_orders
    )
    return taken.kind is FactKind.DRUG and alike and plain and set(count.classes) <= set(taken.classes)


def _absent_alike(narrow: FactDefinition, wide: FactDefinition) -> bool:
    """Whether one fact is absent where the other is: silence counts alike, no answer says no to one alone."""
    if narrow.kind is not wide.kind:
        return False
    proves_absence_alike = all(getattr(narrow, name) == getattr(wide, name) for name in _LISTS_THAT_PROVE_ABSENCE)
    return proves_absence_alike and not any(one.resource in _ANSWERS or one.no or one.inverted for one in wide.sources)


def without_equivalent(knowledge: Knowledge, result: Result) -> tuple[Result, tuple[Mutant, ...]]:
    """The result without the unnoticed mutants that no patient could show, and those mutants."""
    unnoticed = (*result.by_table_only, *result.survivors)
    equivalence = Equivalence(knowledge, unnoticed)
    same = {id(mutant) for mutant in unnoticed if equivalence.holds(mutant)}
    parts = (result.made_mutants, result.by_table_only, result.survivors)
    rest = Result(*(tuple(mutant for mutant in part if id(mutant) not in same) for part in parts))
    return rest, tuple(mutant for mutant in unnoticed if id(mutant) in same)
