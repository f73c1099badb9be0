"""The command that writes the rule set in the standards of others."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.rules import rules_option
from service.knowledge.loader import load

_NEW = click.Path(dir_okay=False, path_type=Path)
_KEY = click.Path(exists=True, dir_okay=False, path_type=Path)
_SUFFIXES = {"cql": "cql", "cpg": "tgz"}


@click.command()
@rules_option
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(_SUFFIXES)),
    required=True,
    help="cql: every rule as HL7 CQL; cpg: a FHIR package of PlanDefinition, Library, ValueSet and more.",
)
@click.option("--canonical", metavar="URL", help="The address under which the resources are published (cpg).")
@click.option("--key", "key_file", type=_KEY, help="Sign the records of approvals with this private key (cpg).")
@click.option("--out", type=_NEW, help="Where to write; NAME-VERSION here by default.")
def export(rules_folder: Path, form: str, canonical: str | None, key_file: Path | None, out: Path | None) -> None:
    """Write the rule set for engines and repositories that are not ours."""
    from service.review.approvals import approval_states
    from service.review.export.cql import cql, not_exported
    from service.review.export.metadata import DEFAULT_BASE, Publication
    from service.review.export.package import package
    from service.review.signatures import private_key

    knowledge = load(rules_folder)
    path = out or Path(f"{knowledge.name}-{knowledge.version}.{_SUFFIXES[form]}")
    if form == "cql":
        path.write_text(cql(knowledge), encoding="utf-8")
    else:
        approvals = {one.rule: one.present for one in approval_states(rules_folder, knowledge)}
        signer = private_key(key_file).sign if key_file is not None else None
        path.write_bytes(package(Publication(knowledge, canonical or DEFAULT_BASE, approvals, signer)))
    click.echo(f"{path}: {len(knowledge.rules)} rules of rule set {knowledge.digest[:12]}. Not told in it:")
    for sentence in not_exported(knowledge):
        click.echo(f"- {sentence}")
