"""A writer: what of its spool is drained at once, and when its file is cleared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import writer
from service.store.chain import Row
from service.store.keys import Keyring
from service.store.options import StoreOptions
from service.store.spool import waiting_bytes
from service.store.writer import Writer
from tests.store.rows import NOW

RING = Keyring("k1", {"k1": b"0" * 32})


def said(mine: Writer, number: int) -> None:
    mine.append(("decision", {"number": number}), None, NOW, lambda rows: pytest.fail(f"{len(rows)} not in the spool"))


def numbers(batches: Iterator[list[Row]]) -> list[int]:
    return [row.seq for rows in batches for row in rows]


@pytest.fixture
def mine(tmp_path: Path) -> Writer:
    return Writer(StoreOptions(str(tmp_path / "store.db"), tmp_path / "spool", tmp_path / "keys.json"), RING, {})


def test_rows_that_come_while_others_are_drained_wait_for_the_next_time(mine: Writer, tmp_path: Path) -> None:
    said(mine, 1)
    batches = mine.waiting()
    assert [row.seq for row in next(batches)] == [1, 2]
    said(mine, 2)
    said(mine, 3)
    assert numbers(batches) == []
    assert numbers(mine.waiting()) == [3, 4]
    assert waiting_bytes(tmp_path / "spool") == 0
    assert numbers(mine.waiting()) == []


def test_a_file_that_only_ever_grows_is_drained_to_its_end_and_cleared(
    mine: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_CLEAR_BYTES", 1)
    said(mine, 1)
    batches = mine.waiting()
    assert [row.seq for row in next(batches)] == [1, 2]
    said(mine, 2)
    assert numbers(batches) == [3]
    assert waiting_bytes(tmp_path / "spool") == 0
