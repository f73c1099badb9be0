"""What the context of a call itself brings: orders to check, entries being made, and drafts in the background.

Lenient with FHIR content (RQ-10): a Bundle without type, an entry that is no object, an order
without an id. A missing subject means the patient of the call, here and nowhere else (RQ-13).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.knowledge.hooks import Role
from service.protocol.request import HookCall
from service.record.model import Problem

# What is no longer meant to happen is not checked (ST-7); any other status is, also active on re-signing.
_DROPPED = frozenset({"entered-in-error", "cancelled", "revoked", "stopped", "completed"})
_PATIENT_MEMBER = {"AllergyIntolerance": "patient"}


@dataclass(frozen=True, slots=True)
class Brought:
    """What a context brought. ``orders`` are advised on; ``background`` is known but not being decided now (ST-8)."""

    orders: tuple[Mapping[str, Any], ...] = ()
    background: tuple[Mapping[str, Any], ...] = ()
    entries: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()


def read_context(call: HookCall) -> Brought:
    """The resources of the call's context by the part they play. A bad entry is a problem and costs only itself."""
    problems: list[Problem] = []
    drafts: list[tuple[Mapping[str, Any], str | None]] = []
    entries: list[Mapping[str, Any]] = []
    for field in call.hook.fields:
        if field.role is Role.NONE or field.name not in call.context:
            continue
        for resource, full_url in _resources(call.context[field.name], f"context.{field.name}", problems):
            owned = _with_subject(resource, call.patient_id)
            if field.role is Role.ORDERS:
                drafts.append((owned, full_url))
            else:
                entries.append(owned)
    orders, background = _split(drafts, call.context.get("selections"), problems)
    return Brought(orders, background, tuple(entries), tuple(problems))


def _resources(
    value: Mapping[str, Any], path: str, problems: list[Problem]
) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """The resources of a Bundle, or the single resource that stands where a Bundle belongs."""
    if isinstance(value.get("resourceType"), str) and value["resourceType"] != "Bundle":
        yield value, None
        return
    listed = value.get("entry", [])
    if not isinstance(listed, list):
        problems.append(Problem(f"{path}.entry", "is not an array"))
        return
    for number, entry in enumerate(listed):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            problems.append(Problem(f"{path}.entry[{number}]", "holds no resource"))
            continue
        full_url = entry.get("fullUrl")
        yield resource, full_url if isinstance(full_url, str) else None


def _with_subject(resource: Mapping[str, Any], patient_id: str) -> Mapping[str, Any]:
    member = _PATIENT_MEMBER.get(resource["resourceType"], "subject")
    if resource["resourceType"] == "Medication" or resource.get("subject") or resource.get("patient"):
        return resource
    return {**resource, member: {"reference": f"Patient/{patient_id}"}}


def _split(
    drafts: list[tuple[Mapping[str, Any], str | None]], selections: object, problems: list[Problem]
) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
    """The drafts to advise on and the others. Where selections name none of the drafts, all are advised on."""
    live = [(resource, url) for resource, url in drafts if resource.get("status") not in _DROPPED]
    orders = [(resource, url) for resource, url in live if resource["resourceType"] != "Medication"]
    chosen = orders
    if isinstance(selections, list):
        wanted = {reference.strip() for reference in selections}
        chosen = [(resource, url) for resource, url in orders if _names(resource, url) & wanted]
        if orders and not chosen:
            problems.append(Problem("context.selections", "names none of the draft orders; all of them were checked"))
            chosen = orders
    kept = {id(resource) for resource, _ in chosen}
    others = tuple(resource for resource, _ in live if id(resource) not in kept)
    return tuple(resource for resource, _ in chosen), others


def _names(resource: Mapping[str, Any], full_url: str | None) -> set[str]:
    names = {f"{resource['resourceType']}/{resource.get('id')}"}
    if full_url is not None:
        names.add(full_url)
        names.add("/".join(full_url.split("/")[-2:]))
    return names
