"""The command that writes the rule set in the standards of others."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.rules import rules_option
from service.knowledge.loader import load

_NEW = click.Path(dir_okay=False, path_type=Path)


@click.command()
@rules_option
@click.option("--format", "form", type=click.Choice(["cql"]), required=True, help="cql: every rule as HL7 CQL.")
@click.option("--out", type=_NEW, help="Where to write; NAME-VERSION here by default.")
def export(rules_folder: Path, form: str, out: Path | None) -> None:
    """Write the rule set for engines and repositories that are not ours."""
    from service.review.export.cql import cql, not_told

    knowledge = load(rules_folder)
    path = out or Path(f"{knowledge.name}-{knowledge.version}.{form}")
    path.write_text(cql(knowledge), encoding="utf-8")
    click.echo(f"{path}: {len(knowledge.rules)} rules of rule set {knowledge.digest[:12]}. Not told in it:")
    for sentence in not_told(knowledge):
        click.echo(f"- {sentence}")
