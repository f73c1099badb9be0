"""The command that writes the rule book as pages."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.rules import rules_option
from service.config import read_settings
from service.knowledge.loader import load


@click.command()
@rules_option
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to; it must be new or empty.",
)
def book(rules_folder: Path, out: Path) -> None:
    """Write the rule book as a folder of pages that open from a disk, without a server.

    Every rule, finding, value set and source has a page, and beside it the same as JSON. The page of a rule prints for
    signature. Begin with index.html.
    """
    from service.review.approvals import approval_states
    from service.web.pages.book import write_book

    if out.is_dir() and any(out.iterdir()):
        raise click.UsageError(f"{out} is not empty: pages of another rule set would stay in the book")
    knowledge = load(rules_folder, read_settings().knowledge_settings)
    approvals = {one.rule: one.present for one in approval_states(rules_folder, knowledge)}
    pages = write_book(knowledge, approvals, out)
    click.echo(f"{out / 'index.html'}: {pages} pages of rule set {knowledge.digest[:12]}")
