"""What must be unsatisfiable for the gate of a hook to be right, put to the solver by ``proof.py``.

The gate is worked out when rules are loaded, by following sets of states through the strata (``engine/possible.py``).
Here the same is asked in another way: is there a patient of whom nothing is known that the gate looks for, and
something can be said all the same? And of the chart: can a fact be otherwise without a key that is looked for?
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import z3

from service.decision.gate import Basis, basis_of, complete_lists, spoken
from service.engine.patterns import ABSENT, STATUS_NUMBER, Scale
from service.finding import Finding
from service.knowledge.concern import concerning
from service.knowledge.invariants import NothingToSay
from service.knowledge.model import Condition, Knowledge, Leaf, Word
from service.record.chart.index import ORDER
from service.record.derive import Derivation
from service.review.symbolic import Patients

GATES_ARE_RIGHT = NothingToSay(
    "nothing-to-say-is-nothing-missed", "What the gate of a hook lets pass has nothing to say and misses no check.", ()
)
"""What is proved of a rule set that states nothing about its gates."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One way in which a gate could be wrong: for a patient for whom the formulas hold, or in any case (a fault)."""

    says: str
    formulas: tuple[z3.BoolRef, ...]
    about: tuple[str, ...] = ()
    is_fault: bool = False


_NOBODY = (z3.BoolVal(val=False),)


def gates_of(knowledge: Knowledge) -> Callable[[str], Basis | None]:
    """What the gate of a hook depends on, as it follows from the rules."""
    derivation = Derivation(knowledge)
    return lambda hook: basis_of(knowledge, derivation, hook)


def conditions_of_gates(knowledge: Knowledge) -> Iterator[Condition]:
    """Conditions on the findings that say whether anybody is concerned, for a hook of which no rule reads them."""
    return (Leaf(name, Word.PRESENT) for name in concerning(knowledge))


def doubts(patients: Patients, hook: str, basis: Basis | None) -> Iterator[Doubt]:
    """All that must be impossible for the gate of a hook to be right."""
    derivation = Derivation(patients.knowledge)
    empty = derivation.without_entries(complete_lists(patients.knowledge))
    if basis is None:
        # Why there is none: somebody of whom nothing is on the chart, and of whom something is said.
        nothing = [empty[name] for name in sorted(derivation.decided_by_keys)]
        yield from _said(patients, hook, nothing, f"with nothing on the chart on {hook}")
        yield Doubt(f"{hook} has no gate: an empty chart is not enough", _NOBODY, is_fault=True)
        return
    yield from _not_by_keys(derivation, basis)
    yield from _said(patients, hook, basis.facts, f"the gate of {hook} lets pass")


def _not_by_keys(derivation: Derivation, basis: Basis) -> Iterator[Doubt]:
    """Facts that may be otherwise while nothing is on the chart that the gate looks for."""
    for finding in basis.facts:
        if finding.name not in derivation.decided_by_keys:
            says = f"the gate of {basis.hook} rests on {finding.name}, which does not go by its keys alone"
            yield Doubt(says, _NOBODY, is_fault=True)
        elif missed := derivation.concerns(finding.name) - basis.keys - {ORDER}:
            type_, name = min(missed)
            says = f"the gate of {basis.hook} rests on {finding.name} and does not look for {type_} in {name}"
            yield Doubt(says, _NOBODY, is_fault=True)


def _said(patients: Patients, hook: str, empty: Iterable[Finding], begin: str) -> Iterator[Doubt]:
    knowledge = patients.knowledge
    said = spoken(knowledge, patients.rules, hook)
    empty = tuple(empty)
    given = [_as_it_is(patients, finding) for finding in empty if finding.name in patients.facts]
    about = tuple(finding.name for finding in empty if finding.name in patients.facts)
    shown = [patients.is_shown(rule) for rule in said.rules] + [patients.possibly(rule.when) for rule in said.reaching]
    yield Doubt(f"{begin}: a card may be due", (*given, z3.Or(shown)), about)
    undecided = z3.Or([patients.possibly(rule.when) for rule in said.warning])
    concerned = [patients.symbol(name).status.is_not(ABSENT) for name in said.concerning]
    missed = (undecided, z3.Or(concerned)) if concerned else (undecided,)
    yield Doubt(f"{begin}: a check may be missed", (*given, *missed), (*about, *said.concerning))


def _as_it_is(patients: Patients, finding: Finding) -> z3.BoolRef:
    symbol, scale = patients.symbol(finding.name), patients.scales.get(finding.name, Scale(()))
    low, high = scale.interval(finding)
    return z3.And(symbol.status.is_(STATUS_NUMBER[finding.status]), symbol.low.is_(low), symbol.high.is_(high))
