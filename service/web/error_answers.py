"""Errors as an EHR sees them: one body shape, an OperationOutcome (SC-4), and a status by who must act.

A body says where in the request something is wrong and what would be right; never what was sent,
never a stack trace. 401 has no body at all (SE-7).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.exceptions import HTTPException

from service.errors import (
    DataUnavailableError,
    ForbiddenError,
    Issue,
    NotFoundError,
    RequestError,
    TooCostlyError,
    UnauthorizedError,
)

Json = dict[str, Any]

# How many issues one answer lists; a request with more is wrong in kind.
_MOST_ISSUES = 50
RETRY_SECONDS_BUSY = 1
RETRY_SECONDS_COSTLY = 60
"""What Retry-After says: a slot gets free soon; what cost too much will cost as much again (product choice)."""
_NOT_FOUND, _NO_METHOD = 404, 405

_CODES = {400: "invalid", 403: "forbidden", 404: "not-found", 405: "not-supported", 412: "incomplete", 413: "too-long"}
_CODES |= {415: "not-supported", 422: "not-supported", 429: "throttled", 503: "throttled", 500: "exception"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An error as HTTP: status, body (None: empty) and the headers that belong to it."""

    status: int
    body: Json | None
    headers: dict[str, str] = field(default_factory=dict)


class OverloadedError(Exception):
    """Too many calls at once. The client tries again. HTTP 503 with Retry-After."""


def answer_for(error: Exception, correlation: str, hint: str | None = None) -> Answer:
    """The answer to any error. What is not expected is a 500 that names only ``correlation``.

    ``hint`` says to whom the address or the method was wrong what would be right.
    """
    if isinstance(error, UnauthorizedError):
        return _unauthorized(error)
    if isinstance(error, RequestError):
        return Answer(error.status, outcome(error.status, error.issues))
    if isinstance(error, ForbiddenError):
        return Answer(403, outcome(403, [Issue("Authorization", "this client may not do this")]))
    if isinstance(error, NotFoundError):
        hint = error.hint or hint or "GET /cds-services lists what is"
        return Answer(404, outcome(404, [Issue("path", "nothing is offered here", hint)]))
    if isinstance(error, DataUnavailableError):
        issues = [
            Issue(f"prefetch.{key}", "was not sent and could not be fetched", reason)
            for key, reason in zip(error.keys, error.reasons, strict=True)
        ]
        return Answer(412, outcome(412, issues))
    if isinstance(error, TooCostlyError):
        issue = Issue("body", f"reading it takes more than {error.milliseconds} ms of CPU", "send less at once")
        return Answer(503, outcome(503, [issue]), {"Retry-After": str(RETRY_SECONDS_COSTLY)})
    if isinstance(error, OverloadedError):
        issue = Issue("service", "too many calls at once", f"try again in {RETRY_SECONDS_BUSY} s")
        return Answer(503, outcome(503, [issue]), {"Retry-After": str(RETRY_SECONDS_BUSY)})
    if isinstance(error, HTTPException):
        return _of_werkzeug(error, correlation, hint)
    return Answer(500, outcome(500, [Issue("service", f"an error of the service, known there as {correlation}")]))


# What each check looks at, in words; never what the token said.
_CHECKED = {
    "Authorization": "a Bearer token in one Authorization header is needed",
    "token": "the token is no signed JWT",
    "alg": "the algorithm is not one that is accepted",
    "aud": "the audience is not the address of this service as it is registered",
    "exp": "the token has expired, or is valid for too long",
    "iat": "the time of issue is missing or in the future",
    "nbf": "the token is not valid yet",
    "iss": "the issuer is not trusted here",
    "jku": "the address of the keys is not the one that is agreed",
    "kid": "no key of the issuer has this id",
    "jti": "the id of the token is missing, or was used before",
    "tenant": "the tenant may not call",
    "signature": "the signature is not that of the issuer",
}


def _unauthorized(error: UnauthorizedError) -> Answer:
    """Which check failed, so that an integrator can go on, and nothing of the token (SE-7, RFC 6750)."""
    issue = Issue("Authorization", _CHECKED.get(error.claim, f"{error.claim} does not hold"), "see docs/calling.md")
    # Without any token RFC 6750 wants no error code.
    challenge = "Bearer" if error.claim == "Authorization" else 'Bearer error="invalid_token"'
    return Answer(401, outcome(401, [issue]), {"WWW-Authenticate": challenge})


def _of_werkzeug(error: HTTPException, correlation: str, hint: str | None) -> Answer:
    status = error.code or 500
    if status == _NOT_FOUND:
        return answer_for(NotFoundError(), correlation, hint)
    texts = {405: "this method is not offered here", 413: "the body is too large", 400: "the request cannot be read"}
    issue = Issue("request", texts.get(status, error.name.lower()), hint if status == _NO_METHOD else None)
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted({*allowed, "OPTIONS"}))} if allowed else {}
    return Answer(status, outcome(status, [issue]), headers)


def outcome(status: int, issues: Iterable[Issue]) -> Json:
    """The issues as an OperationOutcome, the first ``_MOST_ISSUES`` of them, under the code of the status."""
    shown = list(issues)[:_MOST_ISSUES] or [Issue("request", "was refused")]
    code = _CODES.get(status, "processing")
    return {"resourceType": "OperationOutcome", "issue": [replace(issue, code=code).to_fhir() for issue in shown]}
