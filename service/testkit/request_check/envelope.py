"""Envelope: what is wrong or unusual with a request around its FHIR content (chapters 4 and 6 of the protocol)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from service.errors import Issue, RequestError, Severity
from service.knowledge.hooks import HOOKS, Hook, Kind
from service.protocol.fetching.scopes import Coverage, Interaction, coverage, parse_scopes
from service.protocol.request_schemas import read_call
from service.record.input.prefetch_templates import Template
from service.testkit.report import Part

_MEMBERS = frozenset(
    {"hook", "hookInstance", "context", "prefetch", "fhirServer", "fhirAuthorization", "extension"}
)  # fmt: skip
_TOKEN_MEMBERS = frozenset({"access_token", "token_type", "expires_in", "scope", "subject", "patient"})
_SHORT = 30

Json = Mapping[str, Any]


def check_envelope(document: Json, hook: str, templates: tuple[Template, ...]) -> Iterator[Issue]:
    """The issues about everything but resources. ``templates`` are those of the service that answers the hook."""
    yield from _shape(document, hook)
    yield from _members(document, _MEMBERS, "")
    context = document.get("context")
    if hook in HOOKS and isinstance(context, Mapping):
        yield from _context(context, HOOKS[hook])
    yield from _server(document)
    authorization = document.get("fhirAuthorization")
    if isinstance(authorization, Mapping):
        yield from _authorization(authorization, context, templates)


def _shape(document: Json, hook: str) -> Iterator[Issue]:
    if hook not in HOOKS:
        return
    try:
        call = read_call(document, hook=hook)
    except RequestError as error:
        for issue in error.issues:
            hint = f" ({issue.hint})" if issue.hint else ""
            yield _issue(Severity.ERROR, issue.path, issue.text + hint)
        return
    yield from (_issue(Severity.WARNING, issue.path, f"{issue.text}; tolerated") for issue in call.deviations)


def _members(given: Json, known: frozenset[str], where: str) -> Iterator[Issue]:
    for name, value in given.items():
        path = f"{where}.{name}".lstrip(".")
        if name not in known:
            text = "is no member of CDS Hooks 2.0.1; ignored"
            yield _issue(Severity.INFORMATION, path, text, "informational")
        elif value is None:
            yield _issue(Severity.WARNING, path, "null is allowed in prefetch only; read as absent (TR-3, RQ-12)")
        elif value in ("", [], {}) and name != "prefetch":
            yield _issue(Severity.WARNING, path, "must be left out instead of empty (TR-4)")
    extension = given.get("extension")
    if extension is not None and not isinstance(extension, Mapping):
        yield _issue(Severity.WARNING, f"{where}.extension".lstrip("."), "must be an object, not as in FHIR (EX-2)")


def _context(context: Json, hook: Hook) -> Iterator[Issue]:
    known = frozenset(field.name for field in hook.fields) | {"extension"}
    yield from _members(context, known, "context")
    for field in hook.fields:
        value = context.get(field.name)
        if field.kind is Kind.ID and isinstance(value, str) and "/" in value:
            text = f"must be a bare id, without {field.types[0]}/; tolerated (RQ-11)"
            yield _issue(Severity.WARNING, f"context.{field.name}", text)
        if field.kind is Kind.SELECTIONS and isinstance(value, list):
            yield from _selections(value, context)


def _selections(selections: list[Any], context: Json) -> Iterator[Issue]:
    drafts = context.get("draftOrders")
    entries = drafts.get("entry") if isinstance(drafts, Mapping) else None
    shaped = [one.get("resource") for one in entries if isinstance(one, Mapping)] if isinstance(entries, list) else []
    there = {f"{one.get('resourceType')}/{one.get('id')}" for one in shaped if isinstance(one, Mapping)}
    for number, selection in enumerate(selections):
        if isinstance(selection, str) and selection not in there:
            text = "is not the Type/id of one of the draftOrders"
            yield _issue(Severity.WARNING, f"context.selections[{number}]", text)


def _server(document: Json) -> Iterator[Issue]:
    server = document.get("fhirServer")
    if not isinstance(server, str):
        return
    if urlsplit(server).scheme != "https":
        yield _issue(Severity.WARNING, "fhirServer", "is not https, so it is never asked in production (RQ-5)")
    if document.get("fhirAuthorization") is None:
        text = "comes without fhirAuthorization, so nothing that is missing can be fetched (FA-1)"
        yield _issue(Severity.INFORMATION, "fhirServer", text, "informational")


def _authorization(authorization: Json, context: Any, templates: tuple[Template, ...]) -> Iterator[Issue]:
    yield from _members(authorization, _TOKEN_MEMBERS, "fhirAuthorization")
    patient = authorization.get("patient")
    called = context.get("patientId") if isinstance(context, Mapping) else None
    if isinstance(patient, str) and isinstance(called, str) and patient.split("/")[-1] != called.split("/")[-1]:
        text = "is another patient than that of the context, so the token is not used (FA-7)"
        yield _issue(Severity.ERROR, "fhirAuthorization.patient", text)
    life = authorization.get("expires_in")
    if isinstance(life, int) and not isinstance(life, bool) and life < _SHORT:
        text = "leaves hardly any time: no query starts in the last 5 seconds (FA-5)"
        yield _issue(Severity.WARNING, "fhirAuthorization.expires_in", text)
    scope = authorization.get("scope")
    if isinstance(scope, str):
        yield from _scopes(scope, templates)


def _scopes(text: str, templates: tuple[Template, ...]) -> Iterator[Issue]:
    scopes = parse_scopes(text)
    for template in templates:
        type_, question, parameters = template.query.partition("?")
        interaction = Interaction.SEARCH if question else Interaction.READ
        covered = coverage(scopes, type_.partition("/")[0], interaction, parameters)
        if covered is not Coverage.FULL:
            how = "do not allow" if covered is Coverage.NONE else "allow only a part of"
            text = f"the scopes {how} {template.title} (FA-6)"
            yield _issue(Severity.INFORMATION, "fhirAuthorization.scope", text, "forbidden")


def _issue(severity: Severity, where: str, text: str, code: str = "invalid") -> Issue:
    return Issue(where, text, code=code, severity=severity, group=Part.REQUEST)
