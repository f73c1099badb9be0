"""The tables that repeat the ledger, held against it: nothing more, nothing less, nothing else.

Both sides are first added up as one number each, the sum of the hashes of all rows: equal sums mean equal tables, and
it takes one pass over each. Only a table whose sums differ is compared row by row, to name what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, select

from service.store.audit_report import AuditReport
from service.store.chain import Row
from service.store.projection import Projected, Values, projected
from service.store.tables import card_rules, cards, decisions, feedback, tombstones, writers

# Rows of rule_sets repeat in every chain; their audit is another.
_ADDED_UP = (writers, decisions, cards, card_rules, tombstones)
_CHUNK = 10_000

Pass = Callable[[], Iterable[Sequence[Row]]]


@dataclass
class AddedUp:
    """What follows from rows of the ledger, added up: by table the sum of the hashes of all that must stand there."""

    sums: dict[str, int] = field(default_factory=lambda: {table.name: 0 for table in _ADDED_UP})
    # Of every reported event the hashes of its rows: the same report may stand in the ledger twice.
    reports: dict[str, set[int]] = field(default_factory=dict)
    decisions: int = 0

    def see(self, rows: Sequence[Row]) -> None:
        """Add up what follows from these rows."""
        found = _projected(rows)
        self.decisions += len(found[decisions.name])
        for name in self.sums:
            self.sums[name] += sum(map(hash, found[name]))
        for values in found[feedback.name]:
            self.reports.setdefault(values[0], set()).add(hash(values))


class ProjectionAudit:
    """Compares the tables with what follows from the ledger. ``again`` gives the ledger another time."""

    def __init__(self, connection: Connection, report: AuditReport, again: Pass) -> None:
        self._connection = connection
        self._report = report
        self._again = again
        self._all = AddedUp()

    def add(self, some: AddedUp) -> None:
        """Add what follows from some rows."""
        for name, number in some.sums.items():
            self._all.sums[name] += number
        for event, hashes in some.reports.items():
            self._all.reports.setdefault(event, set()).update(hashes)

    def finish(self) -> None:
        """Add up the tables, and name what differs."""
        for table in _ADDED_UP:
            if self._all.sums[table.name] != sum(sum(map(hash, rows)) for rows in self._rows(table)):
                self._name(table)
        self._compare_feedback()

    def _rows(self, table: Table) -> Iterator[list[Values]]:
        """All rows of a table, as they come."""
        streamed = self._connection.execution_options(stream_results=True, max_row_buffer=_CHUNK)
        for part in streamed.execute(select(table)).partitions(_CHUNK):
            yield [tuple(row) for row in part]

    def _name(self, table: Table) -> None:
        """Say of every row of a table that differs what happened to it."""
        indexes = [index for index, column in enumerate(table.columns) if column.primary_key]
        present = {values for rows in self._rows(table) for values in rows}
        expected = {values for rows in self._again() for values in _projected(rows)[table.name]}
        present_keys, ours = (_keys(rows, indexes) for rows in (present, expected))
        for values in sorted(expected - present, key=repr):
            key = _key(values, indexes)
            text = "is not what the ledger says: changed" if key in present_keys else "is missing: dropped"
            self._report.add_issue(f"{table.name} {key}", text)
        for values in sorted(present - expected, key=repr):
            key = _key(values, indexes)
            if key not in ours:
                self._report.add_issue(f"{table.name} {key}", "no row of the ledger accounts for it: inserted")

    def _compare_feedback(self) -> None:
        missing = dict(self._all.reports)
        for rows in self._rows(feedback):
            for values in rows:
                hashes = missing.pop(values[0], None)
                if hashes is None:
                    text = "no row of the ledger accounts for it: inserted"
                    self._report.add_issue(f"{feedback.name} {values[0]}", text)
                elif hash(values) not in hashes:
                    self._report.add_issue(f"{feedback.name} {values[0]}", "is not what the ledger says: changed")
        for event in sorted(missing):
            self._report.add_issue(f"{feedback.name} {event}", "is missing: dropped")


def _key(values: Values, indexes: Sequence[int]) -> str:
    return "/".join(str(values[index]) for index in indexes)


def _keys(rows: Iterable[Values], indexes: Sequence[int]) -> set[str]:
    return {_key(values, indexes) for values in rows}


def _projected(rows: Sequence[Row]) -> Projected:
    """What follows from these rows; nothing from a row whose body is no longer one, which was reported already."""
    try:
        return projected(rows)
    except (KeyError, TypeError, ValueError, AttributeError):
        if len(rows) == 1:
            return projected(())
    found = projected(())
    for row in rows:
        for name, values in _projected([row]).items():
            found[name] += values
    return found
