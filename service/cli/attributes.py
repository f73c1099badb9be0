"""The source attributes of rules, on the command line."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from service.cli.rules import rules_option
from service.knowledge.loader import load


@click.command()
@rules_option
@click.option("--rule", "rule_id", metavar="ID", help="One rule.")
@click.option("--json", "as_json", is_flag=True, help="Print what /dsi answers.")
def dsi(rules_folder: Path, rule_id: str | None, *, as_json: bool) -> None:
    """Source attributes (US HTI-1) of each rule: citations, developer, funding, dates, which sensitive data it uses.

    What data a rule uses is computed from the facts it reads.
    """
    from service.review.source_attributes import source_attributes

    attributes = source_attributes(load(rules_folder))
    if rule_id is not None:
        attributes["rules"] = [rule for rule in attributes["rules"] if rule["rule"] == rule_id]
        if not attributes["rules"]:
            raise click.UsageError(f"no rule {rule_id} shows a card")
    if as_json:
        click.echo(orjson.dumps(attributes, option=orjson.OPT_INDENT_2).decode())
        return
    for rule in attributes["rules"]:
        click.echo(f"{rule['rule']} {rule['version']}: {rule['title']}")
        for source in rule["bibliographic_citations"]:
            click.echo(f"    {source['citation']} (funding: {source['funding']})")
        dates = ", ".join(rule["revision_dates"]) or "none"
        click.echo(f"    developer {rule['developer']}; funding {rule['funding_source']}")
        click.echo(f"    released {rule['release_date']}, revised {dates}")
        for name, because in rule["because_of"].items():
            click.echo(f"    uses {name.replace('_', ' ')}: {', '.join(because)}")
