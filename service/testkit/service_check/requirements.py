"""Requirements: which of the specification an answer of a CDS service breaks, and the walk all checks start with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.errors import Issue, Severity

_SHOULD = frozenset({"AC-5", "DI-7", "EX-3", "PE-1", "QR-1"})
_ADVICE = frozenset(
    {"AC-6", "CA-6", "CA-7", "DI-14", "DI-15", "LI-3", "QR-2", "QR-3", "QR-4", "RP-7", "RQ-1", "RQ-2", "RQ-3"}
    | {"RQ-4", "RQ-9", "RQ-15", "SC-3", "SC-4", "SO-4", "SO-5", "SU-2", "SU-5", "SY-1", "TK-6", "TK-8", "TR-6", "TR-7"}
)


def broken(requirement: str, path: str, text: str) -> Issue:
    """A requirement that an answer breaks. ``requirement`` is its number in the protocol reference.

    The specification's must is an error, its should a warning; advice of this product is information.
    """
    is_advice, is_should = requirement in _ADVICE, requirement in _SHOULD
    severity = Severity.INFORMATION if is_advice else Severity.WARNING if is_should else Severity.ERROR
    return Issue(path, text, code=requirement, severity=severity)


def missing_text(requirement: str, holder: Mapping[str, Any], name: str, where: str) -> Iterator[Issue]:
    """An issue unless a member is there and is a string that says something."""
    value = holder.get(name)
    if not isinstance(value, str) or not value.strip():
        yield broken(requirement, f"{where}.{name}", "must be a string that is not empty")


def shaped(requirement: str, value: Any, where: str, issues: list[Issue]) -> list[tuple[Mapping[str, Any], str]]:
    """The objects of a list with their paths; what is no list, or no object in it, becomes an issue."""
    if value is None:
        return []
    if not isinstance(value, list):
        issues.append(broken(requirement, where, "must be an array"))
        return []
    paths = [(part, f"{where}[{number}]") for number, part in enumerate(value)]
    issues += [broken(requirement, at, "must be an object") for one, at in paths if not isinstance(one, Mapping)]
    return [(one, at) for one, at in paths if isinstance(one, Mapping)]


def empty_members(value: Any, where: str, allowed: frozenset[str] = frozenset()) -> Iterator[Issue]:
    """Every null and every empty member, outside FHIR resources (TR-3, TR-4). ``allowed`` may be empty lists."""
    if value is None:
        yield broken("TR-3", where, "is null")
    elif value in ("", [], {}) and where not in allowed:
        yield broken("TR-4", where, "is empty; what has no value is left out")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from empty_members(part, f"{where}[{number}]", allowed)
    elif isinstance(value, Mapping) and "resourceType" not in value:
        for name, part in value.items():
            yield from empty_members(part, f"{where}.{name}".lstrip("."), allowed)


def extensions(value: Any, where: str) -> Iterator[Issue]:
    """Every ``extension`` outside FHIR resources that is no object of reverse-domain names (EX-2, EX-3)."""
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from extensions(part, f"{where}[{number}]")
    elif isinstance(value, Mapping) and "resourceType" not in value:
        for name, part in value.items():
            path = f"{where}.{name}".lstrip(".")
            if name != "extension":
                yield from extensions(part, path)
            elif not isinstance(part, Mapping):
                yield broken("EX-2", path, "must be an object")
            else:
                yield from (
                    broken("EX-3", f"{path}.{one}", "should be a name with a dot, unique in the world")
                    for one in part
                    if "." not in one
                )
