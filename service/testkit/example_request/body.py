"""Calls: an example patient of the builder as the body of a call, every prefetch key answered."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from service.knowledge.hooks import HOOKS, Kind
from service.record.input.prefetch_templates import Template
from service.testkit.example_patient.case import Case
from service.testkit.example_patient.resource_draft import PATIENT_ID
from service.testkit.sample_calls import sample_call

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_TITLES = {
    "laboratory": "Laboratory",
    "vital-signs": "Vital Signs",
    "exam": "Exam",
    "survey": "Survey",
    "social-history": "Social History",
}
_PROBLEM = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "problem-list-item"}
    ]
}  # fmt: skip

Json = dict[str, Any]


def call_of(case: Case, hook: str, templates: Sequence[Template], *, all_sent: bool = True) -> Json:
    """The body of a call about the patient of a case.

    With ``all_sent`` every list is sent whole, those the case says nothing about empty; else what the case leaves out
    is left out: a key, or all but the first page.
    """
    lists = case.prefetch()
    body = sample_call(hook, {})
    body["hookInstance"] = str(uuid.uuid4())
    body["context"] = _context(body["context"], case, hook, lists)
    body["prefetch"] = {}
    for template in templates:
        value = _value(template, lists, templates)
        if value is not None:
            body["prefetch"][template.key] = _complete(value) if all_sent else value
        elif all_sent:
            body["prefetch"][template.key] = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    return body


def _complete(value: Json) -> Json:
    """A list without the link to a further page."""
    return {name: member for name, member in value.items() if name != "link"}


def _value(template: Template, lists: Mapping[str, Json], templates: Sequence[Template]) -> Json | None:
    """What one query would bring, None when the case says nothing of its types."""
    if template.is_read:
        return lists["Patient"]
    sent = [lists[name] for name in template.types if name in lists]
    if not sent:
        return None
    category = _category(template)
    entries = [entry for one in sent for entry in one.get("entry", ())]
    if category is not None:
        entries = [_with_category(entry, category) for entry in entries if _kind_of(entry, templates) == category]
    bundle: Json = {**sent[0], "total": len(entries)}
    bundle.pop("entry", None)
    return bundle | ({"entry": entries} if entries else {})


def _category(template: Template) -> str | None:
    found = [part for part in template.query.split("&") if part.startswith("category=")]
    return found[0].removeprefix("category=") if found else None


def _kind_of(entry: Mapping[str, Any], templates: Sequence[Template]) -> str:
    """The category under which an Observation is sent: measured in the laboratory, or found in an examination."""
    asked = [category for template in templates if (category := _category(template)) is not None]
    measured = any(name in entry["resource"] for name in ("valueQuantity", "valueRange"))
    wanted = ("laboratory", "survey", "vital-signs") if measured else ("exam", "survey", "social-history")
    return next((category for category in wanted if category in asked), asked[0])


def _with_category(entry: Mapping[str, Any], category: str) -> Json:
    coding = {"system": _CATEGORY, "code": category, "display": _TITLES.get(category, category)}
    return {**entry, "resource": {**entry["resource"], "category": [{"coding": [coding]}]}}


def _context(context: Json, case: Case, hook: str, lists: Mapping[str, Json]) -> Json:
    """The context of the call: the patient's orders, or the entry that is being made, where the hook has it."""
    filled = context | {"patientId": PATIENT_ID}
    for field in HOOKS[hook].fields:
        match field.kind:
            case Kind.SELECTIONS:
                filled[field.name] = [f"{order['resourceType']}/{order['id']}" for order in case.orders]
            case Kind.BUNDLE if field.role.value == "orders":
                filled[field.name] = _collection(case.orders)
            case Kind.BUNDLE | Kind.RESOURCE if field.types:
                made = [entry["resource"] for entry in lists.get(field.types[0], {}).get("entry", ())]
                if made and field.kind is Kind.BUNDLE:
                    filled[field.name] = _collection([{**made[-1], "category": [_PROBLEM]}])
                elif made:
                    filled[field.name] = made[-1]
            case Kind.BUNDLE:
                filled[field.name]["entry"] = [
                    {"resource": _about_the_patient(one)} for one in _held(filled[field.name])
                ]
    return filled


def _held(bundle: Mapping[str, Any]) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"]]


def _about_the_patient(appointment: Json) -> Json:
    return {**appointment, "participant": [{"actor": {"reference": f"Patient/{PATIENT_ID}"}, "status": "needs-action"}]}


def _collection(resources: Sequence[Mapping[str, Any]]) -> Json:
    bundle: Json = {"resourceType": "Bundle", "type": "collection"}
    return bundle | ({"entry": [{"resource": dict(one)} for one in resources]} if resources else {})
