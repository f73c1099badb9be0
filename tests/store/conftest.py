"""Stores to test: SQLite in a temporary folder, PostgreSQL on a real server; and services that remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.store.options import StoreOptions
from service.store.store import Store
from tests.store.postgresql import Server, running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server; the test is skipped, with the reason, where there can be none."""
    for server in running():
        if isinstance(server, str):
            pytest.skip(server)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> StoreOptions:
    """Where a new, empty store is, on either database."""
    url = str(tmp_path / "store.db") if request.param == "sqlite" else request.getfixturevalue("postgresql").fresh()
    return StoreOptions(url, tmp_path / "spool", tmp_path / "keys.json", wait_seconds=2)


@pytest.fixture
def open_store(options: StoreOptions) -> Iterator[Callable[..., Store]]:
    """Opens the store with these options, as each process would; all are closed at the end."""
    opened: list[Store] = []

    def make(at: StoreOptions = options) -> Store:
        opened.append(Store(at, "test"))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()
