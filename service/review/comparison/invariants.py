"""Invariants of a comparison: what a change can reach is proved again under the second rule set."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from service.knowledge.invariants import FILE, Invariants, load_invariants
from service.knowledge.model import possible_states
from service.review.comparison.model import BrokenInvariant, Comparison
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
    invariants = invariants_of(after)
    concerning = frozenset(one.id for one in comparison.rules)
    prover = Prover(after.knowledge, invariants, None if _all_again(comparison, before, after) else concerning)
    proofs = list(prover.prove())
    broken = tuple(
        BrokenInvariant(proof.id, proof.says, breach.text, breach.witness)
        for proof in proofs
        for breach in proof.breaches
    )
    return replace(comparison, invariants=len(proofs), broken=broken)


def _all_again(comparison: Comparison, before: RuleSet, after: RuleSet) -> bool:
    facts = before.knowledge.facts, after.knowledge.facts
    return (
        before.files.get(FILE) != after.files.get(FILE)
        or any(one.after is None for one in comparison.rules)
        or any(
            possible_states(facts[0][name]) != possible_states(facts[1][name])
            for name in facts[0].keys() & facts[1].keys()
        )
    )


def invariants_of(rule_set: RuleSet) -> Invariants:
    """The invariants that a rule set states."""
    with tempfile.TemporaryDirectory(prefix="sciatica-cds-") as name:
        (Path(name) / FILE).write_bytes(rule_set.files[FILE])
        return load_invariants(Path(name), rule_set.knowledge)
