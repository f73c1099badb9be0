"""Hooks of before 2.0 that some clients still call: read as order-select with every order selected.

``medication-prescribe`` and ``order-review`` are deprecated and not offered (Hook Library, both pages). A client that
knows no other sends what it orders under another name, mostly without user, ids or status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TODAY = "order-select"
_ORDERS: Mapping[str, str] = {"medication-prescribe": "medications", "order-review": "orders"}
_NOBODY = "Practitioner/unknown"


def in_todays_terms(document: Any) -> Any:
    """The same call as order-select would have it; anything else comes back as it is."""
    hook = document.get("hook") if isinstance(document, Mapping) else None
    context = document.get("context") if isinstance(document, Mapping) else None
    name = _ORDERS.get(hook) if isinstance(hook, str) else None
    if name is None or not isinstance(context, Mapping) or not isinstance(context.get(name), Mapping):
        return document
    drafts = _with_ids(context[name])
    entries = drafts.get("entry")
    resources = [entry["resource"] for entry in entries] if isinstance(entries, list) else []
    selections = [f"{one.get('resourceType')}/{one['id']}" for one in resources]
    others = {key: value for key, value in context.items() if key != name}
    today = {"userId": _NOBODY} | others | {"draftOrders": drafts, "selections": selections}
    return {**document, "hook": TODAY, "context": today}


def _with_ids(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """The Bundle with an id for every order that has none: a selection can name no other."""
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return dict(bundle)
    given = []
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(resource, Mapping):
            given.append({**entry, "resource": {"id": f"order-{number + 1}", **resource}})
    return {**bundle, "entry": given}
