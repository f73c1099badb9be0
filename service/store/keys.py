"""The keys under which patients are hashed, rows chained and checkpoints signed, in a file of their own, rotated by id.

The file is JSON: ``{"current": "k-1f0c9a2e", "keys": {"k-1f0c9a2e": "<64 hexadecimal digits>"}}``. Ids are random, so
that rows under a lost key read as made under a key that is not here, not as changed. Whoever has it and a patient's id
can find that patient's decisions; whoever has only the store cannot.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from service.errors import StoreError
from service.folders import private_folder

_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys by id, and which is used for what is new."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def patient(self, patient_id: str, key: str | None = None) -> str:
        """The keyed hash of a patient's id, as 64 hexadecimal digits; under the current key unless another is named."""
        return self._hash("patient", patient_id, key)

    def resource(self, reference: str) -> str:
        """The keyed hash of a resource's reference, as 16 hexadecimal digits: enough to tell two resources apart."""
        return self._hash("resource", reference, None)[:16]

    def row(self, text: str, key: str) -> str:
        """The hash of a row of the ledger."""
        return self._hash("row", text, key)

    def sign(self, text: str, key: str | None = None) -> str:
        """The signature of a checkpoint: an HMAC that only who has the key can make."""
        return self._hash("seal", text, key)

    def _hash(self, purpose: str, text: str, key: str | None) -> str:
        begun = _begun(self.keys[key or self.current], purpose).copy()
        begun.update(text.encode())
        return begun.hexdigest()


@lru_cache(maxsize=64)
def _begun(key: bytes, purpose: str) -> hmac.HMAC:
    """A hash under a key that has seen the purpose: to copy it costs half of what it costs to begin anew."""
    return hmac.new(key, f"{purpose}\t".encode(), "sha256")


def read_keyring(path: Path, in_use: Path | None = None) -> Keyring:
    """The keys of a file, which is made with one new key when it is not there.

    ``in_use`` is a file that is there once a store has been used: then a missing file of keys is lost, not new, and a
    new key would hide that. Raises StoreError.
    """
    try:
        if not path.exists():
            if in_use is not None and in_use.exists():
                raise StoreError(
                    f"the file of store keys {path.name} is missing, but the store was used before ({in_use.name} is "
                    "there): put the keys back, or move that file away to begin under a new key"
                )
            first = _new_id()
            _create(path, {"current": first, "keys": {first: secrets.token_hex(_BYTES)}})
        body = json.loads(path.read_text(encoding="utf-8"))
        ring = Keyring(body["current"], {name: bytes.fromhex(key) for name, key in body["keys"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StoreError(
            f"the file of store keys {path.name} does not hold what was written there: put its backup back"
        ) from None
    except OSError as error:
        raise StoreError(
            f"the file of store keys cannot be used: {type(error).__name__} (it is in the folder "
            "SCIATICA_CDS_DATA, which must be one that can be written, or where SCIATICA_CDS_STORE_KEYS says)"
        ) from None
    if ring.current not in ring.keys or any(len(key) < _BYTES for key in ring.keys.values()):
        raise StoreError("the file of store keys has no current key of 64 hexadecimal digits")
    return ring


def rotate(path: Path) -> Keyring:
    """Add a new key and make it current; the old ones stay, so that old decisions can still be found."""
    ring = read_keyring(path)
    added = _new_id()
    keys = {name: key.hex() for name, key in ring.keys.items()} | {added: secrets.token_hex(_BYTES)}
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    _create(fresh, {"current": added, "keys": keys})
    fresh.replace(path)
    return read_keyring(path)


def _new_id() -> str:
    return f"k-{secrets.token_hex(4)}"


def _create(path: Path, content: Mapping[str, object]) -> None:
    """Write a file that only its owner can read. Of two processes that start at once, one makes it."""
    private_folder(path.parent)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link fails where the name exists, so the first of two stays.
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)
