"""What a record system does when a clinician accepts a suggestion: the actions of it, carried out on a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


def accepted(document: Any, actions: Sequence[Mapping[str, Any]]) -> Any:
    """The chart after the actions, as a new document: orders created, changed or removed. A Bundle or a list."""
    for action in actions:
        document = _acted(document, action)
    return document


def _acted(document: Any, action: Mapping[str, Any]) -> Any:
    if isinstance(document, list):
        return _in_list(document, action)
    entries = [entry for entry in document.get("entry", ()) if isinstance(entry, dict)]
    match action["type"]:
        case "create":
            entries = [*entries, {"resource": action["resource"]}]
        case "update":
            changed = action["resource"]
            entries = [
                entry | {"resource": changed} if _is(entry.get("resource"), _name(changed)) else entry
                for entry in entries
            ]
        case "delete":
            removed = str(action.get("resourceId"))
            entries = [entry for entry in entries if not _is(entry.get("resource"), removed)]
    return document | {"entry": entries}


def _in_list(resources: list[Any], action: Mapping[str, Any]) -> list[Any]:
    wrapped = {"entry": [{"resource": one} for one in resources]}
    return [entry["resource"] for entry in _acted(wrapped, action)["entry"]]


def _is(resource: Any, name: str) -> bool:
    return isinstance(resource, dict) and _name(resource) == name


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"
