"""Proofs of ``invariants.yaml`` over every possible patient; a broken one comes with a witness.

Not samples: each statement is put to a solver as "is there a patient for whom it fails?". What is
proved is about findings and rules; that facts are read rightly from FHIR is for other tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import z3

from service.finding import Finding, Status
from service.knowledge.invariants import AlwaysWarned, Invariants, NeverSuggested, NoAbruptStop, load_invariants
from service.knowledge.loader import load
from service.knowledge.model import Indicator, Knowledge, Rule
from service.review.idle import idle_leaves
from service.review.symbolic import Patients


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
        return not self.breaches


class Prover:
    """All hooks of one knowledge as formulas, built once and asked many times."""

    def __init__(self, knowledge: Knowledge, invariants: Invariants) -> None:
        self.knowledge = knowledge
        self.invariants = invariants
        hooks = dict.fromkeys(service.hook for service in knowledge.services.values())
        conditions = tuple(invariants.conditions())
        self.patients = {hook: Patients(knowledge, hook, conditions) for hook in hooks}
        self._solvers = {hook: _solver(patients) for hook, patients in self.patients.items()}

    def prove(self) -> Iterator[Proof]:
        """Every invariant of the file, one after another."""
        for never in self.invariants.never_suggested:
            yield Proof(never.id, never.says, tuple(self._never_suggested(never)))
        for always in self.invariants.always_warned:
            yield Proof(always.id, always.says, tuple(self._always_warned(always)))
        general = self.invariants
        for item, breaches in (
            (general.no_hidden_conflict, self._hidden_conflicts()),
            (general.every_part_matters, self._idle_parts()),
            (general.missing_data_never_silences, self._silencing()),
            (general.no_abrupt_stop, _abrupt_stops(self.knowledge, general.no_abrupt_stop)),
        ):
            yield Proof(item.id, item.says, tuple(breaches))

    def _ask(self, hook: str, *formulas: z3.BoolRef) -> dict[str, Finding] | None:
        """A patient for whom all formulas hold, or None when there is none."""
        solver = self._solvers[hook]
        solver.push()
        try:
            solver.add(*formulas)
            answer = solver.check()
            if answer == z3.unknown:
                raise RuntimeError("the solver gave up; the question is not decided")
            return self._plainest(hook, solver) if answer == z3.sat else None
        finally:
            solver.pop()

    def _plainest(self, hook: str, solver: z3.Solver) -> dict[str, Finding]:
        """A witness with as little to say as possible: whatever may be absent (or not known) is."""
        patients = self.patients[hook]
        for name in patients.facts:
            plain = patients.is_plain(name)
            if solver.check(plain) == z3.sat:
                solver.add(plain)
        solver.check()
        witness = patients.witness(solver.model())
        return {name: finding for name, finding in witness.items() if finding.status is not patients.plain_status(name)}

    def _never_suggested(self, invariant: NeverSuggested) -> Iterator[Breach]:
        """Invariant 1: no card suggests an order while a contraindication to it holds."""
        for hook, patients in self.patients.items():
            for rule in _speaking(patients.rules, hook):
                if not _creates(rule, invariant.orders):
                    continue
                witness = self._ask(hook, patients.speaks(rule), patients.surely(invariant.while_))
                if witness is not None:
                    yield Breach(f"{rule.id} ({rule.at}) suggests it all the same", hook, witness)

    def _always_warned(self, invariant: AlwaysWarned) -> Iterator[Breach]:
        """Invariant 2: the state always gives a card as loud as stated."""
        for hook in invariant.hooks:
            patients = self.patients[hook]
            loud = [
                patients.speaks(rule)
                for rule in _speaking(patients.rules, hook)
                if _indicator(rule).rank >= invariant.indicator.rank
            ]
            witness = self._ask(hook, patients.surely(invariant.when), z3.Not(z3.Or(loud)))
            if witness is not None:
                yield Breach(f"no {invariant.indicator} card", hook, witness)

    def _hidden_conflicts(self) -> Iterator[Breach]:
        """Invariant 3: no two cards of one answer advise opposite things without naming the conflict."""
        seen: set[tuple[str, str]] = set()
        for hook, patients in self.patients.items():
            for one, other in combinations(_speaking(patients.rules, hook), 2):
                if (one.id, other.id) in seen or not _opposed(one, other):
                    continue
                witness = self._ask(hook, patients.speaks(one), patients.speaks(other))
                if witness is not None:
                    seen.add((one.id, other.id))
                    yield Breach(f"{one.id} and {other.id} advise opposite things on the same topic", hook, witness)

    def _idle_parts(self) -> Iterator[Breach]:
        """Invariant 4: every rule can fire, none is covered by another, no test is idle."""
        for rule in self.knowledge.rules:
            hooks = [hook for hook, patients in self.patients.items() if rule in patients.rules]
            if not hooks:
                yield Breach(f"{rule.id} ({rule.at}) stands in no service")
                continue
            hook = hooks[0]
            patients = self.patients[hook]
            if self._ask(hook, patients.speaks(rule)) is None:
                yield Breach(f"{rule.id} ({rule.at}) can never fire", hook)
                continue
            for leaf in idle_leaves(patients, self._solvers[hook], rule):
                yield Breach(f"{rule.id} ({leaf.at or rule.at}): '{leaf}' makes no difference", hook)
            if rule.card is not None and all(self._always_covered(rule, spoken) for spoken in hooks):
                yield Breach(f"{rule.id} ({rule.at}) is always covered by another rule of its family", hook)

    def _always_covered(self, rule: Rule, hook: str) -> bool:
        if rule.family is None:
            return False
        patients = self.patients[hook]
        family = [other for other in _speaking(patients.rules, hook) if other.family == rule.family]
        louder = [
            patients.speaks(other)
            for other in family
            if other.id != rule.id
            and (-_indicator(other).rank, family.index(other)) < (-_indicator(rule).rank, family.index(rule))
        ]
        return bool(louder) and self._ask(hook, patients.speaks(rule), z3.Not(z3.Or(louder))) is None

    def _silencing(self) -> Iterator[Breach]:
        """Invariant 5: data that is missing never removes a warning it could have raised, unless it is named.

        A rule left undecided is named on the answer by ``decision.decide`` itself. What is asked here
        is the rest: a warning that fires when a fact is known, is ruled out when the same fact is
        unknown, and no card that then speaks names that fact.
        """
        for hook, patients in self.patients.items():
            for rule in _speaking(patients.rules, hook):
                if _indicator(rule) is Indicator.INFO:
                    continue
                for fact in sorted(_facts_behind(rule, patients)):
                    witness = self._silenced(hook, patients, rule, fact)
                    if witness is not None:
                        yield Breach(
                            f"{rule.id} is silenced when {fact} is unknown, and no card names it", hook, witness
                        )

    def _silenced(self, hook: str, patients: Patients, rule: Rule, fact: str) -> dict[str, Finding] | None:
        if not patients.rests_on_words_about_the_record(rule, fact):
            return None
        missing, naming = patients.with_unknown(fact)
        named = z3.Or([missing(patients.speaks(other)) for other in naming] or [z3.BoolVal(val=False)])
        ruled_out = z3.Not(missing(patients.possibly(rule.when)))
        return self._ask(hook, patients.speaks(rule), missing.defined, ruled_out, z3.Not(named))


def _solver(patients: Patients) -> z3.Solver:
    solver = z3.Solver()
    solver.add(*patients.constraints)
    return solver


def _speaking(rules: Sequence[Rule], hook: str) -> list[Rule]:
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


def _facts_behind(rule: Rule, patients: Patients) -> set[str]:
    """The facts a rule rests on, through conclusions."""
    facts: set[str] = set()
    waiting, seen = list(rule.reads), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in patients.concluding:
            waiting.extend(read for concluding in patients.concluding[name] for read in concluding.reads)
        else:
            facts.add(name)
    return facts


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
    return (proof for proof in prover.prove() if only is None or proof.id == only)


def witness_lines(breach: Breach) -> list[str]:
    """The patient of a breach, a line for every finding that says something."""
    return [told(finding) for finding in breach.witness.values()]


def told(finding: Finding) -> str:
    """A finding of a witness in one line."""
    if finding.status is not Status.PRESENT or (finding.low is None and finding.high is None):
        return f"{finding.name}: {finding.status}"
    unit = f" {finding.unit}" if finding.unit else ""
    if finding.value is not None:
        return f"{finding.name}: {finding.value}{unit}"
    low, high = ("any" if limit is None else str(limit) for limit in (finding.low, finding.high))
    return f"{finding.name}: from {low} to {high}{unit}"
