"""The proof of the gate: rules or a gate broken on purpose are refused, with a patient who shows why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from msgspec.structs import replace as replaced

from service.decision.gate import Basis, basis_of
from service.finding import Finding, Status
from service.knowledge.model import Knowledge, Leaf, Word
from service.record.chart.index import ORDER
from service.record.derive import Derivation
from service.review.proof import Breach, Prover
from tests.rules_in_python import is_
from tests.thoroughness import THOROUGH, some_of
from tests.unit.review.test_proof import changed, invariants, on, shipped

HOOK = "problem-list-item-create"
STATEMENT = "nothing-to-say-is-nothing-missed"


@cache
def gate_of_shipped() -> Basis:
    found = basis_of(shipped(), Derivation(shipped()), HOOK)
    assert found is not None
    return found


def breaches(knowledge: Knowledge, gate: Basis | None = None, hook: str = HOOK) -> tuple[Breach, ...]:
    """What is wrong with the gate of one hook: the one given, or that of the rules."""
    gates = None if gate is None else (lambda _hook: gate)
    (proof,) = Prover(on(hook, knowledge), invariants(), gates=gates).prove(STATEMENT)
    return proof.breaches


def test_the_gate_of_the_shipped_rules_is_proved() -> None:
    assert breaches(shipped()) == ()


def test_a_rule_that_speaks_without_anything_about_the_back_is_refused_under_the_gate_of_before() -> None:
    result = changed("rf-cauda-equina-suspected", lambda rule: replace(rule, when=is_("diabetes")))
    found = breaches(result, gate_of_shipped())
    assert found
    assert any(breach.witness["diabetes"].status is Status.PRESENT for breach in found if "diabetes" in breach.witness)


def test_a_rule_that_speaks_of_a_chart_with_nothing_on_it_leaves_a_named_hook_without_a_gate() -> None:
    always = changed("rf-cauda-equina-suspected", lambda rule: replace(rule, when=Leaf("diabetes", Word.NOT_PRESENT)))
    assert basis_of(always, Derivation(always), HOOK) is None
    assert any("has no gate" in breach.text for breach in breaches(always))


def test_a_gate_that_looks_for_too_little_is_refused() -> None:
    keys = frozenset(key for key in gate_of_shipped().keys if key != ("Condition", "cond-sciatica"))
    found = breaches(shipped(), replace(gate_of_shipped(), keys=keys))
    assert found
    assert all("does not look for Condition in cond-sciatica" in breach.text for breach in found)


def test_a_gate_that_counts_on_too_few_facts_is_refused_with_a_patient() -> None:
    fewer = tuple(fact for fact in gate_of_shipped().facts if fact.name != "back-or-leg-pain")
    found = breaches(shipped(), replace(gate_of_shipped(), facts=fewer))
    assert any(breach.witness["back-or-leg-pain"].status is not Status.ABSENT for breach in found)


def looked_for(hooks: Iterable[str]) -> Iterator[tuple[str, Basis, Finding]]:
    """Each fact that the gate of some hooks looks for on the chart."""
    derivation = Derivation(shipped())
    for hook in hooks:
        gate = basis_of(shipped(), derivation, hook)
        assert gate is not None
        yield from ((hook, gate, fact) for fact in gate.facts if derivation.concerns(fact.name) - {ORDER})


def test_each_fact_that_a_gate_looks_for_is_missed_when_it_is_dropped() -> None:
    """A fault in how gates are worked out that loses one fact is refused with a patient for whom a card is due."""
    all_hooks = sorted({service.hook for service in shipped().services.values()})
    hooks = all_hooks if THOROUGH else ["patient-view"]
    dropped = list(some_of(looked_for(hooks), 4))
    assert len(dropped) > 1
    for hook, gate, fact in dropped:
        fewer = replace(gate, facts=tuple(one for one in gate.facts if one is not fact))
        assert any(_speaks_of(fact, breach) for breach in breaches(shipped(), fewer, hook)), (hook, fact.name)


def _speaks_of(dropped: Finding, breach: Breach) -> bool:
    return dropped.name in breach.witness and breach.witness[dropped.name].status is not dropped.status


def test_a_gate_that_rests_on_what_is_never_silent_by_its_keys_is_refused() -> None:
    age = replaced(gate_of_shipped().facts[0], name="age", status=Status.UNKNOWN)
    found = breaches(shipped(), replace(gate_of_shipped(), facts=(*gate_of_shipped().facts, age)))
    assert any("rests on age" in breach.text for breach in found)
