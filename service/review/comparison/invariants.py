"""Invariants of a comparison: what a change can reach is proved again under the second rule set."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.knowledge.invariants import FILE, Invariants, load_invariants
from service.knowledge.model import possible_states
from service.review.comparison.model import BrokenInvariant, Comparison, RuleComparison
from service.review.comparison.origin import RuleSet
from service.review.proof import Prover


def with_invariants(comparison: Comparison, before: RuleSet, after: RuleSet) -> Comparison:
    """The comparison with the invariants that do not hold under the second rule set, each with a patient.

    A rule that no change can reach keeps what was proved of it, so only what involves the others is asked. Everything
    is asked where the invariants themselves changed, a rule was removed or a fact can have other states. Nothing is
    asked where nothing differs, or where the second rule set states no invariants.
    """
    if not after.has_invariants or not (comparison.rules or _all_again(comparison, before, after)):
        return comparison
    concerning = None if _all_again(comparison, before, after) else frozenset(one.id for one in comparison.rules)
    proofs = list(Prover(after.knowledge, invariants_of(after), concerning).prove())
    known = _broken_before(before, [proof.id for proof in proofs if not proof.holds])
    broken = tuple(
        BrokenInvariant(proof.id, proof.says, breach.text, breach.witness, already=(proof.id, breach.text) in known)
        for proof in proofs
        for breach in proof.breaches
    )
    return replace(comparison, invariants=len(proofs), broken=broken)


def _broken_before(before: RuleSet, names: Sequence[str]) -> set[tuple[str, str]]:
    """In which ways these invariants did not hold under the first rule set either, as (invariant, how)."""
    if not names or not before.has_invariants:
        return set()
    prover = Prover(before.knowledge, invariants_of(before))
    return {(proof.id, breach.text) for name in names for proof in prover.prove(name) for breach in proof.breaches}


def _all_again(comparison: Comparison, before: RuleSet, after: RuleSet) -> bool:
    """Whether what was proved of a rule that no change reaches may depend on something that is gone."""
    facts, others = before.knowledge.facts, after.knowledge.facts
    both = facts.keys() & others.keys()
    return (
        before.files.get(FILE) != after.files.get(FILE)
        or any(_lost_something(one) for one in comparison.rules)
        or any(possible_states(facts[name]) != possible_states(others[name]) for name in both)
    )


def _lost_something(one: RuleComparison) -> bool:
    """Whether a rule is gone, or gone from a hook."""
    return one.before is not None and (one.after is None or bool(set(one.before.hooks) - set(one.after.hooks)))


def invariants_of(rule_set: RuleSet) -> Invariants:
    """The invariants that a rule set states."""
    with tempfile.TemporaryDirectory(prefix="sciatica-cds-") as name:
        (Path(name) / FILE).write_bytes(rule_set.files[FILE])
        return load_invariants(Path(name), rule_set.knowledge)
