"""Feedback: what the clinician did with a card, as the EHR reports it (chapter 16).

All items of a call are taken or none (FB-10): a wrong one gives 400 with every issue, named by its place. Taken without
question: cards that are not known here (FB-9), the same card again, even with another outcome (FB-8), override reasons
that were never offered (OR-3). Keys that are not known are ignored, null means absent (RQ-9, RQ-12).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from marshmallow import ValidationError, fields, validate, validates_schema

from service.errors import Issue, RequestError
from service.protocol.request_schemas import LenientSchema, _load

MAX_ITEMS = 1000
MAX_COMMENT = 2000
_MAX_TEXT = 500
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


class Outcome(StrEnum):
    """What became of a card. That a card was ignored is never reported (FB-4)."""

    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """Why a card was not followed. ``system`` and ``display`` are often left out (FB-7)."""

    code: str
    system: str | None = None
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """One outcome of one card.

    ``card`` and ``suggestions`` are uuids in lower case. ``comment`` is free text that may name the patient: it is None
    unless the operator stores comments, and never shows in a repr (FB-13). Both times are in UTC.
    """

    service: str
    card: str
    outcome: Outcome
    outcome_at: datetime
    received_at: datetime
    suggestions: tuple[str, ...] = ()
    reason: OverrideReason | None = None
    comment: str | None = field(default=None, repr=False)
    issuer: str | None = None
    tenant: str | None = None


class FeedbackSink(Protocol):
    """Whatever stores feedback."""

    def add(self, items: Sequence[Feedback]) -> None:
        """Store all items, each as an event of its own, or none. Raises StoreError."""


class InMemoryFeedback:
    """Holds feedback in memory, for tests and demonstrations: the latest ``limit`` items."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._mutex = threading.Lock()
        self.items: tuple[Feedback, ...] = ()

    def add(self, items: Sequence[Feedback]) -> None:
        """Store the items; the oldest go when there are too many."""
        with self._mutex:
            self.items = (*self.items, *items)[-self._limit :]


@dataclass(frozen=True, slots=True)
class Reported:
    """The circumstances of a report: to which service, when, and by whom as far as that was proved."""

    service: str
    received_at: datetime
    issuer: str | None = None
    tenant: str | None = None


def read_feedback(document: object, reported: Reported, *, keep_comments: bool = False) -> tuple[Feedback, ...]:
    """The items of a feedback body. Raises RequestError (400) with every issue; it quotes nothing that was sent."""
    issues: list[Issue] = []
    loaded = _load(_SCHEMA, document, "", issues)
    if issues:
        raise RequestError(issues)
    return tuple(_item(item, reported, keep_comments) for item in loaded["feedback"])


def _item(item: Mapping[str, Any], reported: Reported, keep_comments: bool) -> Feedback:
    outcome = Outcome(item["outcome"])
    reason, comment = _override(item) if outcome is Outcome.OVERRIDDEN else (None, None)
    if not keep_comments:
        comment = None
    return Feedback(
        service=reported.service,
        card=item["card"].lower(),
        outcome=outcome,
        outcome_at=datetime.fromisoformat(item["outcomeTimestamp"].upper()).astimezone(UTC),
        received_at=reported.received_at.astimezone(UTC),
        suggestions=tuple(one["id"].lower() for one in item.get("acceptedSuggestions") or ()),
        reason=reason,
        comment=comment[:MAX_COMMENT] if comment else None,
        issuer=reported.issuer,
        tenant=reported.tenant,
    )


# Epic tells the reason in an extension: the site's title, and a category in place of a code.
_EPIC_TITLE = "com.epic.cdshooks.feedback.overrideReason.reasonTitle"
_EPIC_CATEGORY = "com.epic.cdshooks.feedback.overrideReason.reasonCategory"
_EPIC = "com.epic"


def _override(item: Mapping[str, Any]) -> tuple[OverrideReason | None, str | None]:
    """Reason and comment of an overridden card, in every shape that clients are known to send.

    The specification has ``overrideReason: {reason, userComment}``; Epic and the 3.0 ballot ``overrideReasons``, an
    object or a list; the official sandbox the Coding itself, flat; some put ``userComment`` beside it.
    """
    reason, comment = None, _as_text(item.get("userComment"), MAX_COMMENT)
    for given in (item.get("overrideReason"), item.get("overrideReasons")):
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, Mapping):
                reason = reason or _reason(one)
                comment = comment or _as_text(one.get("userComment"), MAX_COMMENT)
    return reason, comment


def _reason(given: Mapping[str, Any]) -> OverrideReason | None:
    for coding in (given.get("reason"), given):
        if isinstance(coding, Mapping) and (code := _as_text(coding.get("code"))):
            return OverrideReason(code, _as_text(coding.get("system")), _as_text(coding.get("display")))
    extension = given.get("extension")
    if isinstance(extension, Mapping):
        title, category = _as_text(extension.get(_EPIC_TITLE)), _as_text(extension.get(_EPIC_CATEGORY))
        if title or category:
            return OverrideReason(category or "other", _EPIC, title)
    return None


def _as_text(value: Any, most: int = _MAX_TEXT) -> str | None:
    return value[:most] if isinstance(value, str) and value.strip() else None


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError("must not be empty")


def _moment(value: str) -> None:
    try:
        known = _RFC_3339.fullmatch(value) and datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        known = None
    if not known:
        raise ValidationError("must be an RFC 3339 date and time with its zone, such as 2026-11-24T10:05:31Z")


def _required(most: int = _MAX_TEXT) -> fields.String:
    too_long = validate.Length(max=most, error=f"must have at most {most} characters")
    return fields.String(required=True, validate=[_not_blank, too_long])


class AcceptedSuggestionSchema(LenientSchema):
    """The suggestion that was accepted."""

    id = _required()


class FeedbackItemSchema(LenientSchema):
    """One outcome of one card."""

    card = _required()
    outcome = fields.String(
        required=True, validate=validate.OneOf([one.value for one in Outcome], error="must be accepted or overridden")
    )
    acceptedSuggestions = fields.List(fields.Nested(AcceptedSuggestionSchema), allow_none=True)  # noqa: N815
    # Read by hand in every shape that is sent: a reason in a strange shape is no cause to lose the outcome.
    overrideReason = fields.Raw(allow_none=True)  # noqa: N815
    overrideReasons = fields.Raw(allow_none=True)  # noqa: N815
    userComment = fields.Raw(allow_none=True)  # noqa: N815
    outcomeTimestamp = fields.String(required=True, validate=_moment)  # noqa: N815

    @validates_schema(skip_on_field_errors=False)
    def _suggestions_fit_the_outcome(self, data: Mapping[str, Any], **_: Any) -> None:
        """Accepted names suggestions (FB-5); overridden names none, or it could be read either way."""
        given = bool(data.get("acceptedSuggestions"))
        if data.get("outcome") == Outcome.ACCEPTED and not given:
            raise ValidationError("is missing, although the outcome is accepted", "acceptedSuggestions")
        if data.get("outcome") == Outcome.OVERRIDDEN and given:
            raise ValidationError("must be left out, since the outcome is overridden", "acceptedSuggestions")


class FeedbackSchema(LenientSchema):
    """The body of a feedback call: an object with an array, even for one item (FB-3)."""

    feedback = fields.List(
        fields.Nested(FeedbackItemSchema),
        required=True,
        validate=validate.Length(max=MAX_ITEMS, error=f"must have at most {MAX_ITEMS} items"),
    )


_SCHEMA = FeedbackSchema()
