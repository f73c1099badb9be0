"""The schema of the store, kept by Alembic migrations inside this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from service.errors import StoreError

# The newest migration. A test holds it against the files.
REVISION = "0001"
_MIGRATIONS = Path(__file__).with_name("migrations")


def is_current(connection: Connection) -> bool:
    """Whether the tables are those of this program. Cheap: Alembic is heavy and mostly not needed."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > REVISION:
        raise StoreError(f"the tables are of a newer program (schema {found}, this one knows {REVISION}): upgrade it")
    return bool(found == REVISION)


def upgrade(connection: Connection, lock: int) -> None:
    """Run the migrations that are missing, all or none. Two processes that start at once do it one after the other."""
    from alembic import command

    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
        if is_current(connection):
            return
        command.upgrade(config(connection), "head")


def config(connection: Connection | None = None) -> Any:
    """The Alembic configuration over an open connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS))
    made.attributes["connection"] = connection
    return made
