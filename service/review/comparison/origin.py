"""Origin: where a rule set that is compared comes from: a folder, a pack, the store, or a revision of git."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from service.errors import Issue, KnowledgeError
from service.knowledge.invariants import FILE as INVARIANTS
from service.knowledge.model import Knowledge
from service.review.packs import load_files, open_pack
from service.review.signatures import signature_file, verify_files
from service.store.archive import MOST_BYTES, rule_files

Stored = Callable[[str], tuple[str, Mapping[str, bytes], Mapping[str, str]] | None]
"""Looks a digest (or its beginning) up in the store: the digest, the files, and the settings it was used with."""

_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A rule set to compare: what it is called, its rules and the files they were read from."""

    label: str
    knowledge: Knowledge
    files: Mapping[str, bytes]

    @property
    def has_invariants(self) -> bool:
        """Whether it says what must hold for every patient."""
        return INVARIANTS in self.files


@dataclass(frozen=True, slots=True)
class Origins:
    """Finds rule sets by what a person calls them.

    ``rules`` is the folder of rules inside a git repository, whose revisions can be named. ``keys`` are the keys that
    must have signed a pack; without them a pack is held against its manifest only. ``stored`` asks the store.
    """

    rules: Path
    settings: Mapping[str, str]
    keys: Path | None = None
    stored: Stored | None = None

    def find(self, name: str) -> RuleSet:
        """The rule set called so: a folder, a pack, a revision, or a digest. Raises KnowledgeError."""
        path = Path(name)
        if path.is_dir():
            return self._of(path.name or name, rule_files(path))
        if path.is_file():
            return self._pack(path)
        if _DIGEST.fullmatch(name) and self.stored is not None and (in_store := self.stored(name)) is not None:
            digest, files, settings = in_store
            return RuleSet(digest[:12], load_files(files, {**settings, **self.settings}), files)
        return self._of(name, self._revision(name))

    def _of(self, label: str, files: Mapping[str, bytes]) -> RuleSet:
        return RuleSet(label, load_files(files, self.settings), files)

    def _pack(self, path: Path) -> RuleSet:
        if self.keys is not None:
            content, _ = verify_files(path, self.keys)
        elif signature_file(path).is_file():
            raise _unknown(path.name, "the pack is signed: name the trusted keys with --keys")
        else:
            content = path.read_bytes()
        pack = open_pack(content, self.settings)
        return RuleSet(path.name, pack.knowledge, pack.files)

    def _revision(self, name: str) -> dict[str, bytes]:
        """The rule files at a revision, read from git without a checkout."""
        git = shutil.which("git")
        if git is None or name.startswith("-"):
            raise _unknown(name, "there is no such folder or pack, and no git to ask for a revision")
        folder = self.rules.resolve()
        command = [git, "-C", str(folder), "archive", "--format=tar", name, "."]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            raise _unknown(name, "git did not answer") from None
        if done.returncode:
            raise _unknown(
                name, "there is no such folder or pack, no stored rule set and no revision of git with these rules"
            )
        return _rule_files_in(done.stdout)


def _rule_files_in(archive: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    if len(archive) > MOST_BYTES:
        raise _unknown("git", "the revision holds more than a rule set")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for entry in opened:
            path = Path(entry.name)
            is_rule_file = path.suffix in (".yaml", ".yml", ".md") and not any(
                part.startswith(".") for part in path.parts
            )
            if entry.isfile() and is_rule_file and (stream := opened.extractfile(entry)) is not None:
                found[path.as_posix()] = stream.read()
    return found


def _unknown(name: str, why: str) -> KnowledgeError:
    return KnowledgeError([Issue(f"{name}:1", why)])
