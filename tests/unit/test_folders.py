"""Folders of the service's own data are for its user alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from service.folders import private_folder
from service.store.options import StoreOptions
from service.store.store import Store
from tests.store.rows import RULE_SET, decision


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_on_the_way_are_private_too_and_those_that_were_there_stay(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_folder(tmp_path / "data" / "spool" / "packs")
    private_folder(tmp_path / "data" / "spool" / "packs")
    assert [mode(path) for path in (tmp_path / "data", tmp_path / "data" / "spool", tmp_path)] == [0o700, 0o700, 0o755]


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="is a file where a folder is needed"):
        private_folder(tmp_path / "data")


def test_nothing_that_the_store_makes_can_be_read_by_others(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    store = Store(StoreOptions(str(data / "store.db"), data / "spool", data / "keys.json"), "test")
    store.append("decision", decision(), RULE_SET)
    made = [path for path in (tmp_path / "new", *(tmp_path / "new").rglob("*")) if mode(path) & 0o077]
    store.close()
    assert made == []
