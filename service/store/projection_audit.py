"""The tables that repeat the ledger, held against it: nothing more, nothing less, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, exists, func, literal_column, not_, select

from service.store.chain import Row
from service.store.faults import AuditReport
from service.store.projection import Json, projected
from service.store.tables import card_rules, cards, decisions, feedback, ledger, tombstones, writers

_MOST_KEYS = 10_000
# Table and the column by which its rows are fetched. Rows of rule_sets repeat in each chain; their audit is another.
_FETCHED_BY: tuple[tuple[Table, Column[Any]], ...] = (
    (writers, writers.c.id),
    (decisions, decisions.c.id),
    (cards, cards.c.uuid),
    (card_rules, card_rules.c.card),
    (tombstones, tombstones.c.by_seq),
)


class ProjectionAudit:
    """Sees the ledger pass by and compares the other tables with it."""

    def __init__(self, connection: Connection, report: AuditReport) -> None:
        self._connection = connection
        self._report = report
        self._expected = {table.name: 0 for table, _ in _FETCHED_BY}
        self._events: set[str] = set()

    def see(self, rows: Sequence[Row]) -> None:
        """Compare what follows from these rows. A row whose body is no longer one was told of already."""
        try:
            found = projected(rows)
        except (KeyError, TypeError, ValueError, AttributeError):
            if len(rows) > 1:
                for row in rows:
                    self.see([row])
            return
        self._report.decisions += len(found[decisions.name])
        for table, key in _FETCHED_BY:
            if found[table.name]:
                self._compare(table, key, found[table.name])
        if found[feedback.name]:
            self._compare_feedback(found[feedback.name])

    def finish(self) -> None:
        """Look for rows that follow from nothing."""
        for table, _ in _FETCHED_BY:
            if self._count(table) > self._expected[table.name]:
                self._name_strays(table)
        if self._count(feedback) > len(self._events):
            self._name_strays(feedback)

    def _compare(self, table: Table, key: Column[Any], values: list[Json]) -> None:
        columns = [table.c[name] for name in values[0]]
        expected = {tuple(value.values()) for value in values}
        self._expected[table.name] += len(expected)
        keys = list({value[key.name] for value in values})
        present = self._fetch(columns, key, keys)
        if present == expected:
            return
        names = [column.name for column in columns]
        primary = [names.index(column.name) for column in table.primary_key]
        kept = {tuple(row[place] for place in primary) for row in present}
        for row in sorted(expected - present, key=repr):
            name = tuple(row[place] for place in primary)
            told = "is not what the ledger says: changed" if name in kept else "is missing: dropped"
            self._report.fault(f"{table.name} {'/'.join(map(str, name))}", told)
        ours = {tuple(row[place] for place in primary) for row in expected}
        for row in sorted(present - expected, key=repr):
            name = tuple(row[place] for place in primary)
            if name not in ours:
                self._report.fault(
                    f"{table.name} {'/'.join(map(str, name))}", "no row of the ledger accounts for it: inserted"
                )

    def _fetch(self, columns: Sequence[Column[Any]], key: Column[Any], keys: list[Any]) -> set[tuple[Any, ...]]:
        found: set[tuple[Any, ...]] = set()
        for start in range(0, len(keys), _MOST_KEYS):
            query = select(*columns).where(key.in_(keys[start : start + _MOST_KEYS]))
            found.update(map(tuple, self._connection.execute(query).all()))
        return found

    def _compare_feedback(self, values: list[Json]) -> None:
        """The same report may stand in the ledger twice; the table has one of the two."""
        columns = [feedback.c[name] for name in values[0]]
        found = self._fetch(columns, feedback.c.event, list({value["event"] for value in values}))
        present = {row[columns.index(feedback.c.event)]: dict(zip(values[0], row, strict=True)) for row in found}
        for value in values:
            self._events.add(value["event"])
            where, row = f"feedback {value['event']}", present.get(value["event"])
            if row is None:
                self._report.fault(where, "is missing: dropped")
            elif (row["writer"], row["seq"]) != (value["writer"], value["seq"]):
                # Its other report is compared where that one stands.
                row = row | {name: value[name] for name in ("writer", "seq", "received_at")}
            if row is not None and row != value:
                self._report.fault(where, "is not what the ledger says: changed")

    def _count(self, table: Table) -> int:
        return self._connection.execute(select(func.count()).select_from(table)).scalar_one()

    def _name_strays(self, table: Table) -> None:
        for row in self._connection.execute(_strays(table)):
            self._report.fault(
                f"{table.name} {'/'.join(map(str, row))}", "no row of the ledger accounts for it: inserted"
            )


def _strays(table: Table) -> Any:
    """The primary keys of rows that no row of the ledger, or of the table above, accounts for."""
    primary: Iterable[Any] = table.primary_key.columns
    if table is cards:
        counted = select(func.count()).where(cards.c.decision == decisions.c.id).scalar_subquery()
        right = exists(
            select(literal_column("1")).where(decisions.c.id == cards.c.decision, decisions.c.cards == counted)
        )
        return select(cards.c.uuid).where(not_(right))
    if table is card_rules:
        return select(*primary).where(not_(exists(select(cards.c.uuid).where(cards.c.uuid == card_rules.c.card))))
    if table is writers:
        written = exists(select(ledger.c.seq).where(ledger.c.writer == writers.c.id))
        deleted = exists(select(tombstones.c.last_seq).where(tombstones.c.writer == writers.c.id))
        return select(writers.c.id).where(not_(written), not_(deleted))
    writer, seq = (table.c.by_writer, table.c.by_seq) if table is tombstones else (table.c.writer, table.c.seq)
    kind = {decisions.name: "decision", feedback.name: "feedback", tombstones.name: "tombstone"}[table.name]
    same = and_(ledger.c.writer == writer, ledger.c.seq == seq, ledger.c.kind == kind)
    return select(*primary).where(not_(exists(select(ledger.c.seq).where(same))))
