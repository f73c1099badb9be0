"""A pack: one file that holds a whole rule set, with a manifest of what is in it; same rules, same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import Issue, KnowledgeError, StoreError
from service.knowledge.digest import rule_digest
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.store.archive import MOST_BYTES, archived, files_in, rule_files, write_files

FORMAT = 1
MANIFEST = "manifest.json"
_RULES = "rules/"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was opened: its manifest, its rules, and the archive of the rule files."""

    manifest: Json
    knowledge: Knowledge
    files: Mapping[str, bytes]

    @property
    def archive(self) -> bytes:
        """The rule files as the store holds them."""
        return archived(self.files)


def make_pack(folder: Path, settings: Mapping[str, str] | None = None, *, made_by: str) -> bytes:
    """The pack of a folder of rules. Raises KnowledgeError when they are wrong: a pack never holds a wrong rule set."""
    files = rule_files(folder)
    knowledge = load_files(files, settings)
    manifest = json.dumps(_manifest(knowledge, files, made_by), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    inside = {MANIFEST: manifest.encode()} | {_RULES + name: content for name, content in files.items()}
    return gzip.compress(archived(inside), 9, mtime=0)


def open_pack(content: bytes, settings: Mapping[str, str] | None = None) -> Pack:
    """Open a pack and hold it against its manifest. ``settings`` replace those it was made with.

    Raises KnowledgeError when it is damaged, holds something else than its manifest says, or holds wrong rules.
    """
    inside = _unpacked(content)
    try:
        manifest = json.loads(inside.pop(MANIFEST))
        listed, made_with = manifest["files"], manifest["settings"]
    except (KeyError, ValueError, TypeError):
        raise _refused("the pack has no manifest that can be read") from None
    files = {name.removeprefix(_RULES): data for name, data in inside.items() if name.startswith(_RULES)}
    if listed != {name: _sha256(data) for name, data in files.items()} or len(files) != len(inside):
        raise _refused("the files of the pack are not those of its manifest")
    as_made = load_files(files, made_with)
    if as_made.digest != manifest.get("digest"):
        raise _refused("the rules of the pack are not those of its manifest: the digest differs")
    given = {**made_with, **(settings or {})}
    return Pack(manifest, as_made if given == made_with else load_files(files, given), files)


def load_files(files: Mapping[str, bytes], settings: Mapping[str, str] | None) -> Knowledge:
    """The rules in these files. Raises KnowledgeError."""
    with tempfile.TemporaryDirectory(prefix="sciatica-cds-") as name:
        folder = Path(name) / "rules"
        folder.mkdir()
        write_files(files, folder)
        return load(folder, settings)


def _manifest(knowledge: Knowledge, files: Mapping[str, bytes], made_by: str) -> Json:
    return {
        "format": FORMAT,
        "made_by": f"sciatica-cds {made_by}",
        "name": knowledge.name,
        "version": knowledge.version,
        "digest": knowledge.digest,
        "settings": dict(knowledge.settings),
        "rules": [
            {
                "id": rule.id,
                "version": rule.version,
                "status": rule.status,
                "approved": rule.id in knowledge.approved,
                "digest": rule_digest(knowledge, rule.id),
            }
            for rule in (*knowledge.rules, *knowledge.retired)
        ],
        "sources": [
            {
                "id": source.id,
                "label": source.label,
                "status": source.status.value,
                "compared": source.compared.isoformat() if source.compared else None,
            }
            for source in knowledge.sources.values()
        ],
        "files": {name: _sha256(content) for name, content in files.items()},
    }


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            # A small file may hold a huge one.
            opened = stream.read(MOST_BYTES + 1)
        if len(opened) > MOST_BYTES:
            raise _refused("the pack holds more than a rule set")
        return files_in(opened)
    except (OSError, EOFError, StoreError):
        raise _refused("this is not a pack") from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _refused(why: str) -> KnowledgeError:
    return KnowledgeError([Issue("pack:1", why)])
