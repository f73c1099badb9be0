"""What stands against signing a rule: an issue of its files, an example that does not hold, a broken invariant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from service.knowledge.allowed_rules import unapproved_behind
from service.knowledge.checks import Severity, run_checks
from service.knowledge.model import Knowledge, Rule
from service.review.examples import run_examples
from service.review.proof import prove_all, witness_lines


def objections(folder: Path, knowledge: Knowledge, rules: frozenset[str], today: date) -> Iterator[str]:
    """Every objection to signing these rules, in words.

    Issues of lint count where they lie in the file of one of the rules; an invariant counts whatever breaks it,
    because what is signed must be safe together with everything else that is served.
    """
    files = {_file(rule) for rule in knowledge.rules if rule.id in rules}
    for issue in run_checks(knowledge, today):
        if issue.severity is not Severity.INFORMATION and issue.path.partition(":")[0] in files:
            yield f"lint: {issue.line()}"
    for result in run_examples(knowledge):
        if result.rule.id in rules and not result.right:
            yield f"example of {result.rule.id}: {result.example.name}: {result.gives}, not {result.example.expect}"
    if not (folder / "invariants.yaml").is_file():
        return
    for proof in prove_all(folder):
        for breach in proof.breaches:
            lines = "; ".join(witness_lines(breach))
            yield f"invariant {proof.id}: {breach.text}" + (f" ({lines})" if lines else "")


def with_foundations(knowledge: Knowledge, rule: Rule) -> tuple[str, ...]:
    """The rule and the conclusion rules it depends on that are not approved yet, what it depends on first."""
    waiting = unapproved_behind(knowledge, rule) | {rule.id}
    return (*tuple(each.id for each in knowledge.rules if each.id in waiting and each.id != rule.id), rule.id)


def _file(rule: Rule) -> str:
    return rule.at.partition(":")[0]
