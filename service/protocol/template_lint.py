"""Lint of prefetch templates: the 2.0 grammar and the recommended query subset (PF-3, TK-1 to TK-8, QR-1 to QR-4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from service.errors import Issue
from service.knowledge.hooks import HOOKS, USER_TOKENS, Kind
from service.record.input.prefetch_templates import Template

_TOKEN = re.compile(r"\{\{(.*?)\}\}")
_READ = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_MODIFIERS = frozenset({"in"})
_ALWAYS = frozenset({"_sort", "_count"})

# R4 search parameters of the types that are asked for, as far as the subset allows them (reference, token, date).
_PARAMETERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "AllergyIntolerance": frozenset({"patient", "clinical-status", "code", "date"}),
        "Communication": frozenset({"patient", "category", "sent", "status", "received"}),
        "CommunicationRequest": frozenset({"patient", "category", "authored", "status"}),
        "Condition": frozenset({"patient", "category", "clinical-status", "code", "recorded-date", "onset-date"}),
        "Device": frozenset({"patient", "type", "status"}),
        "DeviceUseStatement": frozenset({"patient", "device"}),
        "DiagnosticReport": frozenset({"patient", "category", "code", "date", "status"}),
        "Encounter": frozenset({"patient", "class", "date", "status", "type"}),
        "Goal": frozenset({"patient", "lifecycle-status", "target-date"}),
        "ImagingStudy": frozenset({"patient", "modality", "started", "status"}),
        "MedicationRequest": frozenset({"patient", "authoredon", "intent", "status", "code"}),
        "MedicationStatement": frozenset({"patient", "effective", "status", "code"}),
        "Observation": frozenset({"patient", "category", "code", "date", "status"}),
        "Procedure": frozenset({"patient", "code", "date", "status"}),
        "QuestionnaireResponse": frozenset({"patient", "authored", "questionnaire", "status"}),
        "ServiceRequest": frozenset({"patient", "authored", "category", "code", "intent", "status"}),
    }
)


def lint(template: Template, hook: str) -> tuple[Issue, ...]:
    """Everything that is wrong with one template for one hook; empty when a client can resolve and answer it."""
    where = f"prefetch {template.key} of {hook}"
    return tuple(Issue(where, text) for text in _issues(template.query, hook))


def _issues(query: str, hook: str) -> Iterator[str]:
    yield from _token_issues(query, hook)
    plain = _TOKEN.sub("x", query)
    if "{" in plain or "}" in plain:
        yield "TK-1: a stray brace"
    if plain.startswith("/") or "://" in plain:
        yield "PF-3: must be relative, without a leading slash"
    kind, question, parameters = plain.partition("?")
    if query == "{{context.userId}}":
        return
    if question:
        yield from _search_issues(kind, parameters)
    elif not _READ.fullmatch(plain):
        yield "PF-3: neither a read (Type/id) nor a search (Type?parameters)"


def _token_issues(query: str, hook: str) -> Iterator[str]:
    fields = HOOKS[hook].tokens
    for found in _TOKEN.finditer(query):
        name, before = found[1], query[: found.start()]
        if name in USER_TOKENS:
            continue
        scope, _, field = name.partition(".")
        if scope != "context" or field not in fields:
            yield "TK-2 to TK-5: a token must be context. and a token field of the hook, or a user identifier"
            continue
        if not fields[field].required:
            yield "TK-8: the field is optional, so clients will skip this template"
        if fields[field].kind is Kind.USER and before:
            yield "TK-6: userId already is Type/id"
        if fields[field].kind is Kind.ID and not before.endswith(("/", "=")):
            yield "TK-6: a bare id stands only after Type/ or ="


def _search_issues(kind: str, parameters: str) -> Iterator[str]:
    known = _PARAMETERS.get(kind)
    if known is None:
        yield "QR-1: no search parameters are known for this type"
        return
    for parameter in parameters.split("&"):
        name, equals, value = parameter.partition("=")
        bare, colon, modifier = name.partition(":")
        if not equals or not value:
            yield "QR-1: a parameter without a value"
        if bare == "sort":
            yield "QR-2: sorting is written _sort=-name"
        elif bare not in known and bare not in _ALWAYS:
            yield f"QR-1, QR-3: {bare} is not a search parameter of {kind} in the subset"
        if colon and modifier not in _MODIFIERS:
            yield f"QR-1: the modifier :{modifier} is outside the subset"
        if bare == "_sort" and value.lstrip("-") not in known:
            yield f"QR-2: {kind} cannot be sorted by this parameter"
        if "," in value:
            yield "QR-4: a list of values is outside the safe subset"
