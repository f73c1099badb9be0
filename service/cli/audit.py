"""Commands for those who ask what the service did: is the decision log complete, and would it decide the same again?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, BinaryIO

import click
import orjson

from service.cli.open_store import Opened, day, open_store
from service.cli.output import echo_json, json_option
from service.config import read_settings


@click.group()
def store() -> None:
    """Look after the decision log: verify it, join its chains, delete what is old, export."""


@store.command()
@click.option("--anchor", metavar="NUMBER:HASH", help="A checkpoint as a log elsewhere has it: it must be here.")
@json_option
def verify(anchor: str | None, *, as_json: bool) -> None:
    """Find every row that was changed, dropped, inserted or swapped. Ends with 1 when there is one."""
    from service.store.audit import audit as audit_store
    from service.store.spool import rejected

    published = []
    if anchor is not None:
        number, _, hashed = anchor.partition(":")
        if not number.isdigit() or not hashed:
            raise click.UsageError("--anchor is the number of a checkpoint, a colon, and its hash")
        published.append((int(number), hashed))
    opened = open_store()
    report = audit_store(opened.database, opened.keyring, opened.options.anchors, published)
    for writer in rejected(opened.options.spool):
        report.add_issue(f"spool {writer}", "holds lines that are no rows under these keys, and was set aside")
    if as_json:
        counts = {name: getattr(report, name) for name in ("rows", "decisions", "checkpoints", "unjoined")}
        echo_json({**counts, "faults": list(map(str, report.issues)), "more": report.more, "good": report.is_good})
        sys.exit(0 if report.is_good else 1)
    for issue in report.issues:
        click.echo(str(issue))
    if report.more:
        click.echo(f"and {report.more} more")
    click.echo(
        f"{report.rows} rows, {report.decisions} decisions, {report.checkpoints} checkpoints, "
        f"{report.unjoined} rows after the last one: {len(report.issues) + report.more} fault(s)"
    )
    sys.exit(0 if report.is_good else 1)


@store.command()
@click.argument("name")
@click.password_option(prompt="Password, 12 characters or more", help="Asked for when it is not given.")
def auditor(name: str, password: str) -> None:
    """Print the line that lets NAME read decisions in a browser, for the file of SCIATICA_CDS_AUDITORS."""
    from service.security.auditors import AuditorsError, auditor_line

    try:
        click.echo(auditor_line(name, password))
    except AuditorsError as error:
        raise click.UsageError(str(error)) from None


@store.command()
def checkpoint() -> None:
    """Join the chains of all writers now and print what to note elsewhere: NUMBER:HASH."""
    from service.store.checkpoints import last_checkpoint, make_checkpoint

    opened = open_store()
    make_checkpoint(opened.database, opened.keyring, opened.options.anchors, datetime.now(UTC))
    with opened.database.reading() as connection:
        last = last_checkpoint(connection)
    click.echo(f"{last.number}:{last.hash}" if last else "nothing is stored yet")


@store.command()
def prepare() -> None:
    """Make the tables, or bring them up to this program. Needs a role that may; the service itself then does not."""
    from service.store.database import Database, store_url
    from service.store.options import store_options

    options = store_options(read_settings())
    Database(store_url(options.url), options.wait_seconds).prepare()
    click.echo("the tables are those of this program")


@store.command()
def rotate_key() -> None:
    """Make a new key for all that is new, after a restart of the service; older rows retain theirs."""
    from service.store.keys import rotate
    from service.store.options import store_options

    ring = rotate(store_options(read_settings()).keys)
    click.echo(f"{ring.current} is the current key of {len(ring.keys)}; restart the service to use it")


@store.command()
@click.option("--since", metavar="DAY", help="The first day; all that is stored when left out.")
@click.option("--until", metavar="DAY", help="The day after the last.")
@click.option("--format", "form", type=click.Choice(["ndjson", "fhir"]), default="ndjson", show_default=True)
@click.option("--out", type=click.File("wb"), default="-", help="Where to write; standard output by default.")
def export(since: str | None, until: str | None, form: str, out: BinaryIO) -> None:
    """Write decisions and feedback as NDJSON, or as FHIR R4 AuditEvent and Provenance, one a line."""
    opened = open_store()
    period = (day(since), day(until) if until else None)
    lines = _fhir(opened, *period) if form == "fhir" else _ndjson(opened, *period)
    count = 0
    for line in lines:
        out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        count += 1
    click.echo(f"{count} lines", err=True)


def _ndjson(opened: Opened, since: datetime, until: datetime | None) -> Iterator[dict[str, Any]]:
    from service.store.exports import exported_decisions, exported_feedback

    yield from exported_decisions(opened.reading, since, until)
    yield from exported_feedback(opened.database, since, until)


def _fhir(opened: Opened, since: datetime, until: datetime | None) -> Iterator[dict[str, Any]]:
    from service.review.audit_resources import audit_resources, feedback_event
    from service.store.exports import exported_feedback

    reading = opened.reading
    rule_set = cache(reading.rule_set)
    for stored in reading.decisions(since, until):
        yield from audit_resources(stored, rule_set(stored.body["ruleset"]))
    yield from map(feedback_event, exported_feedback(opened.database, since, until))


@store.command()
@click.option("--older-than", metavar="DAYS", type=click.IntRange(1), help="Age in days; 2192 are six years.")
@click.option("--before", metavar="DAY", help="Everything before this day.")
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would be deleted.")
def expire(older_than: int | None, before: str | None, *, yes: bool) -> None:
    """Delete what is old. A tombstone in the chain says what was deleted, and store verify goes on from there."""
    from service.store.checkpoints import make_checkpoint
    from service.store.retention import expire as delete

    if (older_than is None) == (before is None):
        raise click.UsageError("say either --older-than DAYS or --before DAY")
    now = datetime.now(UTC)
    limit = now - timedelta(days=older_than) if older_than is not None else day(before)
    opened = open_store()
    if not yes:
        number = opened.reading.count(day(None), limit)
        click.echo(f"{number} decisions are older than {limit:%Y-%m-%d}; --yes deletes them")
        return
    done = delete(opened.database, opened.options, opened.keyring, limit, now)
    make_checkpoint(opened.database, opened.keyring, opened.options.anchors, now)
    tombstone_text = f", tombstone {done.tombstone.writer}/{done.tombstone.seq}" if done.tombstone else ""
    click.echo(f"{done.rows} rows of {done.writers} writers deleted{tombstone_text}")


@click.command()
@click.argument("decision_id", metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="Every decision of a period.")
@click.option("--since", metavar="DAY", help="With --all: the first day.")
@click.option("--until", metavar="DAY", help="With --all: the day after the last.")
@click.option("--card", is_flag=True, help="ID is the uuid of a card.")
@json_option
def replay(
    decision_id: str | None, since: str | None, until: str | None, *, everything: bool, card: bool, as_json: bool
) -> None:
    """Decide again from what was stored, under the rule set that was in use. Ends with 1 where a card differs.

    \b
    sciatica-cds replay 3f0c…            one decision, its cards shown
    sciatica-cds replay --all --since 2026-03-01
    """  # noqa: D301  # click reads the backspace
    if everything == (decision_id is not None):
        raise click.UsageError("name a decision, or say --all")
    opened = open_store()
    if everything:
        sys.exit(_replay_all(opened, since, until, as_json=as_json))
    assert decision_id is not None
    sys.exit(_replay_one(opened, decision_id, card=card, as_json=as_json))


def _replay_one(opened: Opened, decision_id: str, *, card: bool, as_json: bool) -> int:
    from service.cli.terminal import show_cards
    from service.decision_log.replay import Replayer

    reading = opened.reading
    stored = reading.decision_of_card(decision_id) if card else reading.decision(decision_id)
    again = Replayer(reading).replay(stored)
    body = stored.body
    if as_json:
        asked = {"id": stored.id, "at": body["at"], "hook": body["hook"], "ruleset": body["ruleset"]}
        echo_json({**asked, "same": again.same, "differences": again.differences, "cards": again.cards})
        return 0 if again.same else 1
    click.echo(f"{stored.id}  {body['at']}  {body['hook']}  rule set {body['ruleset'][:12]}")
    if again.decision is not None:
        show_cards(again.cards, "No card was shown.")
    for difference in again.differences:
        click.echo(f"differs: {difference}")
    shown = f"the same {len(again.cards)} card(s), byte for byte, but for what is not stored (docs/store.md)"
    click.echo(shown if again.same else f"{len(again.differences)} difference(s)")
    return 0 if again.same else 1


def _replay_all(opened: Opened, since: str | None, until: str | None, *, as_json: bool) -> int:
    from service.decision_log.replay import Replayer

    reading = opened.reading
    period = (day(since), day(until) if until else None)
    replayer = Replayer(reading)
    differing: dict[str, Sequence[str]] = {}
    count = 0
    with click.progressbar(reading.decisions(*period), length=reading.count(*period), file=sys.stderr) as stored:
        for one in stored:
            again = replayer.replay(one)
            count += 1
            if not again.same:
                differing[str(one.id)] = again.differences
            for difference in () if as_json else again.differences:
                click.echo(f"{one.id}: {difference}")
    if as_json:
        echo_json({"replayed": count, "differing": differing})
    else:
        click.echo(f"{count} decisions replayed, {len(differing)} differing")
    return 1 if differing else 0
