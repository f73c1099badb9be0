"""What a record system does when a clinician accepts a suggestion: the actions of it, carried out on a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


# Under this key of a call stands what was made and is no draft order.
_MADE = "accepted"


def accepted(document: Any, actions: Sequence[Mapping[str, Any]]) -> Any:
    """The chart after the actions, as a new document: orders created, changed or removed.

    A Bundle, a list, or the body of a call: there among its draft orders and in what it prefetched.
    """
    act = _in_call if isinstance(document, dict) and "hook" in document else _acted
    for action in actions:
        document = act(document, action)
    return document


def _in_call(call: Json, action: Mapping[str, Any]) -> Json:
    context, prefetch = dict(call["context"]), dict(call.get("prefetch") or {})
    if action["type"] == "create":
        stored = context if "draftOrders" in context else prefetch
        key = "draftOrders" if "draftOrders" in context else _MADE
        stored[key] = _acted(stored.get(key) or {"resourceType": "Bundle", "type": "collection"}, action)
    else:
        for part in (context, prefetch):
            part |= {key: _acted(value, action) for key, value in part.items() if _has_entries(value)}
        if action["type"] == "delete" and "selections" in context:
            context["selections"] = [one for one in context["selections"] if one != action.get("resourceId")]
    return call | {"context": context, "prefetch": prefetch}


def _has_entries(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("entry"))


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
    count = {"total": len(entries)} if "total" in document else {}
    return document | count | {"entry": entries}


def _in_list(resources: list[Any], action: Mapping[str, Any]) -> list[Any]:
    wrapped = {"entry": [{"resource": one} for one in resources]}
    return [entry["resource"] for entry in _acted(wrapped, action)["entry"]]


def _is(resource: Any, name: str) -> bool:
    return isinstance(resource, dict) and _name(resource) == name


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"
