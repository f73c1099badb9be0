"""One command for the question of years later: why did this patient get that card, and what became of it?"""

from __future__ import annotations

from typing import Any

import click
import orjson

from service.cli.memory import Opened, day, open_store
from service.store.reading import Kept


@click.command()
@click.option("--patient", metavar="ID", help="The patient's id as the client sent it.")
@click.option("--decision", "decision_id", metavar="ID", help="One decision.")
@click.option("--card", "card_id", metavar="UUID", help="The decision that showed this card.")
@click.option("--since", metavar="DAY", help="With --patient: the first day.")
@click.option("--until", metavar="DAY", help="With --patient: the day after the last.")
@click.option("--json", "as_json", is_flag=True, help="Everything, one decision a line.")
def recall(  # each option is one way to ask
    patient: str | None,
    decision_id: str | None,
    card_id: str | None,
    since: str | None,
    until: str | None,
    *,
    as_json: bool,
) -> None:
    """Say which cards were shown, by which rules, on which findings, and what the clinician did with them.

    \b
    sciatica-cds recall --patient 4711 --since 2026-03-01 --until 2026-04-01
    """  # noqa: D301  # click reads the backspace
    if sum(one is not None for one in (patient, decision_id, card_id)) != 1:
        raise click.UsageError("ask by --patient, --decision or --card")
    opened = open_store()
    if patient is not None:
        found = opened.reading.of_patient(patient, day(since), day(until) if until else None)
    elif card_id is not None:
        found = [opened.reading.decision_of_card(card_id)]
    else:
        assert decision_id is not None
        found = [opened.reading.decision(decision_id)]
    for kept in found:
        _tell(opened, kept, as_json=as_json)
    if not found:
        click.echo("no decision about this patient is kept for this time", err=True)


def _tell(opened: Opened, kept: Kept, *, as_json: bool) -> None:
    from service.store.exports import exported

    told = exported(kept, opened.reading.rule_set(kept.body["ruleset"]))
    outcomes = opened.reading.feedback_of([card["uuid"] for card in told["cards"]])
    for card in told["cards"]:
        card["feedback"] = outcomes.get(card["uuid"], [])
    if as_json:
        click.echo(orjson.dumps(told).decode())
        return
    rule_set = told["ruleset"]
    click.echo(f"{told['at']}  {told['hook']}  decision {told['id']}")
    click.echo(f"  rule set {rule_set['name']} {rule_set['version']}, digest {rule_set['digest']}")
    for card in told["cards"]:
        _tell_card(card)
    present = [name for name, status in told["findings"].items() if status == "present"]
    click.echo(f"  found: {', '.join(present) or 'nothing'}")
    if told["not_recorded"] or told["not_assessed"]:
        click.echo(f"  not recorded: {', '.join([*told['not_recorded'], *told['not_assessed']])}")


def _tell_card(card: dict[str, Any]) -> None:
    rules = ", ".join(f"{rule} {version}" for rule, version, speaks in card["rules"] if speaks)
    click.echo(f"  {card['indicator']}: {rules or 'what was not assessed'} (card {card['uuid']})")
    for report in card["feedback"]:
        reason = f", reason {report['reason']}" if report["reason"] else ""
        click.echo(f"    {report['outcome']} at {report['outcome_at']}{reason}")
