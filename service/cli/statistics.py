"""What became of the cards of each rule, on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
import orjson

from service.cli.open_store import day, open_store


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what /stats answers, and the versions compared.")
def stats(*, as_json: bool) -> None:
    """Per rule and version: shown, accepted, overridden, with the override rate and its 95 % interval (Wilson).

    Rules that are overridden in nearly all cases are marked with an exclamation mark. Where a rule was shown under
    several versions, the override rates of each and the one before it are compared (Newcombe).
    """
    from rich.console import Console
    from rich.table import Table

    from service.review.rule_versions import before_and_after
    from service.store.stats import first_uses
    from service.store.stats import stats as count

    database = open_store().database
    counted = count(database)
    versions = before_and_after(counted.rules, first_uses(database))
    if as_json:
        figures = counted.as_json() | {"versions": versions}
        click.echo(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("rule", "version", "shown", "accepted", "overridden", "rate", "95 %", "reasons", "")
    for rule in counted.rules:
        rate, interval = rule.override_rate, rule.interval
        table.add_row(
            rule.rule,
            rule.version,
            str(rule.shown),
            str(rule.accepted),
            str(rule.overridden),
            "" if rate is None else f"{rate:.0%}",
            "" if interval is None else f"{interval[0]:.0%} - {interval[1]:.0%}",
            ", ".join(f"{reason} {number}" for reason, number in sorted(rule.reasons.items())),
            "!" if rule.nearly_always_overridden else "",
        )
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=160)).print(table)
    for pair in versions:
        click.echo(_before_and_after(pair))
    click.echo(
        f"{counted.decisions} decisions ({counted.skipped} of them passed by the gate), {counted.cards} cards, "
        f"{counted.reports} reports, {counted.unknown_cards} of them about cards that are not known here"
    )


def _before_and_after(pair: Mapping[str, Any]) -> str:
    before, after = pair["before"], pair["after"]
    which = f"{pair['rule']} {before['version']} -> {after['version']}"
    if pair["difference"] is None:
        return f"{which}: not answered often enough to compare"
    low, high = pair["difference_interval_95"]
    rates = f"override rate {before['override_rate']:.0%} -> {after['override_rate']:.0%}"
    return f"{which}: {rates}, difference {pair['difference']:+.0%} (95 %: {low:+.0%} to {high:+.0%})"


@click.command()
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 366), help="How far back alarms are told."
)
@click.option("--today", "as_of", help="As of this day (YYYY-MM-DD) in place of today.")
@click.option("--json", "as_json", is_flag=True, help="Print alarms, shares and unread codes as JSON.")
@click.pass_context
def radar(context: click.Context, *, days: int, as_of: str | None, as_json: bool) -> None:
    """Which facts a client no longer sends, since when, and why: with the line to add to site_codes.yaml.

    Reads the counts of the store (no patient is in them). Needs eight days of calls of a client before it can tell.
    Ends with 1 while an alarm is going on.
    """
    from service.knowledge.loader import load
    from service.review.radar.report import radar as look

    store = open_store()
    today = day(as_of).date() if as_of else datetime.now(UTC).date()
    looked_at = look(store.database, load(store.settings.rules, store.settings.knowledge_settings), today, days)
    if as_json:
        click.echo(orjson.dumps(looked_at, option=orjson.OPT_INDENT_2).decode())
    else:
        _print_radar(looked_at)
    if any(alarm["ended"] is None for alarm in looked_at["alarms"]):
        context.exit(1)


def _print_radar(report: Mapping[str, Any]) -> None:
    for client in report["clients"]:
        calls = ", ".join(f"{service} {number}" for service, number in client["calls"].items())
        click.echo(f"{client['client']}: {calls} calls; {len(client['unread'])} codes or units that nothing reads")
    for alarm in report["alarms"]:
        click.echo(f"\n{alarm['client']}: {alarm['says']}")
        if alarm["also"]:
            click.echo(f"  so also: {', '.join(alarm['also'])}")
        for lines in alarm["cause"]["site_codes"]:
            click.echo("".join(f"    {line}\n" for line in lines.splitlines()), nl=False)
    if not report["alarms"]:
        click.echo(f"no alarm in the {report['days']} days up to {report['as_of']}")
