"""The spool: whole lines or nothing; a living file is left alone, an orphan is found."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.chain import ZEROS, Link, as_line, canonical, chained, from_line
from service.store.keys import Keyring
from service.store.spool import SpoolFile, orphans, rows_of, waiting_bytes

RING = Keyring("k1", {"k1": b"0" * 32})


def row(seq: int, said: str = "x"):
    body = canonical({"said": said})
    return chained(Link("w" * 16, seq, ZEROS), "decision", "2026-03-01T09:00:00.000000Z", body, RING)


@given(st.text())
def test_a_row_comes_back_from_its_line_as_it_was(said: str) -> None:
    line = as_line(row(1, said))
    assert line.count(b"\n") == 1
    assert from_line(line.rstrip(b"\n"), RING) == row(1, said)


@given(st.data())
def test_a_line_that_was_cut_or_changed_is_no_row(data: st.DataObject) -> None:
    line = as_line(row(1)).rstrip(b"\n")
    place = data.draw(st.integers(0, len(line) - 1))
    other = data.draw(st.integers(0, 255))
    assert from_line(line[:place], RING) is None
    changed = line[:place] + bytes([other]) + line[place + 1 :]
    assert changed == line or from_line(changed, RING) is None


def test_what_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    spool = SpoolFile(tmp_path, "w" * 16, max_bytes=1000)
    line = as_line(row(1))
    spool.append(line, sync=True)
    with pytest.raises(OSError, match="full"):
        spool.append(line * 10, sync=False)
    spool.append(as_line(row(2)), sync=False)
    assert rows_of(spool.path.read_bytes(), RING) == [row(1), row(2)]
    assert waiting_bytes(tmp_path) == spool.size
    spool.close()


def test_a_file_in_use_is_no_orphan_and_one_that_was_given_up_is(tmp_path: Path) -> None:
    spool = SpoolFile(tmp_path, "w" * 16, max_bytes=1000)
    spool.append(as_line(row(1)), sync=False)
    assert list(orphans(tmp_path)) == []
    spool.close()
    found = [(rows, bad) for orphan in orphans(tmp_path) for rows, bad in orphan.batches(RING)]
    assert found == [([row(1)], 0)]


def test_a_file_that_was_brought_home_wholly_goes_away(tmp_path: Path) -> None:
    spool = SpoolFile(tmp_path, "w" * 16, max_bytes=1000)
    spool.append(as_line(row(1)), sync=False)
    spool.clear()
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_taken_for_an_orphan_while_it_was_being_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, taken = fcntl.flock, []

    def another_was_quicker(descriptor: int, operation: int) -> None:
        if not taken:
            taken.append(descriptor)
            # What another process does that looks for orphans just now.
            next(tmp_path.glob("*.rows")).unlink()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", another_was_quicker)
    spool = SpoolFile(tmp_path, "w" * 16, max_bytes=1000)
    spool.append(as_line(row(1)), sync=False)
    assert taken
    assert rows_of(spool.path.read_bytes(), RING) == [row(1)]
    spool.close()
