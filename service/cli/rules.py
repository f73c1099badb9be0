"""Commands for those who write and review rules."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.config import PREFIX, PROJECT
from service.knowledge.loader import load

if TYPE_CHECKING:
    from service.knowledge.model import Rule
    from service.review.mutation import Result

rules_option = click.option(
    "--rules",
    "rules_folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    # The folder that the service itself would load: an approval must not go to another one.
    envvar=f"{PREFIX}RULES",
    default=PROJECT / "rules",
    help="The folder of rule files; that of SCIATICA_CDS_RULES, or else the shipped ones.",
)


@click.command()
@rules_option
@click.option("--notes/--no-notes", default=False, help="Show notes too, not only errors and warnings.")
@click.option("--explain", "check_id", metavar="CHECK", help="Print the page of help of one check and end.")
def lint(rules_folder: Path, *, notes: bool, check_id: str | None) -> None:
    """Check the rule files: shape, references, citations, examples, wording. Ends with 1 on errors or warnings."""
    from service.knowledge.checks import CHECKS, Severity, run_checks
    from service.knowledge.checks.pages import pages

    if check_id is not None:
        if check_id not in CHECKS:
            raise click.UsageError(f"there is no check {check_id}; there are {', '.join(CHECKS)}")
        click.echo(pages()[f"{check_id}.md"])
        return
    knowledge = load(rules_folder)
    problems = run_checks(knowledge, datetime.now(UTC).date())
    serious = [problem for problem in problems if problem.severity is not Severity.NOTE]
    for problem in problems if notes else serious:
        click.echo(str(problem))
    click.echo(
        f"{len(knowledge.rules)} rules, {len(knowledge.facts)} facts, {len(knowledge.value_sets)} value sets, "
        f"{len(knowledge.sources)} sources, {len(CHECKS)} checks: {len(serious)} problem(s), "
        f"{len(problems) - len(serious)} note(s); digest {knowledge.digest[:12]}"
    )
    sys.exit(1 if serious else 0)


@click.command()
@rules_option
@click.option("--all", "show_all", is_flag=True, help="List every rule, not only those with gaps.")
def coverage(rules_folder: Path, *, show_all: bool) -> None:
    """Which conditions the examples saw true, false and unknown, per rule. Ends with 1 below 100 %."""
    from service.knowledge.coverage import coverage as coverage_of

    covered = coverage_of(load(rules_folder))
    for rule in covered:
        if show_all or rule.missing:
            click.echo(f"{rule.rule}: {rule.wanted - rule.missing} of {rule.wanted}")
        for leaf in rule.leaves:
            for value in sorted(leaf.missing, key=lambda truth: truth.value):
                click.echo(f"    '{leaf.leaf}' was never seen {value.name.lower()}")
        for limit in rule.limits:
            for side in limit.missing:
                click.echo(f"    '{limit.leaf}' has no example {side} {limit.limit}")
    wanted = sum(rule.wanted for rule in covered)
    seen = wanted - sum(rule.missing for rule in covered)
    click.echo(
        f"{seen} of {wanted} states of conditions and sides of limits seen ({100 * seen / max(wanted, 1):.1f} %)"
    )
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
        start, end = (re.search(rf"^{key}:", text, re.MULTILINE) for key in ("examples", "history"))
        if start is None or end is None:
            raise click.UsageError(f"{file.name} has no examples: before its history:")
        file.write_text(text[: start.start()] + block + text[end.start() :], encoding="utf-8")
        click.echo(f"{file.name}: {block.count('expect:')} examples")


@click.command()
@rules_option
@click.option("--invariant", "only", metavar="NAME", help="Prove only this invariant.")
def prove(rules_folder: Path, only: str | None) -> None:
    """Prove rules/invariants.yaml for every possible patient. A broken invariant prints a witness."""
    from service.review.proof import prove_all, witness_lines

    failures = 0
    for proof in prove_all(rules_folder, only=only):
        failures += not proof.holds
        click.echo(f"{'proved' if proof.holds else 'BROKEN'}  {proof.id}: {proof.says}")
        for breach in proof.breaches:
            click.echo(f"    {breach.text}" + (f" [{breach.hook}]" if breach.hook else ""))
            for line in witness_lines(breach):
                click.echo(f"        {line}")
    sys.exit(1 if failures else 0)


@click.command()
@rules_option
@click.option("--sample", default=1, show_default=True, type=click.IntRange(1), help="Plant only every n-th fault.")
@click.option("--floor", default=98.0, show_default=True, help="The share in per cent below which the command fails.")
@click.option("--charts-only", is_flag=True, help="Ask stories and vignettes alone, no example of a rule.")
@click.option("--rule", "only", metavar="RULE", multiple=True, help="Show the faults of these rules only.")
def mutate(rules_folder: Path, *, sample: int, floor: float, charts_only: bool, only: tuple[str, ...]) -> None:
    """Plant faults into the rules and see whether examples, stories and vignettes notice. Lists those that slip by.

    With --charts-only the share of the rules that warn of red flags and of contraindications is given apart.
    """
    from service.cli.stories import example_services, read_stories, story_case
    from service.cli.vignettes import read_vignettes, vignette_case
    from service.review.mutation import plant_and_look

    services = example_services(rules_folder)
    knowledge = services.prepared.knowledge
    cases = [story_case(services, story) for story in read_stories()]
    cases += [vignette_case(services, vignette) for vignette in read_vignettes()]
    result = plant_and_look(knowledge, cases, every=sample, examples=not charts_only)
    for mutant in result.survivors:
        if not only or mutant.rule.id in only:
            click.echo(f"{mutant.rule.id}: {mutant.fault}: nothing notices")
    click.echo(_share("planted faults", result))
    if charts_only:
        alarming = {rule.id for rule in knowledge.rules if _is_alarm(rule)}
        click.echo(_share("of them in rules of red flags and contraindications", result.among(alarming)))
    sys.exit(0 if 100 * result.share >= floor else 1)


def _is_alarm(rule: Rule) -> bool:
    """Whether a rule warns of a red flag or of a contraindication, or finds one for others."""
    if rule.card is None:
        return rule.phase == "1_red_flags" or str(rule.concludes).endswith("contraindicated")
    return rule.phase in ("1_red_flags", "3_safety") and rule.card.indicator.value == "critical"


def _share(what: str, result: Result) -> str:
    noticed = len(result.planted) - len(result.survivors)
    return f"{noticed} of {len(result.planted)} {what} noticed ({100 * result.share:.1f} %)"


@click.command()
@rules_option
@click.option("--write", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write the page into this file.")
def topics(rules_folder: Path, page: Path | None) -> None:
    """Print where each claim of the article stands: its verdict, evidence, rules and the facts they read."""
    from service.knowledge.topics import load_topics
    from service.review.topics import topics_page

    knowledge = load(rules_folder)
    text = topics_page(knowledge, load_topics(rules_folder, knowledge))
    if page is None:
        click.echo(text, nl=False)
        return
    page.write_text(text, encoding="utf-8")
    click.echo(f"{page.name} written")
