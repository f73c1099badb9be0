"""Draining: rows go from spool files to the database, also those of writers that are gone."""

from __future__ import annotations

import structlog

from service.store.database import Database
from service.store.keys import Keyring
from service.store.place import Place
from service.store.projection import insert_rows
from service.store.spool import living, orphans


def drain_orphans(database: Database, place: Place, keyring: Keyring) -> int:
    """Drain the rows of writers that are gone, and remove their files. How many rows; raises StoreError."""
    count = 0
    for orphan in orphans(place.spool):
        rejected = 0
        for rows, bad in orphan.batches(keyring):
            with database.writing() as connection:
                insert_rows(connection, rows, place.packs)
            count += len(rows)
            rejected += bad
        if rejected:
            structlog.get_logger().error("store", error=f"{rejected} lines of a spool file are no rows; it is kept")
            orphan.set_aside()
        else:
            orphan.remove()
    return count


def drain_all(database: Database, place: Place, keyring: Keyring) -> int:
    """Drain every row of every spool file, so that a reader sees all that was ever stored. Raises StoreError.

    Files of writers that live are only read: their writers bring the same rows home too, which does no harm.
    """
    count = drain_orphans(database, place, keyring)
    for rows in living(place.spool, keyring):
        with database.writing() as connection:
            insert_rows(connection, rows, place.packs)
        count += len(rows)
    return count
