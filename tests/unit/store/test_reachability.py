"""Whether the database answers: asked, not assumed, and nobody waits for one that hangs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from service import create_app
from service.config import Settings
from service.errors import StoreError
from service.store.database import Database, store_url
from service.store.reachability import Reachability


def refuse() -> None:
    raise StoreError("the store cannot be used: OperationalError")


def test_a_database_that_was_never_asked_is_asked_before_it_is_called_reachable() -> None:
    asked = threading.Event()
    assert Reachability(asked.set).failure() is None
    assert asked.is_set()


def test_a_database_that_refuses_is_not_reachable() -> None:
    assert Reachability(refuse).failure() == "the store cannot be used: OperationalError"


def test_an_error_of_the_driver_is_told_by_its_kind_only() -> None:
    def fail() -> None:
        raise RuntimeError("canary")

    assert Reachability(fail).failure() == "the store cannot be used: RuntimeError"


def test_nobody_waits_for_a_database_that_hangs() -> None:
    ends = threading.Event()

    def hang() -> None:
        ends.wait(20)

    hanging = Reachability(hang, patience=0.05)
    assert hanging.failure() == "the store did not answer within 0.05 seconds"
    ends.set()


def test_a_sqlite_file_that_is_not_there_yet_can_be_reached_and_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "store.db"
    Database(store_url(f"sqlite:///{file}"), 1.0).probe()
    assert not file.parent.exists()


@pytest.mark.parametrize(("store", "status"), [("required", 503), ("on", 200)])
def test_without_its_database_a_service_is_ready_only_when_calls_need_not_be_recorded(
    tmp_path: Path, store: str, status: int
) -> None:
    nowhere = "postgresql://127.0.0.1:1/none"
    app = create_app(Settings(store=store, store_url=nowhere, data=tmp_path, log_level="error"))  # type: ignore[arg-type]
    client = app.test_client()
    assert client.get("/live").get_json() == {"live": True}
    assert client.get("/ready").status_code == status
    result = client.get("/health").get_json()
    assert result["store"]["reachable"] is False
    assert result["ready"] is (status == 200)
    assert any("cannot be used" in warning for warning in result["warnings"])
