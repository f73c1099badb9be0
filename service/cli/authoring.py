"""Commands with which a rule begins: a file to fill in, and what stands around a rule, a fact or a conclusion."""

from __future__ import annotations

import re
from pathlib import Path

import click

from service.cli.output import echo_json, json_option
from service.cli.rules import rules_named, rules_option
from service.config import read_settings
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.knowledge.schemas.fields import did_you_mean
from service.review.rule_graph import RuleGraph, after_finding, around_rule


@click.group()
def new() -> None:
    """Begin something new: a rule."""


@new.command("rule")
@click.argument("rule_id", metavar="ID")
@click.option("--phase", required=True, help="The phase in which it runs, such as 3_safety.")
@click.option("--write", is_flag=True, help="Write the file and the rule into the order of its phase.")
@rules_option
def new_rule(rule_id: str, phase: str, rules_folder: Path, *, write: bool) -> None:
    """Print a rule file to fill in, with the words of this rule set to choose from.

    What is still to be said stands in it as TO DO: lint refuses the file until all of it is filled in.
    """
    from service.review.rule_template import rule_template, with_rule_in_order

    knowledge = load(rules_folder, read_settings().knowledge_settings)
    phases = [one.id for one in knowledge.phases]
    if phase not in phases:
        raise click.UsageError(f"there is no phase {phase}; {did_you_mean(phase, phases) or ', '.join(phases)}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule_id):
        raise click.UsageError(f"{rule_id} is no id: small letters, digits and single hyphens, such as sf-new-danger")
    if any(rule_id in (rule.id, rule.variant_of) for rule in knowledge.rules):
        raise click.UsageError(f"there is a rule {rule_id} already")
    text = rule_template(knowledge, phase)
    if not write:
        click.echo(text, nl=False)
        return
    header = rules_folder / "ruleset.yaml"
    ordered = with_rule_in_order(header.read_text(encoding="utf-8"), phase, rule_id)
    file = rules_folder / "phases" / phase / f"{rule_id}.yaml"
    file.write_text(text, encoding="utf-8")
    header.write_text(ordered, encoding="utf-8")
    added = f", and its id at the end of the order of {phase}" if rule_id in ordered else ""
    click.echo(f"{file.relative_to(rules_folder)} written{added}.")
    click.echo("Fill in every TO DO, then: sciatica-cds lint, test, table and prove")


@click.command()
@click.argument("name", metavar="RULE, FACT or CONCLUSION")
@rules_option
@json_option
def graph(name: str, rules_folder: Path, *, as_json: bool) -> None:
    """What a RULE rests on, or what depends on a FACT or CONCLUSION, as a Mermaid flowchart (the page /graph draws it).

    Mermaid is what code hosts and many editors draw in Markdown.
    """
    from service.review.rule_graph import as_mermaid

    knowledge = load(rules_folder, read_settings().knowledge_settings)
    found = _graph_of(knowledge, name)
    if as_json:
        edges = [{"from": first, "to": last} for first, last in found.edges]
        echo_json({"nodes": dict(found.layers), "edges": edges, "leftOut": found.left_out})
        return
    for line in as_mermaid(knowledge, found):
        click.echo(line)


def _graph_of(knowledge: Knowledge, name: str) -> RuleGraph:
    if name in knowledge.facts or name in knowledge.conclusions:
        return after_finding(knowledge, name)
    (rule, *_) = rules_named(knowledge, name, [*knowledge.facts, *knowledge.conclusions])
    return around_rule(knowledge, rule)
