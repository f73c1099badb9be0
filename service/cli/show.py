"""``show``: one thing of the rule set on one page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markdown import Markdown

from service.cli.output import echo_json, json_option
from service.cli.rules import rules_named, rules_option
from service.config import read_settings
from service.knowledge.digest import canonical, reviewed_content, rule_digest
from service.knowledge.loader import load
from service.knowledge.model import Knowledge


@click.command()
@click.argument("name", metavar="RULE, FACT or SOURCE")
@rules_option
@json_option
def show(name: str, rules_folder: Path, *, as_json: bool) -> None:
    """Show everything that a signature under a RULE covers on one page; or one FACT, or one SOURCE.

    The page of a rule holds its logic in sentences, its variants, the statements with the state of their sources, what
    silence means for every fact, orders and codes. Piped, it is Markdown; --json is the content itself, of a
    rule exactly what its digest is taken of.
    """
    from service.review.signing_page import fact_page, rule_page, source_page

    knowledge = load(rules_folder, read_settings().knowledge_settings)
    if as_json:
        echo_json(_content(knowledge, name))
        return
    if name in knowledge.facts:
        page = fact_page(knowledge, knowledge.facts[name])
    elif name in knowledge.sources:
        page = source_page(knowledge, knowledge.sources[name])
    else:
        page = rule_page(knowledge, rules_named(knowledge, name, [*knowledge.facts, *knowledge.sources]))
    if sys.stdout.isatty():
        Console().print(Markdown(page))
    else:
        click.echo(page, nl=False)


def _content(knowledge: Knowledge, name: str) -> Any:
    thing = knowledge.facts.get(name) or knowledge.sources.get(name)
    if thing is not None:
        return canonical(thing)
    rules = rules_named(knowledge, name, [*knowledge.facts, *knowledge.sources])
    return [{"digest": rule_digest(knowledge, rule.id), **reviewed_content(knowledge, rule.id)} for rule in rules]
