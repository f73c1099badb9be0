"""The command that checks rule files, for a person and for a build server."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.comparing import both
from service.cli.rules import rules_option
from service.knowledge.loader import load
from service.knowledge.model import Knowledge

if TYPE_CHECKING:
    from service.errors import Issue


@click.command()
@rules_option
@click.option("--notes/--no-notes", default=False, help="Show notes too, not only errors and warnings.")
@click.option("--explain", "check_id", metavar="CHECK", help="Print the page of help of one check and end.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as a JSON list; --format json is the same.")
@click.option("--since", metavar="REF|PACK", help="Refuse rules that differ from that rule set under one version.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github", "json", "junit", "sarif"]),
    default="text",
    show_default=True,
    help="For a person, or for a build server.",
)
def lint(rules_folder: Path, since: str | None, form: str, *, notes: bool, check_id: str | None, as_json: bool) -> None:
    """Check the rule files: shape, references, citations, examples, wording. Ends with 1 on errors or warnings."""
    from service.knowledge.checks import CHECKS, Severity, run_checks
    from service.knowledge.checks.pages import pages

    if check_id is not None:
        if check_id not in CHECKS:
            raise click.UsageError(f"there is no check {check_id}; there are {', '.join(CHECKS)}")
        click.echo(pages()[f"{check_id}.md"])
        return
    knowledge = load(rules_folder)
    issues = [*_since(knowledge, rules_folder, since), *run_checks(knowledge, datetime.now(UTC).date())]
    serious = [issue for issue in issues if issue.severity is not Severity.INFORMATION]
    shown = issues if notes else serious
    if as_json or form != "text":
        from service.review.lint_report import FORMATS

        click.echo(FORMATS["json" if as_json else form](shown, _in_project(rules_folder)))
        sys.exit(1 if serious else 0)
    for issue in shown:
        click.echo(issue.line())
    click.echo(
        f"{len(knowledge.rules)} rules, {len(knowledge.facts)} facts, {len(knowledge.value_sets)} value sets, "
        f"{len(knowledge.sources)} sources, {len(CHECKS)} checks: {len(serious)} problem(s), "
        f"{len(issues) - len(serious)} note(s); digest {knowledge.digest[:12]}"
    )
    sys.exit(1 if serious else 0)


def _since(knowledge: Knowledge, rules_folder: Path, since: str | None) -> list[Issue]:
    """The rules that changed since another rule set without a new version; none where no other is named."""
    if since is None:
        return []
    from service.review.lint_report import unraised

    before, _ = both((since, str(rules_folder)), rules_folder, None)
    return unraised(before.knowledge, knowledge)


def _in_project(folder: Path) -> str:
    """The folder as a build server writes it: relative to where the command runs, when it lies below."""
    absolute, here = folder.resolve(), Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else absolute.as_posix()
