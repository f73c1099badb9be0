"""Which vignettes name a rule, and what they expect of it: read for people, without building the charts.

A file is looked at only when it names the rule, so that one question costs little. Where the folder of the vignettes is
not there (a service that was installed without its tests), there are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from service.config import PROJECT

FOLDER = PROJECT / "tests" / "vignettes"
CODES = "codes.yaml"
_VISIT = "patient-view"


@dataclass(frozen=True, slots=True)
class Expected:
    """One patient in words, at one moment in care, and what is expected of the rule: its indicator, or silence.

    ``case`` says what is otherwise than the vignette tells of its patient; it is empty for the vignette itself.
    """

    vignette: str
    patient: str
    case: str
    hook: str
    expected: str


def vignettes_about(rule: str, folder: Path = FOLDER) -> tuple[Expected, ...]:
    """What the vignettes of a folder expect of a rule, by name."""
    return tuple(one for name, text in _texts(folder) if rule in text for one in _about(rule, name, text))


@cache
def _texts(folder: Path) -> tuple[tuple[str, str], ...]:
    files = [file for file in sorted(folder.rglob("*.yaml")) if file.name != CODES]
    return tuple(
        (file.relative_to(folder).with_suffix("").as_posix(), file.read_text(encoding="utf-8")) for file in files
    )


@cache
def _document(name: str, text: str) -> Mapping[str, Any] | None:
    # What reads YAML is loaded with the first page that needs it.
    from service.knowledge.documents import read

    document, issues = read(text, name)
    return None if issues else dict(document)


def _about(rule: str, name: str, text: str) -> Iterator[Expected]:
    vignette = _document(name, text)
    if vignette is None:
        return
    hook = str(vignette.get("hook") or _VISIT)
    cases = [(name, "", vignette)]
    variations = enumerate(vignette.get("but", ()), 1)
    cases += [(f"{name}:{number}", str(one.get("case", "")), one) for number, one in variations]
    for name_of_case, case, one in cases:
        expected = _expected(rule, one)
        if expected is not None:
            patient = str(vignette["patient"]).strip()
            yield Expected(name_of_case, patient, case.strip(), str(one.get("hook") or hook), expected)


def _expected(rule: str, one: Mapping[str, Any]) -> str | None:
    said = (one.get("says") or {}).get(rule)
    if said is not None:
        return str(said if isinstance(said, str) else said[0])
    return "silent" if rule in (one.get("silent") or ()) else None
