"""The shape of a CDS Hooks request: one marshmallow schema per hook, all issues at once, each with its path.

Lenient where real clients are sloppy (chapter 24 of the protocol reference): unknown keys are
ignored (RQ-9), null means absent for what is optional (RQ-12), ``Patient/1`` means ``1`` (RQ-11).
FHIR content is not judged here (RQ-10). No issue quotes what was sent.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from service.errors import Issue, RequestError
from service.knowledge.hooks import HOOKS, ContextField, Hook, Kind
from service.protocol.request import HookCall

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Wider than a FHIR id: real servers use underscores and long ids. No slash, so it cannot leave its place in a URL.
# Not "." and "..": in a path they would name another resource.
_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9\-._]{1,128}")

_OBJECT = "must be an object"
_MISSING = "is missing"
# Marshmallow's own sentences in the voice of ours.
_SENTENCES = {
    "Missing data for required field.": _MISSING,
    "Field may not be null.": _MISSING,
    "Not a valid string.": "must be a string",
    "Not a valid mapping type.": _OBJECT,
    "Not a valid list.": "must be an array",
    "Not a valid integer.": "must be an integer",
    "Invalid input type.": "must be an object",
}


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError("must not be empty")


def _id_of(kind: str, *, blank: bool = False) -> Callable[[str], None]:
    def check(value: str) -> None:
        if blank and not value:
            return
        if not _ID.fullmatch(value.removeprefix(f"{kind}/")):
            raise ValidationError(f"must be the bare id of a {kind}")

    return check


def _person(types: tuple[str, ...]) -> Callable[[str], None]:
    # Who the user is decides what may be shown, so a doubtful user is refused.
    def check(value: str) -> None:
        kind, _, bare = value.partition("/")
        if kind not in types or not _ID.fullmatch(bare):
            raise ValidationError(f"must be Type/id of a {', '.join(types[:-1])} or {types[-1]}")

    return check


def _text(
    *, required: bool = True, check: Callable[[str], None] = _not_blank, pattern: str = r"\S"
) -> fields.Field[str]:
    # The pattern is for the OpenAPI description; ``check`` decides, and says it in words.
    return fields.String(required=required, allow_none=not required, validate=check, metadata={"pattern": pattern})


def _object(*, required: bool = True) -> fields.Field[Any]:
    return fields.Dict(required=required, allow_none=not required)


class LenientSchema(Schema):
    """Ignores keys it does not know, as hooks gain optional fields in minor versions (RQ-9)."""

    class Meta:
        unknown = EXCLUDE


def _is_bearer(value: str) -> None:
    if value.lower() != "bearer":
        raise ValidationError("must be Bearer")


class FhirAuthorizationSchema(LenientSchema):
    """Chapter 6: the token with which the service may ask the client's FHIR server."""

    access_token = _text()
    token_type = fields.String(required=True, validate=_is_bearer)
    # Some clients write the number as text.
    expires_in = fields.Integer(required=True)
    scope = _text()
    subject = _text()
    patient = _text(required=False)


class EnvelopeSchema(LenientSchema):
    """Chapter 4: what every request has, whatever its hook."""

    hook = _text()
    hookInstance = _text()  # noqa: N815  # the protocol's spelling
    context = _object()
    prefetch = _object(required=False)
    fhirServer = _text(required=False)  # noqa: N815
    # Read apart: what is wrong with it keeps nothing from being answered.
    fhirAuthorization = fields.Raw(allow_none=True)  # noqa: N815


_ENVELOPE = EnvelopeSchema()
_AUTHORIZATION = FhirAuthorizationSchema()


def _field_for(field: ContextField) -> fields.Field[Any]:
    if field.kind is Kind.USER:
        pattern = rf"^({'|'.join(field.types)})/{_ID.pattern}$"
        return _text(required=field.required, check=_person(field.types), pattern=pattern)
    if field.kind is Kind.ID:
        pattern = rf"^({field.types[0]}/)?{_ID.pattern}$"
        if not field.required:
            # Some clients leave blank what they do not have.
            pattern = rf"^$|{pattern}"
        return _text(required=field.required, check=_id_of(field.types[0], blank=not field.required), pattern=pattern)
    if field.kind is Kind.SELECTIONS:
        return fields.List(fields.String(), required=field.required)
    return fields.Dict(
        required=field.required,
        allow_none=not field.required,
        error_messages={"invalid": "must be a Bundle of orders" if field.name == "draftOrders" else _OBJECT},
    )


@cache
def context_schema(hook: str) -> LenientSchema:
    """The schema of one hook's context (chapter 22). One per hook, so that every field has a type of its own."""
    members = {field.name: _field_for(field) for field in HOOKS[hook].fields}
    name = "".join(part.capitalize() for part in hook.split("-")) + "ContextSchema"
    return cast("LenientSchema", type(name, (LenientSchema,), members)())


def read_call(document: Any, *, hook: str, strict: bool = False) -> HookCall:
    """The request as the service of ``hook`` understands it. Raises RequestError (400) with every issue.

    ``strict`` refuses what is otherwise tolerated and noted: a hookInstance that is no UUID (RQ-3),
    an unusable fhirAuthorization or one without fhirServer (RQ-5).
    """
    _refuse_a_chart(document)
    issues: list[Issue] = []
    envelope = _load(_ENVELOPE, document, "", issues)
    if "hook" in envelope and envelope["hook"] != hook:
        issues.append(Issue("hook", "this service is not offered for that hook", f"it answers {hook}"))
    context: Mapping[str, Any] = {}
    if "context" in envelope:
        context = _load(context_schema(hook), envelope["context"], "context", issues)
    issues = _with_cause(issues, envelope)
    deviations = tuple(_deviations(envelope))
    if issues or (strict and deviations):
        raise RequestError([*issues, *(deviations if strict else ())])
    return _call(HOOKS[hook], envelope, context, deviations)


def _with_cause(issues: list[Issue], envelope: Mapping[str, Any]) -> list[Issue]:
    """The issues, with what usually lies behind an order call that came without any content.

    A client that is not sure of the registration calls with the ids only: Epic does so when the address differs from
    the registered one in any way, or when the scope for unsigned orders was not granted.
    """
    if envelope.get("prefetch") or envelope.get("fhirAuthorization"):
        return issues
    hint = (
        "if nothing else came either: is the URL exactly the registered one, and the scope for unsigned orders granted?"
    )
    return [Issue(each.path, each.text, hint) if each.path == "context.draftOrders" else each for each in issues]


def _refuse_a_chart(document: Any) -> None:
    """A FHIR Bundle in place of a call is a slip with one cure, so it is told instead of what is missing."""
    if isinstance(document, Mapping) and "resourceType" in document and "hook" not in document:
        raise RequestError([Issue("body", "is FHIR and not a CDS Hooks call", "POST a FHIR Bundle to /evaluate")])


def _call(
    hook: Hook, envelope: Mapping[str, Any], context: Mapping[str, Any], deviations: tuple[Issue, ...]
) -> HookCall:
    # An id that a client leaves blank is one it does not have.
    given = {name: value for name, value in context.items() if value is not None and value != ""}
    for field in hook.fields:
        if field.kind is Kind.ID and field.name in given:
            given[field.name] = given[field.name].removeprefix(f"{field.types[0]}/")
    server = envelope.get("fhirServer")
    authorization = envelope.get("fhirAuthorization")
    usable = server is not None and isinstance(authorization, Mapping) and not _AUTHORIZATION.validate(authorization)
    return HookCall(
        hook=hook,
        hook_instance=envelope["hookInstance"],
        user=given.get("userId"),
        patient_id=given["patientId"],
        encounter_id=given.get("encounterId"),
        context=given,
        prefetch=envelope.get("prefetch") or {},
        fhir_server=server,
        fhir_authorization=authorization if usable else None,
        deviations=deviations,
    )


def _deviations(envelope: Mapping[str, Any]) -> Iterator[Issue]:
    instance = envelope.get("hookInstance")
    if instance is not None and not _UUID.fullmatch(instance):
        yield Issue("hookInstance", "is not a UUID")
    authorization = envelope.get("fhirAuthorization")
    if authorization is None:
        return
    if envelope.get("fhirServer") is None:
        yield Issue("fhirServer", "is missing although fhirAuthorization is given")
    if not isinstance(authorization, Mapping):
        yield Issue("fhirAuthorization", "must be an object")
        return
    yield from _issues(_AUTHORIZATION.validate(authorization), "fhirAuthorization")


def _load(schema: Schema, document: Any, path: str, issues: list[Issue]) -> Mapping[str, Any]:
    """What the schema accepts of the document; what it does not accept goes to ``issues``."""
    if (usual := _usual(schema, document)) is not None:
        return usual
    try:
        return cast("Mapping[str, Any]", schema.load(document))
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}
        issues += (_with_hint(issue, document) for issue in _issues(messages, path))
        return error.valid_data if isinstance(error.valid_data, dict) else {}


def _with_hint(issue: Issue, document: Any) -> Issue:
    """A missing member with the one that was nearly it, if the sender used another name."""
    name = issue.path.rpartition(".")[2]
    if issue.text != _MISSING or not isinstance(document, Mapping):
        return issue
    others = {str(each).lower(): str(each) for each in document if each != name}
    near = difflib.get_close_matches(name.lower(), others, n=1, cutoff=0.75)
    return Issue(issue.path, issue.text, f"{others[near[0]]} was sent") if near else issue


def _usual(schema: Schema, document: Any) -> Mapping[str, Any] | None:
    """The same of a document as nearly every client sends it; None where the schema must look itself.

    The schema costs as much as all else that is done before the chart is read.
    """
    if type(document) is not dict:
        return None
    found: dict[str, Any] = {}
    for name, field in schema.load_fields.items():
        value = document.get(name)
        if value is None:
            if field.required or name in document:
                return None
        elif type(value) is _PLAIN.get(type(field)) and _is_valid(field, value):
            found[name] = value
        elif type(field) is not fields.Raw:
            return None
        else:
            found[name] = value
    return found


_PLAIN: Mapping[type, type] = {fields.String: str, fields.Dict: dict}


def _is_valid(field: fields.Field[Any], value: Any) -> bool:
    try:
        for check in field.validators:
            check(value)
    except ValidationError:
        return False
    return True


def _issues(messages: Mapping[Any, Any], path: str) -> Iterator[Issue]:
    for name, found in messages.items():
        where = path or "body"
        if isinstance(name, int):
            where = f"{path}[{name}]"
        elif name != "_schema":
            where = f"{path}.{name}".lstrip(".")
        if isinstance(found, Mapping):
            yield from _issues(found, where)
        else:
            yield from (Issue(where, _SENTENCES.get(text, text)) for text in found)
