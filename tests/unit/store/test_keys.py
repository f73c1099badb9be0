"""Keys: made once, for their owner only, rotated by id; hashes nobody can undo without them."""

from __future__ import annotations

import hmac
import stat
import threading
from pathlib import Path

import pytest

from service.errors import StoreError
from service.store.keys import Keyring, read_keyring, rotate


def test_a_file_of_keys_is_made_for_its_owner_only(tmp_path: Path) -> None:
    ring = read_keyring(tmp_path / "a" / "keys.json")
    assert ring.current.startswith("k-")
    assert stat.S_IMODE((tmp_path / "a" / "keys.json").stat().st_mode) == 0o600
    assert read_keyring(tmp_path / "a" / "keys.json") == ring


def test_processes_that_start_at_once_use_one_key(tmp_path: Path) -> None:
    rings: list[Keyring] = []
    threads = [threading.Thread(target=lambda: rings.append(read_keyring(tmp_path / "k"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(ring.current, ring.keys[ring.current]) for ring in rings}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_a_rotated_key_keeps_the_old_one_for_old_rows(tmp_path: Path) -> None:
    old = read_keyring(tmp_path / "k")
    new = rotate(tmp_path / "k")
    assert new.current != old.current
    assert set(new.keys) == {old.current, new.current}
    assert new.patient("p1", old.current) == old.patient("p1")
    assert new.patient("p1") != old.patient("p1")


@pytest.mark.parametrize("length", [32, 64, 65, 200])
@pytest.mark.parametrize("text", ["", "Condition/c1", "ü" * 500])
def test_a_hash_is_that_of_hmac(length: int, text: str) -> None:
    key = bytes(range(length))
    assert Keyring("k1", {"k1": key}).sign(text) == hmac.digest(key, b"seal\t" + text.encode(), "sha256").hex()


def test_a_hash_says_nothing_and_differs_by_purpose() -> None:
    ring = Keyring("k1", {"k1": b"0" * 32})
    assert ring.patient("4711") != ring.sign("4711")
    assert "4711" not in ring.patient("4711")
    assert Keyring("k1", {"k1": b"1" * 32}).patient("4711") != ring.patient("4711")
    assert b"0" * 32 not in repr(ring).encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"current": "k2", "keys": {"k1": "' + "0" * 64 + '"}}',
        '{"current": "k1", "keys": {"k1": "00"}}',
    ],
)
def test_a_file_that_holds_no_usable_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text)
    with pytest.raises(StoreError, match="keys"):
        read_keyring(tmp_path / "k")


def test_a_lost_file_of_keys_is_not_replaced_without_a_word(tmp_path: Path) -> None:
    anchor = tmp_path / "store-anchor.json"
    lost = read_keyring(tmp_path / "k", anchor)
    anchor.write_text("{}")
    (tmp_path / "k").unlink()
    with pytest.raises(StoreError, match="k is missing, but the store was used before"):
        read_keyring(tmp_path / "k", anchor)
    anchor.unlink()
    # Begun anew on purpose: the ids differ, so that older rows read as made under a key that is not here.
    assert read_keyring(tmp_path / "k", anchor).current != lost.current
