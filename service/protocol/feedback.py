"""Feedback: what the clinician did with a card, as the EHR reports it (chapter 16).

All items of a call are taken or none (FB-10): a wrong one gives 400 with every fault, named by its place. Taken without
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

from service.errors import Fault, RequestError
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
    unless the operator keeps comments, and never shows in a repr (FB-13). Both times are in UTC.
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
    """Whoever keeps feedback."""

    def keep(self, items: Sequence[Feedback]) -> None:
        """Keep all items, each as an event of its own, or none. Raises StoreError."""


class MemoryFeedback:
    """Keeps feedback in memory, for tests and demonstrations: the latest ``limit`` items."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._mutex = threading.Lock()
        self.items: tuple[Feedback, ...] = ()

    def keep(self, items: Sequence[Feedback]) -> None:
        """Keep the items; the oldest go when there are too many."""
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
    """The items of a feedback body. Raises RequestError (400) with every fault; it quotes nothing that was sent."""
    faults: list[Fault] = []
    loaded = _load(_SCHEMA, document, "", faults)
    if faults:
        raise RequestError(faults)
    return tuple(_item(item, reported, keep_comments) for item in loaded["feedback"])


def _item(item: Mapping[str, Any], reported: Reported, keep_comments: bool) -> Feedback:
    outcome = Outcome(item["outcome"])
    override = (item.get("overrideReason") or {}) if outcome is Outcome.OVERRIDDEN else {}
    reason = override.get("reason") or {}
    comment = override.get("userComment") if keep_comments else None
    return Feedback(
        service=reported.service,
        card=item["card"].lower(),
        outcome=outcome,
        outcome_at=datetime.fromisoformat(item["outcomeTimestamp"].upper()).astimezone(UTC),
        received_at=reported.received_at.astimezone(UTC),
        suggestions=tuple(one["id"].lower() for one in item.get("acceptedSuggestions") or ()),
        reason=OverrideReason(reason["code"], reason.get("system"), reason.get("display")) if reason else None,
        comment=comment[:MAX_COMMENT] if comment else None,
        issuer=reported.issuer,
        tenant=reported.tenant,
    )


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


def _optional() -> fields.String:
    too_long = validate.Length(max=_MAX_TEXT, error=f"must have at most {_MAX_TEXT} characters")
    return fields.String(allow_none=True, validate=too_long)


class ReasonSchema(LenientSchema):
    """A Coding, of which clients leave out all but the code (FB-7)."""

    code = _required()
    system = _optional()
    display = _optional()


class OverrideReasonSchema(LenientSchema):
    """Why the card was not followed: a coded reason, a comment, or both."""

    reason = fields.Nested(ReasonSchema, allow_none=True)
    userComment = fields.String(allow_none=True)  # noqa: N815  # the protocol's spelling


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
    overrideReason = fields.Nested(OverrideReasonSchema, allow_none=True)  # noqa: N815
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
        validate=validate.Length(min=1, max=MAX_ITEMS, error=f"must have 1 to {MAX_ITEMS} items"),
    )


_SCHEMA = FeedbackSchema()
