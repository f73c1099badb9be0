"""``request``: the body of a call that makes a given rule fire, or just not fire, to try a rule in one line."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import click
import orjson

from service.config import Settings
from service.knowledge.model import Rule
from service.knowledge.schemas.fields import did_you_mean
from service.protocol.evaluation import Services
from service.record.releases.fhir_classes import Release
from service.testkit.example_request.request_for_rule import (
    ExampleRequest,
    ExampleRequests,
    SettingsNeededError,
    near_misses,
)

# R4B and R4 are written alike.
_RELEASES = {"R4": Release.R4, "R4B": Release.R4, "R5": Release.R5}


@click.command("request")
@click.option("--rule", "rule_id", metavar="ID", required=True, help="The rule that is to fire.")
@click.option("--hook", metavar="NAME", help="One of the hooks of the rule; its first by default.")
@click.option(
    "--near-miss", "miss", metavar="N", type=click.IntRange(1), help="The Nth case in which it does not fire."
)
@click.option("--list", "listed", is_flag=True, help="List the near misses of the rule instead.")
@click.option("--release", type=click.Choice(list(_RELEASES)), default="R4", show_default=True)
def request(rule_id: str, *, hook: str | None, miss: int | None, listed: bool, release: str) -> None:
    """Print a complete, valid request body that makes a rule fire now; what it is about goes to standard error.

    The body is built from the examples inside the rule and tried before it is printed. Dates are relative to now, so
    make a new one rather than keep it.

    \b
    sciatica-cds request --rule sf-nsaid-anticoagulant --hook order-sign > call.json
    sciatica-cds request --rule sf-nsaid-anticoagulant --near-miss 2
    """  # noqa: D301  # click reads the backspace
    from service import make_services
    from service.config import read_settings

    settings = read_settings()
    services = make_services(settings)
    rule = _rule(services, rule_id)
    hook = _hook(services, rule, hook)
    if listed:
        for number, example in enumerate(near_misses(rule), 1):
            click.echo(f"{number:3}  {example.name} ({example.expect})")
        return
    now = datetime.now(UTC)
    try:
        made = _made(ExampleRequests(services, now, _RELEASES[release]), rule, hook, miss)
    except SettingsNeededError as error:
        names = ", ".join(f"SCIATICA_CDS_{name.upper()}={value}" for name, value in error.settings.items())
        click.echo(f"This rule applies only where the service is set up with {names}.", err=True)
        services = make_services(_set_up(settings, error.settings))
        made = _made(ExampleRequests(services, now, _RELEASES[release]), rule, hook, miss)
    _say(made, hook, services)
    sys.stdout.buffer.write(orjson.dumps(made.body, option=orjson.OPT_INDENT_2) + b"\n")


def _set_up(settings: Settings, wanted: Mapping[str, str]) -> Settings:
    return replace(
        settings,
        jurisdiction=wanted.get("jurisdiction", settings.jurisdiction),
        drug_safety_scope=wanted.get("drug_safety_scope", settings.drug_safety_scope),
    )


def _rule(services: Services, rule_id: str) -> Rule:
    rule = next((one for one in services.prepared.knowledge.rules if one.id == rule_id), None)
    if rule is None:
        hint = did_you_mean(rule_id, [one.id for one in services.prepared.knowledge.rules])
        raise click.UsageError(f"there is no rule {rule_id}" + (f"; {hint}" if hint else ""))
    if rule.card is None:
        raise click.UsageError(f"{rule_id} draws a conclusion and has no card; try a rule that reads it")
    return rule


def _hook(services: Services, rule: Rule, hook: str | None) -> str:
    offered = {service.hook for service in services.offered.values()}
    hooks = [name for name in rule.hooks if name in offered]
    if hook is not None and hook not in hooks:
        raise click.UsageError(f"{rule.id} runs on {', '.join(hooks)}")
    if not hooks:
        raise click.UsageError(f"no service is offered for the hooks of {rule.id}")
    return hook or hooks[0]


def _made(example_requests: ExampleRequests, rule: Rule, hook: str, miss: int | None) -> ExampleRequest:
    if miss is None:
        return example_requests.firing(rule, hook)
    misses = near_misses(rule)
    if miss > len(misses):
        raise click.UsageError(f"{rule.id} has {len(misses)} near misses; --list shows them")
    return example_requests.missing(rule, hook, misses[miss - 1])


def _say(made: ExampleRequest, hook: str, services: Services) -> None:
    service = next(one for one in services.offered.values() if one.hook == hook)
    what = "fires" if made.fired else f"does not fire ({made.example.expect})"
    click.echo(f"{made.rule.id} {what}: {made.example.name}. Send it to /cds-services/{service.id}", err=True)
