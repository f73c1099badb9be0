"""Forty-two ways to tamper with the record by hand, each on a copy of one store, each held against ``store verify``.

What an audit cannot see by itself is at the end: there it needs a checkpoint that somebody noted elsewhere, and
docs/store.md names it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.errors import StoreError
from service.store.anchor import read_anchor
from service.store.audit import audit
from service.store.database import Database, store_url
from service.store.keys import Keyring, read_keyring
from service.store.options import StoreOptions
from service.store.store import Store
from tests.store.rows import RULE_SET, decision, feedback, keep


@dataclass(frozen=True)
class Stored:
    """A folder as an operator has it: database, keys, anchor; an older copy of all; what was published."""

    folder: Path
    older: Path
    published: tuple[int, str]

    @property
    def database(self) -> Path:
        return self.folder / "store.db"

    def run(self, *statements: str) -> None:
        connection = sqlite3.connect(self.database)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    def faults(self, *, published: bool = False, keyring: Keyring | None = None) -> list[str]:
        """What ``store verify`` says; a store that cannot be read at all is said too."""
        options = store_options(self.folder)
        try:
            ring = keyring or read_keyring(options.keys, options.anchors[0])
            database = Database(store_url(options.url))
            try:
                result = audit(database, ring, options.anchors, [self.published] if published else ())
            finally:
                database.close()
        except StoreError as error:
            return [str(error)]
        return [str(issue) for issue in result.issues]


def store_options(folder: Path) -> StoreOptions:
    return StoreOptions(str(folder / "store.db"), folder / "spool", folder / "keys.json", wait_seconds=2)


def write(folder: Path, decisions: int) -> None:
    store = Store(store_options(folder), "test")
    keep(store, decisions - 1)
    body = decision()
    store.append("decision", body, RULE_SET)
    store.append("feedback", feedback(body["cards"][0]["uuid"]))
    store.close()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Three processes wrote, one after the other, each with a checkpoint; the older copy is of before the last one."""
    folder = tmp_path_factory.mktemp("record") / "data"
    write(folder, 3)
    write(folder, 3)
    older = folder.with_name("older")
    shutil.copytree(folder, older)
    write(folder, 3)
    return folder, older


@pytest.fixture
def stored(original: tuple[Path, Path], tmp_path: Path) -> Stored:
    folder = tmp_path / "data"
    shutil.copytree(original[0], folder)
    anchor = read_anchor(store_options(folder).anchors[0])
    assert anchor is not None
    return Stored(folder, original[1], (anchor.number, anchor.hash))


def test_the_untouched_record_has_no_fault(stored: Stored) -> None:
    assert stored.faults(published=True) == []


LAST = "(SELECT max(number) FROM checkpoints)"
NEWEST_WRITER = "(SELECT writer FROM ledger WHERE kind = 'begin' ORDER BY at DESC LIMIT 1)"
NO_CHECKPOINTS = ("DELETE FROM checkpoint_heads", "DELETE FROM checkpoints")
NO_LAST = (f"DELETE FROM checkpoint_heads WHERE checkpoint = {LAST}", f"DELETE FROM checkpoints WHERE number = {LAST}")
CUT = (
    f"DELETE FROM decisions WHERE writer = {NEWEST_WRITER} AND seq > 3",
    f"DELETE FROM feedback WHERE writer = {NEWEST_WRITER}",
    f"DELETE FROM ledger WHERE writer = {NEWEST_WRITER} AND seq > 3",
)
BY_STATEMENT: dict[str, tuple[Sequence[str], str]] = {
    "the newest checkpoint dropped": (NO_LAST, "stands in the anchor file and is not here"),
    "the first checkpoint dropped": (["DELETE FROM checkpoints WHERE number = 1"], "checkpoint 1: is missing"),
    "all checkpoints dropped": (NO_CHECKPOINTS, "stands in the anchor file and is not here"),
    "all checkpoints and the end of a chain": ((*NO_CHECKPOINTS, *CUT), "stands in the anchor file and is not here"),
    "the newest checkpoint and the end of a chain": ((*NO_LAST, *CUT), "stands in the anchor file and is not here"),
    "the end of a chain": (CUT, "missing at the end: dropped"),
    "a row in the middle": (["DELETE FROM ledger WHERE seq = 3"], "missing: dropped"),
    "the first row of a writer": (["DELETE FROM ledger WHERE seq = 1"], "missing: dropped"),
    "a whole writer": ([f"DELETE FROM ledger WHERE writer = {NEWEST_WRITER}"], "missing at the end: dropped"),
    "every row": (["DELETE FROM ledger"], "missing at the end: dropped"),
    "a body changed": (["UPDATE ledger SET body = replace(body, 'warning', 'info') WHERE seq = 3"], "is not what was"),
    "a body emptied": (["UPDATE ledger SET body = '' WHERE seq = 3"], "is not what was written"),
    "a time changed": (["UPDATE ledger SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 3"], "is not what was"),
    "a row given to another writer": (
        ["UPDATE ledger SET writer = 'f' || substr(writer, 2) WHERE seq = 6"],
        "ledger f",
    ),
    "a row doubled": (
        ["INSERT INTO ledger SELECT writer, 99, key, kind, at, body, previous, hash FROM ledger WHERE seq = 3"],
        "missing: dropped",
    ),
    "a decision hidden from the tables": (["DELETE FROM decisions WHERE seq = 3"], "decisions "),
    "a card made less urgent": (["UPDATE cards SET indicator = 'info'"], "cards "),
    "an override made an acceptance": (["UPDATE feedback SET outcome = 'accepted'"], "feedback "),
    "a patient hash changed": ([f"UPDATE decisions SET patient = '{'0' * 64}' WHERE seq = 3"], "decisions "),
    "a card under another rule": (["UPDATE card_rules SET rule = 'sf-other' WHERE shown = 1"], "card_rules "),
    "the files of the rules replaced": (["UPDATE rule_set_files SET pack = x'00'"], "rule_sets "),
    "a checkpoint counts fewer rows": (["UPDATE checkpoints SET rows = 1 WHERE number = 2"], "checkpoint 2: is not"),
    "a checkpoint with a new signature": (
        ["UPDATE checkpoints SET signature = previous WHERE number = 2"],
        "its signature is wrong",
    ),
    "a head moved back": (["UPDATE checkpoint_heads SET seq = seq - 1 WHERE checkpoint = 3"], "checkpoint 3: is not"),
    "a tombstone invented": (
        ["INSERT INTO tombstones SELECT writer, 3, hash, 3, at, writer, 4 FROM ledger WHERE seq = 3 LIMIT 1"],
        "tombstones ",
    ),
    "a number of a wrong type": (["UPDATE ledger SET seq = 'x' WHERE seq = 3"], "holds a value of type text"),
    "a text of a wrong type": (["UPDATE ledger SET body = x'00ff' WHERE seq = 3"], "holds a value of type blob"),
    "rows of a checkpoint of a wrong type": (["UPDATE checkpoints SET rows = 'many'"], "holds a value of type text"),
    "the tables of a newer program": (["UPDATE alembic_version SET version_num = '9999'"], "of a newer program"),
    "a table dropped": (["DROP TABLE checkpoint_heads"], "checkpoint_heads: this table is missing: dropped"),
    "a column dropped": (["ALTER TABLE decisions DROP COLUMN microseconds"], "the column microseconds is missing"),
    "a trigger that drops feedback": (
        ["CREATE TRIGGER quiet AFTER INSERT ON feedback BEGIN DELETE FROM feedback; END"],
        "feedback: has a trigger 'quiet', which is none of this program: inserted",
    ),
}


@pytest.mark.parametrize("what", BY_STATEMENT)
def test_what_is_done_to_the_tables_is_found(stored: Stored, what: str) -> None:
    statements, said = BY_STATEMENT[what]
    stored.run(*statements)
    result = stored.faults()
    assert any(said in fault for fault in result), result


def put_older_back(stored: Stored) -> None:
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (stored.folder / name).unlink(missing_ok=True)
        if (stored.older / name).exists():
            shutil.copy(stored.older / name, stored.folder / name)


def put_older_back_and_go_on(stored: Stored) -> None:
    put_older_back(stored)
    write(stored.folder, 2)


def remove_database(stored: Stored) -> None:
    for path in stored.folder.glob("store.db*"):
        path.unlink()


def drop_the_write_ahead_log(stored: Stored) -> None:
    """What a killed process leaves in the log, thrown away: rows and checkpoint of the last writer go."""
    before = sqlite3.connect(stored.database)
    before.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before.execute("PRAGMA wal_autocheckpoint = 0")
    whole = stored.database.read_bytes()
    write(stored.folder, 2)
    before.close()
    for path in stored.folder.glob("store.db*"):
        path.unlink()
    stored.database.write_bytes(whole)


def overwrite_with_noise(stored: Stored) -> None:
    stored.database.write_bytes(b"noise" * 1000)
    for path in stored.folder.glob("store.db-*"):
        path.unlink()


def lose_the_keys(stored: Stored) -> None:
    (stored.folder / "keys.json").unlink()


def replace_the_keys(stored: Stored) -> None:
    path = stored.folder / "keys.json"
    ring = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({"current": "k-other", "keys": {"k-other": ring["keys"][ring["current"]]}}))


def lose_the_anchor(stored: Stored) -> None:
    store_options(stored.folder).anchors[0].unlink()


def spoil_the_anchor(stored: Stored) -> None:
    store_options(stored.folder).anchors[0].write_text("{}")


BY_FILE: dict[Callable[[Stored], None], str] = {
    put_older_back: "stands in the anchor file and is not here",
    put_older_back_and_go_on: "is not the one that stands in the anchor file: the store was rewritten",
    remove_database: "stands in the anchor file and is not here",
    drop_the_write_ahead_log: "stands in the anchor file and is not here",
    overwrite_with_noise: "the file is no SQLite database, or was damaged",
    lose_the_keys: "is missing, but the store was used before",
    replace_the_keys: "which is not here",
    lose_the_anchor: "is missing: nobody knows whether the newest checkpoints are here",
    spoil_the_anchor: "the anchor file cannot be used",
}


@pytest.mark.parametrize("what", BY_FILE, ids=lambda what: what.__name__)
def test_what_is_done_to_the_files_is_found(stored: Stored, what: Callable[[Stored], None]) -> None:
    what(stored)
    result = stored.faults()
    assert any(BY_FILE[what] in fault for fault in result), result


def put_all_files_back(stored: Stored) -> None:
    """Database, keys and anchor of the older copy together: a whole and true record, of an earlier day."""
    shutil.rmtree(stored.folder)
    shutil.copytree(stored.older, stored.folder)


def remove_everything(stored: Stored) -> None:
    """A new store, with new keys, where the old one was."""
    shutil.rmtree(stored.folder)
    write(stored.folder, 3)


def shorten_with_the_anchor(stored: Stored) -> None:
    """The last writer's rows and checkpoint removed, and the anchor set back by who can write to its folder."""
    put_older_back(stored)
    shutil.copy(store_options(stored.older).anchors[0], store_options(stored.folder).anchors[0])


@pytest.mark.parametrize("what", [put_all_files_back, remove_everything, shorten_with_the_anchor])
def test_what_only_a_checkpoint_noted_elsewhere_shows(
    stored: Stored, what: Callable[[Stored], None], project: Path
) -> None:
    what(stored)
    assert stored.faults() == []
    assert stored.faults(published=True) != []
    page = (project / "docs" / "store.md").read_text(encoding="utf-8")
    assert "`store verify --anchor NUMBER:HASH`" in page
