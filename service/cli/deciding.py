"""Commands that ask for a decision: the cards of a chart, and why a rule fired or did not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click

from service import make_services
from service.cli.input import read_document, read_time
from service.cli.output import echo_json, json_option
from service.cli.terminal import outcome_as_json, show_cards, show_outcome
from service.config import read_settings
from service.engine.trace import Result
from service.knowledge.schemas.fields import did_you_mean
from service.protocol.bundle_answer import answer
from service.protocol.evaluation import Answered, BundleQuestion, Services, answer_bundle, answer_call
from service.record.input.resource_types import misnamed
from service.record.notes import text_of
from service.testkit.stories import is_request


def question(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say what is asked about a document."""
    for option in reversed(
        (
            click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)),
            click.option(
                "--hook", help="The moment in care to ask for; by default the visit, and the orders when there are any."
            ),
            click.option("--now", metavar="TIME", help="The as-of time, ISO 8601; the present by default."),
            click.option("--patient", metavar="ID", help="Which patient, when the Bundle holds several."),
            click.option(
                "--complete",
                metavar="TYPES",
                help="Resource types whose lists are whole though none occurs here, comma-separated, or 'all'.",
            ),
        )
    ):
        function = option(function)
    return function


def _answered(services: Services, document: Any, asked: dict[str, Any]) -> Answered:
    now = read_time(asked["now"])
    hook = document["hook"] if is_request(document) else asked["hook"]
    found = next((item for item in services.offered.values() if item.hook == hook), None)
    if found is None and (hook is not None or is_request(document)):
        offered = ", ".join(item.hook for item in services.offered.values())
        raise click.UsageError(f"no service answers {hook}; there are {offered}")
    if found is not None and is_request(document):
        return answer_call(services, found, document, now)
    return answer_bundle(services, document, BundleQuestion(hook, now, asked["patient"], _complete(asked["complete"])))


def _complete(names: str | None) -> frozenset[str] | Literal["all"]:
    if names == "all":
        return "all"
    named = frozenset(name.strip() for name in names.split(",") if name.strip()) if names else frozenset()
    for fault in misnamed(named):
        raise click.UsageError(f"--{fault}")
    return named


@click.command()
@question
@json_option
def evaluate(file: Path, *, as_json: bool, **asked: Any) -> None:
    """Show the cards for a chart: FILE is a FHIR Bundle, a list of resources, or a CDS Hooks request; - reads stdin.

    \b
    sciatica-cds evaluate chart.json
    sciatica-cds evaluate chart.json --hook order-sign --now 2026-03-01T09:00:00Z --json
    """  # noqa: D301  # click reads the backspace
    services = make_services(read_settings())
    result = _answered(services, read_document(file), asked)
    knowledge = services.prepared.knowledge
    if as_json:
        # As the service would send it.
        echo_json(answer(knowledge, result.decision, result.body["cards"]) if result.call is not None else result.body)
        return
    show_cards(result.body["cards"], knowledge.not_clearance)
    for problem in result.decision.problems:
        click.echo(f"{problem.path}: {text_of(problem.reason)}", err=True)


@click.command()
@question
@click.option("--rule", "rule_id", metavar="ID", help="One rule, also when it is far from firing.")
@json_option
def explain(file: Path, *, rule_id: str | None, as_json: bool, **asked: Any) -> None:
    """Say why each rule fired or not, and the least change of findings that would alter it.

    Without --rule: the rules that fired, and those that only missing data kept from firing.
    """
    services = make_services(read_settings())
    decision = _answered(services, read_document(file), asked).decision
    outcomes = [item for item in decision.outcomes if rule_id is None or item.rule.id == rule_id]
    if not outcomes:
        there = [item.rule.id for item in decision.outcomes]
        hint = did_you_mean(str(rule_id), there)
        raise click.UsageError(f"no rule {rule_id} runs on {decision.hook}" + (f"; {hint}" if hint else ""))
    near = [item for item in outcomes if rule_id is not None or item.result is not Result.NOT_MET]
    if as_json:
        echo_json([outcome_as_json(outcome, decision) for outcome in near])
        return
    for outcome in near:
        show_outcome(outcome, decision, services.prepared.knowledge)
    far = sum(item.result is Result.NOT_MET for item in outcomes)
    if rule_id is None:
        click.echo(f"{far} other rules were not met. --rule ID explains any of them.")
