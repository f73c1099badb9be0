"""Checking: a request body or a plain chart, with everything that is wrong or unusual about it, and what it would give.

Nothing is fetched, kept or logged. The data is decided on as a call would be, so that the report can say what stayed
unknown; the cards themselves are not part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from service.cards.client_profiles import DEFAULT, Profile, profile, recognised
from service.errors import DataUnavailableError, Issue, RequestError, Severity
from service.knowledge.hooks import HOOKS, Kind
from service.knowledge.model import ServiceDefinition
from service.protocol.evaluation import BundleQuestion, Services, Wanted, answer_bundle, answer_call, fetch_nothing
from service.record.input.prefetch_templates import Template
from service.record.input.unpacking import unpack
from service.record.releases.fhir_classes import Release
from service.record.releases.reading import normalise
from service.testkit.fhir_validation.resources import check_resources
from service.testkit.report import Part, Report, report
from service.testkit.request_check.envelope import check_envelope
from service.testkit.request_check.knowing import shown_by, verdict, what_was_unknown
from service.testkit.request_check.prefetching import check_prefetch

_HOW = "send the body of a CDS Hooks call, a FHIR Bundle, or a list of resources"


def check(
    services: Services, document: Any, now: datetime, hook: str | None = None, client: str | None = None
) -> Report:
    """Everything there is to say about a document. ``hook`` is what a plain chart is asked about.

    Without a hook the visit is asked about, and draft orders where there are any. ``client`` is the profile for which
    the answer is looked at; without it the one that the request shows. Never raises for what is wrong with the
    document. Raises EngineError when the engines disagree.
    """
    if isinstance(document, Mapping) and "resourceType" not in document and _is_call(document):
        return report(_check_call(services, document, now, client))
    if isinstance(document, Mapping | list):
        return report(_check_chart(services, document, now, hook, client))
    return report([Issue("body", f"must be an object or an array: {_HOW}", code="structure", group=Part.REQUEST)])


def _is_call(document: Mapping[str, Any]) -> bool:
    return bool({"hook", "hookInstance", "context", "prefetch"} & document.keys()) or "entry" not in document


def _check_call(services: Services, document: Mapping[str, Any], now: datetime, client: str | None) -> Iterator[Issue]:
    hook = document.get("hook")
    service = next((one for one in services.offered.values() if one.hook == hook), None)
    templates = services.templates[service.id] if service is not None else ()
    if service is None:
        offered = ", ".join(dict.fromkeys(one.hook for one in services.offered.values()))
        text = "is missing" if hook is None else "no service is offered for this hook"
        yield Issue("hook", f"{text}; there are {offered}", code="not-supported", group=Part.REQUEST)
    else:
        yield from _dry_run(services, service, document, now, profile(client or recognised(document)))
    yield from check_envelope(document, hook if isinstance(hook, str) else "", templates)
    yield from _resources_of(document, templates)


def _resources_of(document: Mapping[str, Any], templates: Sequence[Template]) -> Iterator[Issue]:
    context, prefetch = document.get("context"), document.get("prefetch")
    hook = HOOKS.get(str(document.get("hook")))
    given = context if isinstance(context, Mapping) else {}
    fields = [field for field in hook.fields if field.kind in {Kind.BUNDLE, Kind.RESOURCE}] if hook else []
    brought = {f"context.{field.name}": given[field.name] for field in fields if given.get(field.name) is not None}
    release = spoken_release(list(brought.values())) if brought else None
    release = release or spoken_release(list(prefetch.values()) if isinstance(prefetch, Mapping) else []) or Release.R4
    for where, value in brought.items():
        yield from check_resources(value, where, release)
    can_fetch = document.get("fhirServer") is not None and document.get("fhirAuthorization") is not None
    yield from check_prefetch(prefetch, templates, release, can_fetch=can_fetch)


def _dry_run(
    services: Services, service: ServiceDefinition, document: Mapping[str, Any], now: datetime, to: Profile
) -> Iterator[Issue]:
    """What a call with this body would give. The issues of its shape are reported by ``check_envelope``."""
    try:
        # As the specification has it: what a client's profile takes away is reported beside it.
        as_made = Wanted(client=DEFAULT)
        answered = answer_call(replace(services, fetch_missing=fetch_nothing), service, document, now, wanted=as_made)
    except RequestError as error:
        yield from _refused(error)
    except DataUnavailableError as error:
        text = f"would be answered with 412: {', '.join(error.keys)} could not be had"
        yield Issue("", text, code="incomplete", group=Part.VERDICT)
    else:
        yield verdict(answered)
        yield from shown_by(to, answered.body["cards"])
        yield from _typed(to, services.templates[service.id], document)
        yield from what_was_unknown(services.prepared.knowledge, answered)


def _typed(to: Profile, templates: Sequence[Template], document: Mapping[str, Any]) -> Iterator[Issue]:
    """The prefetch keys that somebody must type for this client and that did not come."""
    prefetch = document.get("prefetch")
    came = set(prefetch) if isinstance(prefetch, Mapping) else set()
    asked = {template.key: template for template in templates}
    for key in to.typed_prefetch:
        if key in asked and key not in came:
            where, text = (
                f"prefetch.{key}",
                f"{to.name} reads no discovery: an analyst types this key with {asked[key].query}",
            )
            yield Issue(where, text, code="incomplete", severity=Severity.WARNING, group=Part.PREFETCH)
    for key in to.without_prefetch:
        if key in asked and key not in came:
            text = f"{to.name} has no query for this: leave the key out"
            yield Issue(
                f"prefetch.{key}", text, code="not-supported", severity=Severity.INFORMATION, group=Part.PREFETCH
            )


def _refused(error: RequestError) -> Iterator[Issue]:
    yield Issue("", f"would be refused with {error.status}", code="processing", group=Part.VERDICT)
    for issue in error.issues:
        hint = f" ({issue.hint})" if issue.hint else ""
        yield Issue(issue.path, issue.text + hint, group=Part.REQUEST)


def _check_chart(
    services: Services, document: Any, now: datetime, hook: str | None, client: str | None
) -> Iterator[Issue]:
    try:
        answered = answer_bundle(services, document, BundleQuestion(hook, now))
    except RequestError as error:
        yield from _refused(error)
    else:
        yield verdict(answered)
        yield from shown_by(profile(client or DEFAULT), answered.body["cards"])
        yield from what_was_unknown(services.prepared.knowledge, answered)
    release = spoken_release([document]) or Release.R4
    for number, resource in enumerate(document if isinstance(document, list) else [document]):
        named = resource.get("resourceType") if isinstance(resource, Mapping) else None
        where = f"[{number}]" if isinstance(document, list) else str(named or "Bundle")
        yield from check_resources(resource, where, release)


def spoken_release(documents: Sequence[Any]) -> Release | None:
    """The FHIR release that most resources show which can show one; None when none does."""
    signs: Counter[Release] = Counter()
    showing: Counter[str] = Counter()
    types: Counter[str] = Counter()
    try:
        pieces = unpack([one for one in documents if isinstance(one, Mapping | list)]).pieces
    except RequestError:
        return None
    for piece in pieces:
        types[piece.type] += 1
        release = normalise(piece.resource)[1]
        if release is not None:
            signs[release] += 1
            showing[piece.type] += 1
    if not signs or 2 * sum(showing.values()) < sum(types[type_] for type_ in showing):
        return None
    return signs.most_common(1)[0][0]
