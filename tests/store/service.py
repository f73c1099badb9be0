"""A service over the small rule set that remembers, and calls to it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from service import create_app
from service.config import Settings
from service.store.draining import drain_all
from service.store.reading import Reading, StoredDecision
from service.store.store import Store
from tests.conftest import PROJECT

SMALL_RULES = PROJECT / "tests" / "rules_valid"
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def storing_app(data: Path, rules: Path = SMALL_RULES, **settings: Any) -> Flask:
    """The application, which stores what it answers below ``data``."""
    return create_app(Settings(rules=rules, data=data, **{"store": "on", "log_level": "error"} | settings))


def store_of(app: Flask) -> Store:
    store: Store = app.extensions["sciatica-cds.decision-log"].store
    return store


def reading_of(app: Flask) -> Reading:
    """Questions to the store, with every spool drained."""
    store = store_of(app)
    drain_all(store.database, store.options, store.keyring)
    return Reading(store.database, store.keyring)


def stored_decisions(app: Flask) -> list[StoredDecision]:
    return list(reading_of(app).decisions(BEGINNING))


def post(app: Flask, service: str, body: Any) -> list[dict[str, Any]]:
    """The cards of a call that must be answered."""
    answer = app.test_client().post(f"/cds-services/{service}", json=body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    cards: list[dict[str, Any]] = answer.get_json()["cards"]
    return cards
