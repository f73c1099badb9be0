"""The command that writes rule files in their standard form."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from service.cli.rules import rules_option


@click.command("format")
@rules_option
@click.option("--check", is_flag=True, help="Write nothing; list what is not in its standard form, and end with 1.")
def format_rules(rules_folder: Path, *, check: bool) -> None:
    """Write the files of rules, facts, sources, orders and value sets in their standard form.

    What they say is the same before and after; comments on lines of their own stay.
    """
    from service.review.formatting import format_folder

    changed = format_folder(rules_folder, write=not check)
    for file in changed:
        click.echo(f"{file}: {'not in its standard form' if check else 'written'}")
    if check and changed:
        click.echo("sciatica-cds format writes them.")
    sys.exit(1 if check and changed else 0)
