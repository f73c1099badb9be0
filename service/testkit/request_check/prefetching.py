"""Prefetching: what arrived under each prefetch key, and what silence there means (chapter 5 of the protocol)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.errors import Issue, Severity
from service.record.input.prefetch_states import PrefetchState, State, classify
from service.record.input.prefetch_templates import Template
from service.record.notes import text_of
from service.record.releases.fhir_classes import Release
from service.testkit.fhir_validation.resources import check_resources
from service.testkit.report import Part

_TEXTS = {
    State.NOT_SENT: (Severity.WARNING, "was not sent: nothing is known about {title}"),
    State.FAILED: (Severity.WARNING, "brought no data ({reason}): nothing is known about {title}"),
    State.NULL: (Severity.INFORMATION, "asked, nothing there: there is none of {title}"),
    State.FIRST_PAGE: (Severity.WARNING, "is a part only ({reason}): what is missing from {title} stays unknown"),
}


def check_prefetch(
    prefetch: Any, templates: Sequence[Template], release: Release, *, can_fetch: bool
) -> Iterator[Issue]:
    """The state of every key asked for, those nobody asked for, and the issues of every resource sent."""
    if prefetch is None:
        prefetch = {}
    if not isinstance(prefetch, Mapping):
        return
    for template in templates:
        sent = template.key in prefetch
        state = classify(template.key, prefetch.get(template.key), sent=sent)
        yield from _state(template, state, can_fetch=can_fetch)
    asked = {template.key for template in templates}
    for key, value in prefetch.items():
        where = f"prefetch.{key}"
        if key not in asked:
            near = difflib.get_close_matches(key, sorted(asked), n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            text = f"was not asked for here{meant}; used for what it shows to be there, never as a whole list"
            yield _issue(Severity.INFORMATION, where, text)
        yield from _resources(value, where, release)


def _state(template: Template, state: PrefetchState, *, can_fetch: bool) -> Iterator[Issue]:
    where = f"prefetch.{template.key}"
    if state.state is State.NULL and template.is_read:
        yield _issue(Severity.WARNING, where, f"nothing there: {template.title} is not known")
        return
    if state.state in _TEXTS:
        severity, text = _TEXTS[state.state]
        message = text.format(title=template.title, reason=text_of(state.reason) if state.reason else "")
        fetch = state.state in {State.NOT_SENT, State.FIRST_PAGE}
        yield _issue(severity, where, message + (", unless fhirServer gives it" if fetch and can_fetch else ""))
        return
    if state.resources and not any(_type(one) in template.types for one in state.resources):
        yield _issue(Severity.WARNING, where, f"holds none of the types asked for: {', '.join(template.types)}")
    elif not template.is_read and not state.is_bundle:
        text = "is a single resource where a search was asked for; taken as a part of the list"
        yield _issue(Severity.WARNING, where, text)


def _type(resource: Any) -> Any:
    return resource.get("resourceType") if isinstance(resource, Mapping) else None


def _resources(value: Any, where: str, release: Release) -> Iterator[Issue]:
    if value is None:
        return
    if isinstance(value, Mapping) and "resourceType" not in value and ("response" in value or "resource" in value):
        text = "has the wrapper {response, resource} of CDS Hooks before 1.0; unwrapped"
        yield _issue(Severity.WARNING, where, text)
        if "resource" in value:
            yield from check_resources(value["resource"], f"{where}.resource", release)
    elif value == {}:
        yield _issue(Severity.WARNING, where, "an empty object says neither that there is nothing nor that it failed")
    else:
        yield from check_resources(value, where, release)


def _issue(severity: Severity, where: str, text: str) -> Issue:
    code = "informational" if severity is Severity.INFORMATION else "incomplete"
    return Issue(where, text, code=code, severity=severity, group=Part.PREFETCH)
