"""Proofs of ``invariants.yaml`` over every possible patient; a broken one comes with a witness.

Not samples: each statement is put to a solver as "is there a patient for whom it fails?". What is
proved is about findings and rules; that facts are read rightly from FHIR is for other tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path

import z3

from service.decision.gate import Basis
from service.finding import Finding, Status
from service.knowledge.invariants import (
    AlwaysWarned,
    Invariants,
    MissingData,
    NeverSuggested,
    NoAbruptStop,
    NothingToSay,
    Statement,
    load_invariants,
)
from service.knowledge.loader import load
from service.knowledge.model import Condition, Indicator, Knowledge, Rule, leaves
from service.knowledge.strata import rules_for
from service.review.gate_proof import GATES_ARE_RIGHT, conditions_of_gates, doubts, gates_of
from service.review.ordered import constrain
from service.review.symbolic import Patients, Substitution, idle_leaves


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which an invariant fails, and a patient who shows it (if a patient can)."""

    text: str
    hook: str | None = None
    witness: Mapping[str, Finding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """One invariant, proved or broken."""

    id: str
    says: str
    breaches: tuple[Breach, ...]

    @property
    def holds(self) -> bool:
        """Whether no patient breaks the invariant."""
        return not self.breaches


class Prover:
    """All hooks of one knowledge as formulas, built once and asked many times.

    With ``concerning`` only what involves one of these rules is asked: enough to know what a change of them breaks.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        invariants: Invariants,
        concerning: frozenset[str] | None = None,
        gates: Callable[[str], Basis | None] | None = None,
    ) -> None:
        """``gates`` gives what is to be proved of the gate of each hook; by default what follows from the rules."""
        self.knowledge = knowledge
        self.invariants = invariants
        self._concerning = concerning
        self._gates = gates or gates_of(knowledge)

    @cached_property
    def patients(self) -> dict[str, Patients]:
        """Every possible patient of each hook that is asked about. Made when something is asked: it takes seconds."""
        hooks = dict.fromkeys(service.hook for service in self.knowledge.services.values())
        asked = (hook for hook in hooks if self._concerns(rules_for(self.knowledge, hook)))
        conditions = (*self.invariants.conditions(), *conditions_of_gates(self.knowledge))
        return {hook: Patients(self.knowledge, hook, conditions) for hook in asked}

    def _concerns(self, rules: Iterable[Rule]) -> bool:
        return self._concerning is None or any(rule.id in self._concerning for rule in rules)

    def _concerned_below(self, patients: Patients, findings: Iterable[str]) -> bool:
        """Whether a conclusion behind these findings is drawn by a rule that is asked about."""
        return any(self._concerns(patients.concluding.get(name, ())) for name in patients.behind(findings))

    def prove(self, only: str | None = None) -> Iterator[Proof]:
        """Every invariant of the file, one after another; or only the one named."""
        for item, breaches in self._questions():
            if only is None or item.id == only:
                yield Proof(item.id, item.says, tuple(breaches))

    def names(self) -> list[str]:
        """The names of all invariants."""
        return [item.id for item, _ in self._questions()]

    def _questions(self) -> Iterator[tuple[Statement, Iterator[Breach]]]:
        general = self.invariants
        yield from ((item, self._never_suggested(item)) for item in general.never_suggested)
        yield from ((item, self._always_warned(item)) for item in general.always_warned)
        yield general.no_hidden_conflict, self._hidden_conflicts()
        yield general.every_part_matters, self._idle_parts()
        yield general.missing_data_never_silences, self._ruled_out_by_missing_data(general.missing_data_never_silences)
        yield general.no_abrupt_stop, _abrupt_stops(self.knowledge, general.no_abrupt_stop)
        stated = general.nothing_to_say or GATES_ARE_RIGHT
        yield stated, self._missed(stated)

    def _ask(self, hook: str, about: Iterable[str], *formulas: z3.BoolRef) -> dict[str, Finding] | None:
        """A patient for whom all formulas hold, or None when there is none.

        ``about`` are the findings the formulas name; what none of them depends on is left out.
        """
        patients = self.patients[hook]
        names = patients.behind(about)
        solver = z3.Solver()
        constrain(solver, *patients.constraints(names), *formulas)
        answer = solver.check()
        if answer == z3.unknown:
            raise RuntimeError("the solver gave up; the question is not decided")
        return self._plainest(patients, solver, names) if answer == z3.sat else None

    @staticmethod
    def _plainest(patients: Patients, solver: z3.Solver, names: frozenset[str]) -> dict[str, Finding]:
        """A witness with as little to say as possible: whatever may be absent (or not known) is."""
        facts = sorted(names - set(patients.concluding))
        for name in facts:
            plain = patients.is_plain(name)
            if solver.check(plain) == z3.sat:
                constrain(solver, plain)
        solver.check()
        witness = patients.witness(solver.model(), facts)
        return {name: finding for name, finding in witness.items() if finding.status is not patients.plain_status(name)}

    def _never_suggested(self, invariant: NeverSuggested) -> Iterator[Breach]:
        """Invariant 1: no card suggests an order while a contraindication to it holds."""
        for hook, patients in self.patients.items():
            for rule in _rules_with_card_at(patients.rules, hook):
                about = {*rule.reads, *_findings(invariant.while_)}
                if not _creates(rule, invariant.orders):
                    continue
                if not self._concerns([rule]) and not self._concerned_below(patients, about):
                    continue
                witness = self._ask(hook, about, patients.is_shown(rule), patients.surely(invariant.while_))
                if witness is not None:
                    yield Breach(f"{rule.id} ({rule.at}) suggests it all the same", hook, witness)

    def _always_warned(self, invariant: AlwaysWarned) -> Iterator[Breach]:
        """Invariant 2: the state always gives a card as severe as stated."""
        for hook in invariant.hooks:
            if hook not in self.patients:
                continue
            patients = self.patients[hook]
            rules = _rules_with_card_at(patients.rules, hook)
            severe = [rule for rule in rules if _indicator(rule).rank >= invariant.indicator.rank]
            about = {*_findings(invariant.when), *(name for rule in severe for name in rule.reads)}
            enough = patients.possibly if invariant.or_names_what_is_missing else patients.surely
            none_fires = z3.Not(z3.Or([enough(rule.when) for rule in severe]))
            witness = self._ask(hook, about, patients.surely(invariant.when), none_fires)
            if witness is not None:
                yield Breach(f"no {invariant.indicator} card", hook, witness)

    def _hidden_conflicts(self) -> Iterator[Breach]:
        """Invariant 3: no two cards of one answer advise opposite things without naming the conflict."""
        seen: set[tuple[str, str]] = set()
        for hook, patients in self.patients.items():
            for one, other in combinations(_rules_with_card_at(patients.rules, hook), 2):
                if (one.id, other.id) in seen or not _opposed(one, other):
                    continue
                if not self._concerns((one, other)) and not self._concerned_below(patients, one.reads | other.reads):
                    continue
                witness = self._ask(hook, one.reads | other.reads, patients.is_shown(one), patients.is_shown(other))
                if witness is not None:
                    seen.add((one.id, other.id))
                    yield Breach(f"{one.id} and {other.id} advise opposite things on the same topic", hook, witness)

    def _idle_parts(self) -> Iterator[Breach]:
        """Invariant 4: every rule can fire, none is always suppressed by another, no test is idle."""
        for rule in self.knowledge.rules:
            if not self._concerns([rule]):
                continue
            hooks = [hook for hook, patients in self.patients.items() if rule in patients.rules]
            if not hooks:
                yield Breach(f"{rule.id} ({rule.at}) stands in no service")
                continue
            hook = hooks[0]
            patients = self.patients[hook]
            if self._ask(hook, rule.reads, patients.is_shown(rule)) is None:
                yield Breach(f"{rule.id} ({rule.at}) can never fire", hook)
                continue
            for leaf in idle_leaves(patients, rule):
                yield Breach(f"{rule.id} ({leaf.at or rule.at}): '{leaf}' makes no difference", hook)
            if rule.card is not None and all(self._always_suppressed(rule, its_hook) for its_hook in hooks):
                yield Breach(f"{rule.id} ({rule.at}) is always suppressed by another rule of its family", hook)

    def _always_suppressed(self, rule: Rule, hook: str) -> bool:
        if rule.family is None:
            return False
        patients = self.patients[hook]
        family = [other for other in _rules_with_card_at(patients.rules, hook) if other.family == rule.family]
        more_severe = [other for other in family if other.precedence < rule.precedence]
        about = {name for other in (rule, *more_severe) for name in other.reads}
        shown_without = z3.Not(z3.Or([patients.is_shown(other) for other in more_severe]))
        return bool(more_severe) and self._ask(hook, about, patients.is_shown(rule), shown_without) is None

    def _ruled_out_by_missing_data(self, invariant: MissingData) -> Iterator[Breach]:
        """Invariant 5: data that is missing never removes a warning it could have raised, unless it is named.

        A rule left undecided is named on the answer by ``decision.decide`` itself. What is asked here
        is the rest: a warning that fires when a fact is known, is ruled out when the same fact is
        unknown, and neither does a card then name that fact, nor is one as severe shown on the topic.
        """
        for hook, patients in self.patients.items():
            warnings = [
                rule for rule in _rules_with_card_at(patients.rules, hook) if _indicator(rule) is not Indicator.INFO
            ]
            exposed: dict[str, list[Rule]] = {}
            for rule in warnings:
                instead = [other for other in warnings if _as_severe_on_topic(other, rule)]
                if not self._concerns([rule, *instead]) and not self._concerned_below(patients, rule.reads):
                    continue
                for fact in patients.ruled_out_when_unknown(rule):
                    exposed.setdefault(fact, []).append(rule)
            for fact in sorted(set(exposed) - set(invariant.except_)):
                if not patients.may_be_unknown(fact):
                    continue
                # One question for all rules first; only where it is answered with yes, one for each.
                asked = [patients.surely(one.where) for one in invariant.only_asked if fact in one.facts]
                if self._witness_of_ruled_out(hook, patients, fact, exposed[fact], asked) is not None:
                    for rule in exposed[fact]:
                        witness = self._witness_of_ruled_out(hook, patients, fact, [rule], asked)
                        if witness is not None:
                            text = f"{rule.id} is silenced when {fact} is unknown, and no card names it"
                            yield Breach(text, hook, witness)

    def _missed(self, invariant: NothingToSay) -> Iterator[Breach]:
        """Invariant 7: what a gate lets pass has nothing to say, and each hook that is named has a gate."""
        for hook, patients in self.patients.items():
            basis = self._gates(hook)
            if basis is None and hook not in invariant.hooks:
                continue
            for doubt in doubts(patients, hook, basis):
                everything = {name for rule in patients.rules for name in rule.reads} | set(doubt.about)
                witness = self._ask(hook, everything, *doubt.formulas)
                if witness is not None:
                    yield Breach(doubt.says, hook, witness)
                elif doubt.is_fault:
                    yield Breach(doubt.says, hook)

    def _witness_of_ruled_out(
        self, hook: str, patients: Patients, fact: str, rules: Sequence[Rule], asked: Sequence[z3.BoolRef]
    ) -> dict[str, Finding] | None:
        missing = Substitution(patients, fact)
        candidates = _rules_with_card_at(patients.rules, hook)
        named = z3.Or([missing(patients.is_shown(other)) for other in patients.naming(fact)] or [z3.BoolVal(val=False)])
        cases = []
        for rule in rules:
            instead = [other for other in candidates if other.id != rule.id and _as_severe_on_topic(other, rule)]
            replaced = z3.Or([missing(patients.is_shown(other)) for other in instead] or [z3.BoolVal(val=False)])
            ruled_out = z3.Not(missing(patients.possibly(rule.when)))
            cases.append(z3.And(patients.is_shown(rule), ruled_out, z3.Not(replaced)))
        everything = {name for rule in patients.rules for name in rule.reads}
        return self._ask(hook, everything, missing.defined, z3.Not(named), z3.Or(cases), *asked)


def _as_severe_on_topic(other: Rule, rule: Rule) -> bool:
    assert other.recommendation is not None
    assert rule.recommendation is not None
    same = other.recommendation.topic == rule.recommendation.topic or (
        rule.family is not None and other.family == rule.family
    )
    return same and _indicator(other).rank >= _indicator(rule).rank


def _findings(condition: Condition) -> set[str]:
    return {leaf.finding for leaf in leaves(condition)}


def _rules_with_card_at(rules: Sequence[Rule], hook: str) -> list[Rule]:
    return [rule for rule in rules if rule.card is not None and hook in rule.hooks]


def _indicator(rule: Rule) -> Indicator:
    assert rule.card is not None
    return rule.card.indicator


def _creates(rule: Rule, orders: Sequence[str]) -> bool:
    assert rule.card is not None
    return any(order in orders for suggestion in rule.card.suggestions for order in suggestion.create)


def _opposed(one: Rule, other: Rule) -> bool:
    if one.recommendation is None or other.recommendation is None:
        return False
    directions = {one.recommendation.direction, other.recommendation.direction}
    named = other.id in one.names_conflict_with or one.id in other.names_conflict_with
    return one.recommendation.topic == other.recommendation.topic and directions == {"for", "against"} and not named


def _abrupt_stops(knowledge: Knowledge, invariant: NoAbruptStop) -> Iterator[Breach]:
    """Invariant 6: no card about these drugs tells anyone to stop long-standing therapy at once (H-16)."""
    drug = re.compile("|".join(rf"\b{re.escape(name)}" for name in invariant.drugs), re.IGNORECASE)
    stop = re.compile("|".join(invariant.forbidden), re.IGNORECASE)
    for rule in knowledge.rules:
        if rule.card is None:
            continue
        for text in (rule.card.summary, rule.card.detail):
            for sentence in re.split(r"(?<=[.;!?])\s+|\n+", text):
                if drug.search(sentence) and stop.search(sentence):
                    yield Breach(f"{rule.id} ({rule.at}): '{sentence.strip()}'")
        for suggestion in rule.card.suggestions:
            for name in suggestion.remove:
                # Only a draft of this very call may be taken away, never what the patient already takes.
                if knowledge.facts[name].kind.value != "order":
                    yield Breach(
                        f"{rule.id} ({suggestion.at or rule.at}): '{suggestion.label}' removes running therapy"
                    )


def prove_all(rules_folder: Path, *, only: str | None = None) -> Iterator[Proof]:
    """The proofs of a folder of rules; ``only`` names one invariant."""
    knowledge = load(rules_folder)
    prover = Prover(knowledge, load_invariants(rules_folder, knowledge))
    return prover.prove(only)


def invariant_names(rules_folder: Path) -> list[str]:
    """The names of the invariants of a folder of rules, in their order."""
    knowledge = load(rules_folder)
    return Prover(knowledge, load_invariants(rules_folder, knowledge)).names()


def witness_lines(breach: Breach) -> list[str]:
    """The patient of a breach, a line for every finding that says something."""
    return [finding_line(finding) for finding in breach.witness.values()]


def finding_line(finding: Finding) -> str:
    """A finding of a witness in one line."""
    if finding.status is not Status.PRESENT or (finding.low is None and finding.high is None):
        return f"{finding.name}: {finding.status}"
    unit = f" {finding.unit}" if finding.unit else ""
    if finding.value is not None:
        return f"{finding.name}: {finding.value}{unit}"
    low, high = ("any" if limit is None else str(limit) for limit in (finding.low, finding.high))
    return f"{finding.name}: from {low} to {high}{unit}"
