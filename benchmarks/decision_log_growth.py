"""A log of years, made quickly: real bodies with new ids, chained and put into a database as the service does it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from service.store.chain import ZEROS, Link, Row, canonical, chained
from service.store.keys import Keyring
from service.store.projection import insert_rows
from service.store.rule_sets import RuleSet
from service.store.store import Store
from service.store.times import written

Json = dict[str, Any]

BATCH = 2000
ROWS_PER_WRITER = 50_000
FEEDBACK_SHARE = 0.2
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def grow(store: Store, rule_set: RuleSet, bodies: Sequence[Json], count: int) -> None:
    """Add ``count`` decisions that look like ``bodies``, by several writers, with feedback about some cards.

    The second half of each writer's reports are about cards of the same writer. Makes a checkpoint every few batches.
    """
    store._packs.put(rule_set.digest, rule_set.archive())  # noqa: SLF001 - what append() does for each writer
    rows = _rows(store.keyring, rule_set, bodies, count)
    number = 0
    while batch := list(islice(rows, BATCH)):
        with store.database.writing() as connection:
            insert_rows(connection, batch, store._packs)  # noqa: SLF001
        number += 1
        if number % 10 == 0:
            store.checkpoint()
    store.checkpoint()


def _rows(keyring: Keyring, rule_set: RuleSet, bodies: Sequence[Json], count: int) -> Iterator[Row]:
    made, dice = 0, random.Random(1)  # noqa: S311 - a figure, not a secret
    while made < count:
        part = min(ROWS_PER_WRITER, count - made)
        yield from _of_writer(f"{dice.getrandbits(64):016x}", keyring, rule_set, _bodies(bodies, part, made, dice))
        made += part


def _of_writer(writer: str, keyring: Keyring, rule_set: RuleSet, entries: Iterator[tuple[str, Json]]) -> Iterator[Row]:
    seq, head = 0, ZEROS

    def following(kind: str, body: Json) -> Row:
        return chained(Link(writer, seq, head), kind, body.get("at", written(BEGIN)), canonical(body), keyring)

    for kind, body in (("begin", {"service_version": "bench"}), ("rule-set", rule_set.body(rule_set.archive()))):
        seq += 1
        row = following(kind, body)
        head = row.hash
        yield row
    for kind, body in entries:
        seq += 1
        row = following(kind, body)
        head = row.hash
        yield row


def _bodies(bodies: Sequence[Json], count: int, start: int, dice: random.Random) -> Iterator[tuple[str, Json]]:
    for number in range(count):
        at = written(BEGIN + timedelta(seconds=20 * (start + number)))
        body = dict(bodies[number % len(bodies)])
        cards = [card | {"uuid": _uuid(dice)} for card in body["cards"]]
        patient = {"key": "k1", "hash": f"{dice.getrandbits(256):064x}"}
        yield "decision", body | {"id": _uuid(dice), "at": at, "now": at, "cards": cards, "patient": patient}
        if cards and dice.random() < FEEDBACK_SHARE:
            yield "feedback", _report(cards[0]["uuid"], at, dice)


def _report(card: str, at: str, dice: random.Random) -> Json:
    return {
        "event": f"{dice.getrandbits(256):064x}",
        "card": card,
        "service": "bench",
        "outcome": dice.choice(("accepted", "overridden")),
        "outcome_at": at,
        "received_at": at,
        "suggestions": [],
        "reason": dice.choice((None, "patient-contraindication", "other")),
        "comment": None,
        "issuer": None,
    }


def _uuid(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))
