"""What became of the cards of each rule, on the command line."""

from __future__ import annotations

import click
import orjson

from service.cli.opened_store import open_store


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what /stats answers.")
def stats(*, as_json: bool) -> None:
    """Per rule and version: shown, accepted, overridden, with the override rate and its 95 % interval (Wilson).

    Rules that are overridden in nearly all cases are marked with an exclamation mark.
    """
    from rich.console import Console
    from rich.table import Table

    from service.store.stats import stats as count

    counted = count(open_store().database)
    if as_json:
        click.echo(orjson.dumps(counted.as_json(), option=orjson.OPT_INDENT_2).decode())
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
    click.echo(
        f"{counted.decisions} decisions ({counted.skipped} of them passed by the gate), {counted.cards} cards, "
        f"{counted.reports} reports, {counted.unknown_cards} of them about cards that are not known here"
    )
