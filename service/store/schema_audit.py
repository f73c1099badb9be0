"""Tables that are not those of this program: what is missing, and triggers, which change rows as they are written."""

from __future__ import annotations

from sqlalchemy import Connection, inspect

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
