"""Tables that are not as this program made them: columns that are missing, triggers, values of a wrong type.

A trigger changes rows as they are written. SQLite takes a value of any type into any column; such values are named
first, so that they end no other part of the audit.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Integer, LargeBinary, Table, and_, func, inspect, select, true
from sqlalchemy.types import TypeEngine

from service.store.audit_report import AuditReport
from service.store.tables import metadata

_TRIGGERS = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace",
}


def audit_schema(connection: Connection, report: AuditReport) -> bool:
    """Name what the tables lack and the triggers on them; whether the rows can be looked at."""
    found = inspect(connection)
    tables = set(found.get_table_names())
    whole = True
    for table in metadata.sorted_tables:
        if table.name not in tables:
            report.add_issue(table.name, "this table is missing: dropped")
            whole = False
            continue
        columns = {column["name"] for column in found.get_columns(table.name)}
        for name in [column.name for column in table.columns if column.name not in columns]:
            report.add_issue(table.name, f"the column {name} is missing: dropped")
            whole = False
    for name, table_name in connection.exec_driver_sql(_TRIGGERS[connection.dialect.name]):
        if table_name in metadata.tables:
            report.add_issue(
                str(table_name), f"has a trigger {str(name)[:60]!r}, which is none of this program: inserted"
            )
    return whole


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
