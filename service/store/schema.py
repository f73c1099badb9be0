"""The schema of the store, kept by Alembic migrations inside this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, text

from service.errors import StoreError
from service.store.tables import metadata

# The newest migration. A test holds it against the files.
REVISION = "0001"
_MIGRATIONS = Path(__file__).with_name("migrations")
# The table of Alembic, as Alembic makes it.
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def is_current(connection: Connection) -> bool:
    """Whether the tables are those of this program. Cheap: Alembic is heavy and mostly not needed."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > REVISION:
        raise StoreError(f"the tables are of a newer program (schema {found}, this one knows {REVISION}): upgrade it")
    return bool(found == REVISION)


def upgrade(connection: Connection, lock: int) -> None:
    """Make the tables, or run the migrations that are missing: all or none.

    Two processes that start at once do it one after the other. An empty database needs no migrations, so a worker
    that meets one does not load Alembic, which would stay in its memory.
    """
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
        if is_current(connection):
            return
        if not inspect(connection).get_table_names():
            metadata.create_all(connection, checkfirst=False)
            _VERSION.create(connection)
            connection.execute(insert(_VERSION).values(version_num=REVISION))
            return
        from alembic import command

        command.upgrade(config(connection), "head")


def config(connection: Connection | None = None) -> Any:
    """The Alembic configuration over an open connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS))
    made.attributes["connection"] = connection
    return made
