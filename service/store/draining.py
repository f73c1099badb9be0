"""Draining: rows go from spool files to the database, also those of writers that are gone."""

from __future__ import annotations

import structlog

from service.store.database import Database
from service.store.keys import Keyring
from service.store.options import StoreOptions
from service.store.projection import insert_rows
from service.store.spool import living, orphans


def drain_orphans(database: Database, options: StoreOptions, keyring: Keyring) -> int:
    """Drain the rows of writers that are gone, and remove their files. How many rows; raises StoreError."""
    count = 0
    for orphan in orphans(options.spool):
        rejected = 0
        for rows, bad in orphan.batches(keyring):
            with database.writing() as connection:
                insert_rows(connection, rows, options.packs)
            count += len(rows)
            rejected += bad
        if rejected:
            structlog.get_logger().error("store", error=f"{rejected} lines of a spool file are no rows; it is kept")
            orphan.set_aside()
        else:
            orphan.remove()
    return count


def drain_all(database: Database, options: StoreOptions, keyring: Keyring) -> int:
    """Drain every row of every spool file, so that a reader sees all that was ever stored. Raises StoreError.

    Files of writers that live are only read: their writers drain the same rows too, which does no harm.
    """
    count = drain_orphans(database, options, keyring)
    for rows in living(options.spool, keyring):
        with database.writing() as connection:
            insert_rows(connection, rows, options.packs)
        count += len(rows)
    return count
