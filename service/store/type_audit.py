"""Values of a wrong type, which SQLite takes into any column: named first, so that they end no other part."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Integer, LargeBinary, Table, and_, func, select, true
from sqlalchemy.types import TypeEngine

from service.store.audit_report import AuditReport
from service.store.tables import metadata


def audit_types(connection: Connection, report: AuditReport) -> None:
    """Name every row that holds a value of a wrong type. PostgreSQL has none."""
    if connection.dialect.name != "sqlite":
        return
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        for column in table.columns:
            held = func.typeof(column)
            wrong = held.not_in([_held(column.type), "null"]) if column.nullable else held != _held(column.type)
            for row in connection.execute(select(*keys, held).where(wrong)):
                *key, type_name = row
                name = "/".join(str(part) for part in key)
                report.add_issue(f"{table.name} {name}", f"{column.name} holds a value of type {type_name}: changed")


def readable(connection: Connection, table: Table, *names: str) -> ColumnElement[bool]:
    """Rows whose columns hold what they should; the others were named already and cannot be compared."""
    if connection.dialect.name != "sqlite":
        return true()
    return and_(*(func.typeof(table.c[name]) == _held(table.c[name].type) for name in names))


def _held(kind: TypeEngine[object]) -> str:
    if isinstance(kind, Integer):
        return "integer"
    return "blob" if isinstance(kind, LargeBinary) else "text"
