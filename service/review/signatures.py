"""Signatures of packs: Ed25519, in a small file beside the pack, by keys that the operator lists.

The file of trusted keys holds one key a line: a name and the public key in base64, as ``sign --new-key`` prints it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from service.errors import Issue, KnowledgeError

SUFFIX = ".sig"
# What is signed is a sentence of its own, so that a signature made for something else never fits.
_SIGNED = b"sciatica-cds rule set pack, SHA-256 "


def new_key(path: Path) -> str:
    """Make a private key that only its owner can read. The line for the file of trusted keys; FileExistsError."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(text)
    return public_line(path.stem, key.public_key())


def public_line(name: str, key: Ed25519PublicKey) -> str:
    """A public key as a line of the file of trusted keys."""
    return f"{name} {base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()}"


def sign(pack: bytes, key_file: Path) -> str:
    """The signature of a pack as the content of its signature file. Raises KnowledgeError when the key is none."""
    key = private_key(key_file)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    made = {"key": base64.b64encode(public).decode(), "signature": base64.b64encode(key.sign(_text(pack))).decode()}
    return json.dumps(made, indent=2) + "\n"


def private_key(key_file: Path) -> Ed25519PrivateKey:
    """The key that a file holds. Raises KnowledgeError when it is none."""
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
    except (ValueError, TypeError, OSError):
        raise _refused("the private key cannot be read") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _refused("the private key is not an Ed25519 key")
    return key


def trusted_keys(path: Path) -> Mapping[str, bytes]:
    """The keys of a file of trusted keys by name. Raises KnowledgeError when there is none that can be read."""
    found: dict[str, bytes] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                name, text = line.rsplit(None, 1)
                found[name.strip()] = base64.b64decode(text, validate=True)
    except OSError:
        raise _refused(f"the file of trusted keys {path.name} cannot be read") from None
    except (ValueError, binascii.Error):
        raise _refused(
            f"the file of trusted keys {path.name} needs lines of a name and a key, as sign printed it"
        ) from None
    if not found or any(len(key) != 32 for key in found.values()):  # noqa: PLR2004  # an Ed25519 public key
        raise _refused("the file of trusted keys holds no Ed25519 keys")
    return found


def verified_by(pack: bytes, signature: str, keys: Mapping[str, bytes]) -> str:
    """The name of the trusted key that signed a pack. Raises KnowledgeError when none did."""
    try:
        stated = json.loads(signature)
        by, made = base64.b64decode(stated["key"], validate=True), base64.b64decode(stated["signature"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise _refused("the signature cannot be read") from None
    name = next((name for name, key in keys.items() if key == by), None)
    if name is None:
        raise _refused("the pack was signed with a key that is not trusted")
    try:
        Ed25519PublicKey.from_public_bytes(by).verify(made, _text(pack))
    except InvalidSignature:
        raise _refused(f"the signature of {name} does not fit: the pack was changed after it was signed") from None
    return name


def verify_files(pack_file: Path, keys_file: Path) -> tuple[bytes, str]:
    """A pack whose signature, in the file beside it, holds: its bytes and who signed. Raises KnowledgeError."""
    keys = trusted_keys(keys_file)
    try:
        content = pack_file.read_bytes()
    except OSError:
        raise _refused("the pack cannot be read") from None
    try:
        signature = signature_file(pack_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _refused("the pack has no signature beside it") from None
    return content, verified_by(content, signature, keys)


def signature_file(pack_file: Path) -> Path:
    """Where the signature of a pack stands."""
    return pack_file.with_name(pack_file.name + SUFFIX)


def _text(pack: bytes) -> bytes:
    return _SIGNED + hashlib.sha256(pack).hexdigest().encode()


def _refused(why: str) -> KnowledgeError:
    return KnowledgeError([Issue("pack:1", why)])
