"""What can be asked of the store."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from msgspec import Struct
from msgspec.json import Decoder
from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, select

from service.errors import NotFoundError, StoreError
from service.store.database import Database
from service.store.keys import Keyring
from service.store.tables import cards, decisions, feedback, ledger, rule_set_files, rule_sets
from service.store.times import read, written

Json = dict[str, Any]
_CHUNK = 500
_SAME_ROW = and_(ledger.c.writer == decisions.c.writer, ledger.c.seq == decisions.c.seq)
# Every call with a card asks it, so it is asked of the driver: SQLAlchemy takes ten times as long as SQLite.
_SHOWN_TO = (
    "SELECT ledger.body FROM decisions "
    "JOIN ledger ON ledger.writer = decisions.writer AND ledger.seq = decisions.seq "
    "WHERE decisions.patient IN ({hashes}) AND decisions.at >= {mark} AND decisions.cards > 0 "
    "ORDER BY decisions.at DESC, decisions.id LIMIT {mark}"
)
_SET_ASIDE = (
    "SELECT card, outcome, outcome_at, reason FROM feedback WHERE card IN ({cards}) ORDER BY outcome_at, received_at"
)
_REPORTED = ("card", "outcome", "outcome_at", "received_at", "reason", "comment", "issuer")
_FEEDBACK_OF = (
    select(*(feedback.c[name] for name in _REPORTED))
    .where(feedback.c.card.in_(bindparam("cards", expanding=True)))
    .order_by(feedback.c.outcome_at, feedback.c.received_at)
)


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A stored decision: its body, and where its row stands in the ledger."""

    writer: str
    seq: int
    hash: str
    body: Json

    @property
    def id(self) -> str:
        """The id of the decision."""
        return str(self.body["id"])


class ShownCard(Struct, frozen=True):
    """A card of a stored decision, with its rules as (id, version, 1 if it is shown or 0 if suppressed)."""

    uuid: str
    rules: list[tuple[str, str, int]]


class Showing(Struct, frozen=True):
    """What a stored decision showed: when, which cards, and digests of what each rule depended on."""

    now: str
    cards: list[ShownCard]
    grounds: dict[str, str] = {}


# All else that a body holds is passed over: it is a hundred times as long, and a chart may be opened often.
_SHOWING = Decoder(Showing)


@dataclass(frozen=True, slots=True)
class StoredRuleSet:
    """A stored rule set. ``archive`` is the tar archive of its files, None when they are not there."""

    digest: str
    name: str
    version: str
    first_used: str
    settings: dict[str, str]
    findings: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    archive: bytes | None


class Reading:
    """Questions to the store. Every method raises StoreError when the database cannot be read."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def decision(self, decision_id: str) -> StoredDecision:
        """The decision with this id. Raises NotFoundError."""
        with self._database.reading() as connection:
            found = next(_decisions(connection, decisions.c.id == decision_id), None)
        if found is None:
            raise NotFoundError(f"no decision {decision_id} is stored")
        return found

    def decision_of_card(self, uuid: str) -> StoredDecision:
        """The decision that showed a card. Raises NotFoundError."""
        with self._database.reading() as connection:
            decision = connection.execute(select(cards.c.decision).where(cards.c.uuid == uuid)).scalar()
        if decision is None:
            raise NotFoundError(f"no card {uuid} is stored")
        return self.decision(decision)

    def decisions(self, since: datetime, until: datetime | None = None) -> Iterator[StoredDecision]:
        """The decisions of a period, oldest first."""
        with self._database.reading() as connection:
            yield from _decisions(connection, _period(since, until))

    def count(self, since: datetime, until: datetime | None = None) -> int:
        """How many decisions a period has."""
        with self._database.reading() as connection:
            query = select(func.count()).select_from(decisions).where(_period(since, until))
            return connection.execute(query).scalar_one()

    def of_patient(self, patient_id: str, since: datetime, until: datetime | None = None) -> list[StoredDecision]:
        """The decisions about a patient, oldest first, under whichever key they were stored."""
        hashes = [self._keyring.patient(patient_id, key) for key in self._keyring.keys]
        with self._database.reading() as connection:
            return list(_decisions(connection, and_(decisions.c.patient.in_(hashes), _period(since, until))))

    def shown_to(self, patient_id: str, since: datetime, most: int, seconds: float) -> list[Showing]:
        """The last decisions since then that showed a patient cards, newest first, under whichever key.

        Raises StoreError when it takes longer than ``seconds``.
        """
        hashes = [self._keyring.patient(patient_id, key) for key in self._keyring.keys]
        question = _SHOWN_TO.format(hashes=self._marks(len(hashes)), mark=self._marks(1))
        found = self._database.asked(question, (*hashes, written(since), most), seconds)
        return [_SHOWING.decode(body) for [body] in found]

    def overridden(self, uuids: Sequence[str], seconds: float) -> dict[str, datetime]:
        """When each of these cards was last set aside with a reason; one that was accepted later is not among them.

        Raises StoreError when it takes longer than ``seconds``.
        """
        if not uuids:
            return {}
        found = self._database.asked(_SET_ASIDE.format(cards=self._marks(len(uuids))), uuids, seconds)
        last = {card: (outcome, at, reason) for card, outcome, at, reason in found}
        return {card: read(at) for card, (outcome, at, reason) in last.items() if outcome == "overridden" and reason}

    def _marks(self, number: int) -> str:
        """So many places for values in a question to the driver."""
        return ", ".join(["?" if self._database.is_sqlite else "%s"] * number)

    def feedback_of(self, uuids: Sequence[str]) -> dict[str, list[Json]]:
        """What was reported of these cards, oldest first."""
        found: dict[str, list[Json]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(_FEEDBACK_OF, {"cards": list(uuids)}):
                outcomes = dict(zip(_REPORTED, row, strict=True))
                found.setdefault(outcomes.pop("card"), []).append(outcomes)
        return found

    def rule_set_beginning(self, digits: str) -> StoredRuleSet:
        """The one rule set whose digest begins so. Raises NotFoundError when there is none, or more than one."""
        query = select(rule_sets.c.digest).where(rule_sets.c.digest.startswith(digits, autoescape=True)).limit(2)
        with self._database.reading() as connection:
            found = list(connection.execute(query).scalars())
        if len(found) != 1:
            raise NotFoundError(
                f"{'more than one' if found else 'no'} stored rule set has a digest that begins {digits}"
            )
        return self.rule_set(found[0])

    def rule_set(self, digest: str) -> StoredRuleSet:
        """The rule set with this digest. Raises NotFoundError."""
        names = ("digest", "name", "version", "first_used", "settings", "findings", "rules")
        columns = [*(rule_sets.c[name] for name in names), rule_set_files.c.pack]
        same = rule_set_files.c.digest == rule_sets.c.digest
        query = select(*columns).join_from(rule_sets, rule_set_files, same, isouter=True)
        with self._database.reading() as connection:
            found = connection.execute(query.where(rule_sets.c.digest == digest)).first()
        if found is None:
            raise NotFoundError(f"no rule set {digest} is stored")
        return _rule_set(found)


def _period(since: datetime, until: datetime | None) -> ColumnElement[bool]:
    begun = decisions.c.at >= written(since)
    return begun if until is None else and_(begun, decisions.c.at < written(until))


def _decisions(connection: Connection, which: ColumnElement[bool]) -> Iterator[StoredDecision]:
    columns = (ledger.c.writer, ledger.c.seq, ledger.c.hash, ledger.c.body)
    query = (
        select(*columns).join_from(decisions, ledger, _SAME_ROW).where(which).order_by(decisions.c.at, decisions.c.id)
    )
    streamed = connection.execution_options(stream_results=True, max_row_buffer=_CHUNK).execute(query)
    for writer, seq, hashed, body in streamed:
        yield StoredDecision(writer, seq, hashed, orjson.loads(body))


def _rule_set(row: Sequence[Any]) -> StoredRuleSet:
    digest, name, version, first_used, settings, findings, rules, pack = row
    try:
        archive = None if pack is None else gzip.decompress(pack)
    except (OSError, EOFError):
        raise StoreError(f"the files of rule set {digest} are damaged") from None
    return StoredRuleSet(
        digest=digest,
        name=name,
        version=version,
        first_used=first_used,
        settings=orjson.loads(settings),
        findings=tuple(orjson.loads(findings)),
        rules=tuple((rule, number) for rule, number in orjson.loads(rules)),
        archive=archive,
    )
