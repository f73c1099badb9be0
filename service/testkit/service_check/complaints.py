"""Complaints: what an answer of a CDS service breaks, requirement by requirement, and the walk they all start with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How binding a requirement is: the specification's must and should, and advice of this product."""

    MUST = "must"
    SHOULD = "should"
    ADVICE = "advice"


_SHOULD = frozenset({"AC-5", "DI-7", "EX-3", "PE-1", "QR-1"})
_ADVICE = frozenset(
    {"AC-6", "CA-6", "CA-7", "DI-14", "DI-15", "LI-3", "QR-2", "QR-3", "QR-4", "RP-7", "RQ-1", "RQ-2", "RQ-3"}
    | {"RQ-4", "RQ-9", "RQ-15", "SC-3", "SC-4", "SO-4", "SO-5", "SU-2", "SU-5", "SY-1", "TK-6", "TK-8", "TR-6", "TR-7"}
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One requirement that is broken, where, and how. ``requirement`` is its number in the protocol reference."""

    requirement: str
    where: str
    text: str

    @property
    def level(self) -> Level:
        if self.requirement in _SHOULD:
            return Level.SHOULD
        return Level.ADVICE if self.requirement in _ADVICE else Level.MUST


def missing_text(requirement: str, holder: Mapping[str, Any], name: str, where: str) -> Iterator[Complaint]:
    """A complaint unless a member is there and is a string that says something."""
    value = holder.get(name)
    if not isinstance(value, str) or not value.strip():
        yield Complaint(requirement, f"{where}.{name}", "must be a string that is not empty")


def shaped(
    requirement: str, value: Any, where: str, complaints: list[Complaint]
) -> list[tuple[Mapping[str, Any], str]]:
    """The objects of a list with their places; what is no list, or no object in it, becomes a complaint."""
    if value is None:
        return []
    if not isinstance(value, list):
        complaints.append(Complaint(requirement, where, "must be an array"))
        return []
    places = [(part, f"{where}[{number}]") for number, part in enumerate(value)]
    complaints += [
        Complaint(requirement, at, "must be an object") for one, at in places if not isinstance(one, Mapping)
    ]
    return [(one, at) for one, at in places if isinstance(one, Mapping)]


def empty_members(value: Any, where: str, allowed: frozenset[str] = frozenset()) -> Iterator[Complaint]:
    """Every null and every empty member, outside FHIR resources (TR-3, TR-4). ``allowed`` may be empty lists."""
    if value is None:
        yield Complaint("TR-3", where, "is null")
    elif value in ("", [], {}) and where not in allowed:
        yield Complaint("TR-4", where, "is empty; what has no value is left out")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from empty_members(part, f"{where}[{number}]", allowed)
    elif isinstance(value, Mapping) and "resourceType" not in value:
        for name, part in value.items():
            yield from empty_members(part, f"{where}.{name}".lstrip("."), allowed)


def extensions(value: Any, where: str) -> Iterator[Complaint]:
    """Every ``extension`` outside FHIR resources that is no object of reverse-domain names (EX-2, EX-3)."""
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from extensions(part, f"{where}[{number}]")
    elif isinstance(value, Mapping) and "resourceType" not in value:
        for name, part in value.items():
            place = f"{where}.{name}".lstrip(".")
            if name != "extension":
                yield from extensions(part, place)
            elif not isinstance(part, Mapping):
                yield Complaint("EX-2", place, "must be an object")
            else:
                yield from (
                    Complaint("EX-3", f"{place}.{one}", "should be a name with a dot, unique in the world")
                    for one in part
                    if "." not in one
                )
