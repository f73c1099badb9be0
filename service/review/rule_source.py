"""Where the rules of a process come from: a folder, or a pack whose signature verifies. Read whole, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.config import Settings
from service.errors import Issue, KnowledgeError
from service.knowledge.cache import Cached, RuleCache, uncached
from service.knowledge.model import Knowledge
from service.store.archive import archived, rule_files

# What reads rule files and packs stands inside the functions: a start that finds its rules in the cache needs neither.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Rules:
    """A rule set, what makes the archive of exactly the files it was read from, and who signed it.

    ``cached`` holds what is worked out from it for the next start.
    """

    knowledge: Knowledge
    archive: Callable[[], bytes]
    signed_by: str | None = None
    cached: Cached = uncached


def read_rules(settings: Settings) -> Rules:
    """The rules that the settings name. Raises KnowledgeError where they are wrong, or no trusted key signed them."""
    if settings.pack is not None:
        return _of_pack(settings.pack, settings.pack_keys, settings.knowledge_settings)
    for _ in range(_TRIES):
        with suppress(_ChangedError):
            return _read(settings)
    raise KnowledgeError([Issue(f"{settings.rules.name}:1", "the rule files change while they are read")])


def _of_pack(file: Path, keys: Path | None, chosen: Mapping[str, str]) -> Rules:
    from service.review.packs import open_pack
    from service.review.signatures import verify_files

    if keys is None:
        raise KnowledgeError([Issue("pack:1", "a pack is loaded only with a file of trusted keys")])
    content, name = verify_files(file, keys)
    pack = open_pack(content, chosen)
    return Rules(pack.knowledge, lambda: pack.archive, name)


def _read(settings: Settings) -> Rules:
    files = rule_files(settings.rules) if settings.rules.is_dir() else {}
    cached = _cached(settings, files)
    return Rules(cached("rules", lambda: _loaded(settings, files)), lambda: archived(files), cached=cached)


class _ChangedError(Exception):
    """The rule files changed while they were read."""


def _cached(settings: Settings, files: Mapping[str, bytes]) -> Cached:
    if settings.rules_cache == "off":
        return uncached
    return RuleCache.of(settings.data / "rules-cache", files, settings.knowledge_settings).cached


def _loaded(settings: Settings, files: Mapping[str, bytes]) -> Knowledge:
    """The rules of exactly these files of the folder. Raises _ChangedError, KnowledgeError."""
    from service.knowledge.loader import load

    knowledge = load(settings.rules, settings.knowledge_settings)
    if files != rule_files(settings.rules):
        raise _ChangedError
    return knowledge


def fingerprint(settings: Settings) -> str:
    """Changes when the rules may have changed. Looks at names, sizes and times only: cheap enough to ask often."""
    if settings.pack is not None:
        from service.review.signatures import signature_file

        looked_at = [settings.pack, signature_file(settings.pack)]
    else:
        looked_at = sorted(path for path in settings.rules.rglob("*") if path.suffix in (".yaml", ".yml"))
    seen = hashlib.sha256()
    for path in looked_at:
        try:
            state = path.stat()
        except OSError:
            continue
        seen.update(f"{path}\t{state.st_size}\t{state.st_mtime_ns}\t{state.st_ino}\n".encode())
    return seen.hexdigest()
