"""Commands for those who write and review rules."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path

import click

from service.config import PROJECT
from service.knowledge.loader import load

rules_option = click.option(
    "--rules",
    "rules_folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=PROJECT / "rules",
    help="The folder of rule files; the shipped ones by default.",
)


@click.command()
@rules_option
@click.option("--notes/--no-notes", default=False, help="Show notes too, not only errors and warnings.")
@click.option("--explain", "check_id", metavar="CHECK", help="Print the page of help of one check and end.")
def lint(rules_folder: Path, *, notes: bool, check_id: str | None) -> None:
    """Check the rule files: shape, references, citations, examples, wording. Ends with 1 on errors or warnings."""
    from service.knowledge.checks import help_of, run_checks

    if check_id is not None:
        click.echo(help_of(check_id))
        return
    knowledge = load(rules_folder)
    problems = run_checks(knowledge, date.today())
    shown = [problem for problem in problems if notes or problem.severity != "note"]
    for problem in shown:
        hint = f"\n    {problem.hint}" if problem.hint else ""
        click.echo(f"{problem.where}: {problem.severity}: {problem.text} [{problem.check}]{hint}")
    serious = [problem for problem in problems if problem.severity != "note"]
    click.echo(
        f"{len(knowledge.rules)} rules, {len(knowledge.facts)} facts, {len(knowledge.value_sets)} value sets, "
        f"{len(knowledge.sources)} sources: {len(serious)} problem(s), {len(problems) - len(serious)} note(s); "
        f"digest {knowledge.digest[:12]}"
    )
    sys.exit(1 if serious else 0)


@click.command()
@rules_option
@click.option("--all", "show_all", is_flag=True, help="List every rule, not only those with gaps.")
def coverage(rules_folder: Path, *, show_all: bool) -> None:
    """Which conditions the examples saw true, false and unknown, per rule. Ends with 1 below 100 %."""
    from service.knowledge.coverage import coverage_of

    knowledge = load(rules_folder)
    seen = wanted = 0
    for rule in knowledge.rules:
        covered = coverage_of(rule, knowledge)
        seen, wanted = seen + covered.seen, wanted + covered.wanted
        if show_all or covered.gaps:
            click.echo(f"{rule.id}: {covered.seen} of {covered.wanted}")
        for gap in covered.gaps:
            click.echo(f"    {rule.at}: never seen {gap}")
    click.echo(f"{seen} of {wanted} states of conditions seen by examples ({100 * seen / max(wanted, 1):.1f} %)")
    sys.exit(0 if seen == wanted else 1)


@click.command()
@click.argument("rule_ids", nargs=-1, required=True)
@rules_option
@click.option("--write", is_flag=True, help="Put them into the rule files in place of the examples there.")
def propose(rule_ids: tuple[str, ...], rules_folder: Path, *, write: bool) -> None:
    """Propose the examples a rule needs so that each test of its condition is seen deciding.

    What a case is expected to give is computed from the rule itself: compare each with the source
    before you keep it.
    """
    from service.review.proposals import as_yaml, propose_examples

    knowledge = load(rules_folder)
    numeric = frozenset(name for name, fact in knowledge.facts.items() if fact.is_numeric)
    rules = {rule.id: rule for rule in knowledge.rules}
    for rule_id in rule_ids:
        if rule_id not in rules:
            raise click.UsageError(f"there is no rule {rule_id}")
        rule = rules[rule_id]
        block = as_yaml(propose_examples(rule.when, numeric))
        if not write:
            click.echo(block)
            continue
        file = rules_folder / "phases" / rule.phase / f"{rule.id}.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(
            re.sub(r"^examples:.*?(?=^\S)", lambda _: block, text, flags=re.MULTILINE | re.DOTALL), encoding="utf-8"
        )
        click.echo(f"{file.name}: {block.count('expect:')} examples")


@click.command()
@rules_option
@click.option("--invariant", "only", metavar="NAME", help="Prove only this invariant.")
def prove(rules_folder: Path, only: str | None) -> None:
    """Prove rules/invariants.yaml for every possible patient. A broken invariant prints a witness."""
    from service.review.proof import prove_all

    failures = 0
    for result in prove_all(rules_folder, only=only):
        click.echo(result.told())
        failures += not result.holds
    sys.exit(1 if failures else 0)
