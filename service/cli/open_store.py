"""The store as the commands use it: opened by the settings of the environment, with the spool drained first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import click

from service.config import Settings, read_settings
from service.store.database import Database, store_url
from service.store.draining import drain_all
from service.store.keys import Keyring, read_keyring
from service.store.options import StoreOptions, store_options
from service.store.reading import Reading


@dataclass(frozen=True, slots=True)
class Opened:
    """An open store."""

    settings: Settings
    options: StoreOptions
    database: Database
    keyring: Keyring

    @property
    def reading(self) -> Reading:
        """Questions to the store."""
        return Reading(self.database, self.keyring)


def open_store() -> Opened:
    """The store of this machine, with the spool drained. Raises StoreError."""
    settings = read_settings()
    options = store_options(settings)
    if not options.keys.exists() and not options.anchors[0].exists():
        raise click.UsageError(
            "there is no store here yet: SCIATICA_CDS_DATA or SCIATICA_CDS_STORE_KEYS say where it is"
        )
    keyring = read_keyring(options.keys, options.anchors[0])
    opened = Opened(settings, options, Database(store_url(options.url), options.wait_seconds), keyring)
    # Python 3.13 and later warn of connections that nobody closed.
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(opened.database.close)
    drain_all(opened.database, options, opened.keyring)
    return opened


def day(text: str | None) -> datetime:
    """An ISO 8601 day or time as an aware time, the beginning of time for nothing. Without a zone it is UTC."""
    if text is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text} is not an ISO 8601 day or time, such as 2026-03-01") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
