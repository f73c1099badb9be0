"""One command for the question of years later: why did this patient get that card, and what became of it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import orjson

from service.cli.open_store import Opened, day, open_store

if TYPE_CHECKING:
    from service.decision_log.replay import Replayed
    from service.store.reading import StoredDecision


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

    Each decision is made again from what was stored, under the rule set of that day, so that the cards can be told.

    \b
    sciatica-cds recall --patient 4711 --since 2026-03-01 --until 2026-04-01
    """  # noqa: D301  # click reads the backspace
    from service.decision_log.replay import Replayer

    if sum(one is not None for one in (patient, decision_id, card_id)) != 1:
        raise click.UsageError("ask by --patient, --decision or --card")
    if since is not None and until is not None and day(since) >= day(until):
        raise click.UsageError("--until is the day after the last, so it lies after --since")
    opened = open_store()
    if patient is not None:
        patient = patient.removeprefix("Patient/")
        found = opened.reading.of_patient(patient, day(since), day(until) if until else None)
    elif card_id is not None:
        found = [opened.reading.decision_of_card(card_id)]
    else:
        assert decision_id is not None
        found = [opened.reading.decision(decision_id)]
    replayer = Replayer(opened.reading)
    for stored in found:
        body = _recalled(opened, stored, replayer.replay(stored))
        if as_json:
            click.echo(orjson.dumps(body).decode())
        else:
            _print(body)
    if not found:
        click.echo("no decision about this patient is stored for this time", err=True)


def _recalled(opened: Opened, stored: StoredDecision, again: Replayed) -> dict[str, Any]:
    """A decision with what its cards said, what became of them, and whether it would be made the same again."""
    from service.store.exports import exported

    body = exported(stored, opened.reading.rule_set(stored.body["ruleset"]))
    outcomes = opened.reading.feedback_of([card["uuid"] for card in body["cards"]])
    summaries = {card["uuid"]: card["summary"] for card in again.cards}
    advice = again.decision.advice if again.decision is not None else ()
    depends_on = {item.rule.id: [finding.name for finding in item.found] for item in advice}
    for card in body["cards"]:
        card["summary"] = summaries.get(card["uuid"])
        found = (name for rule, _, _ in card["rules"] for name in depends_on.get(rule, ()))
        card["found"] = list(dict.fromkeys(found))
        card["feedback"] = outcomes.get(card["uuid"], [])
    body["replay"] = {"same": again.same, "differences": list(again.differences)}
    return body


def _print(body: dict[str, Any]) -> None:
    rule_set = body["ruleset"]
    click.echo(f"{body['at']}  {body['hook']}  decision {body['id']}")
    click.echo(f"  rule set {rule_set['name']} {rule_set['version']}, digest {rule_set['digest']}")
    for card in body["cards"]:
        _print_card(card)
    if body.get("gate") and not body["gate"]["in_full"]:
        click.echo(
            "  not decided: nothing that a card can rest on was on the chart (see the gate in docs/operations.md)"
        )
    if not body["cards"]:
        click.echo("  no card was shown")
    if body["not_recorded"] or body["not_assessed"]:
        click.echo(f"  not recorded: {', '.join([*body['not_recorded'], *body['not_assessed']])}")
    for difference in body["replay"]["differences"]:
        click.echo(f"  decided again it differs: {difference}")
    if body["replay"]["same"]:
        click.echo(f"  decided again the cards are the same; sciatica-cds replay {body['id']} shows them whole")


def _print_card(card: dict[str, Any]) -> None:
    rules = ", ".join(f"{rule} {version}" for rule, version, is_shown in card["rules"] if is_shown)
    click.echo(f"  {card['indicator']}: {card['summary'] or 'its words cannot be shown again'}")
    click.echo(f"    by {rules or 'no rule: it says what was not assessed'} (card {card['uuid']})")
    if card["found"]:
        click.echo(f"    because of {', '.join(card['found'])}")
    for report in card["feedback"]:
        reason = f", reason {report['reason']}" if report["reason"] else ""
        click.echo(f"    {report['outcome']} at {report['outcome_at']}{reason}")
