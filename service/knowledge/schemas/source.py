"""The shape of a source file with its statements, and of a citation of one of them."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields

from service.knowledge.documents import Table
from service.knowledge.model import Citation, Mark, Source, SourceStatus, Statement
from service.knowledge.schemas.fields import (
    Choice,
    Integer,
    Message,
    Name,
    Several,
    Shape,
    Strict,
    Text,
    did_you_mean,
    nested,
    refuse,
)

MARKS = {
    "verified": Mark.VERIFIED,
    "archived": Mark.ARCHIVED,
    "secondary": Mark.SECONDARY,
    "partly": Mark.PARTLY,
    "not-verified": Mark.NOT_VERIFIED,
}
_KINDS = ["guideline", "label", "trial", "review", "safety-communication", "standard", "article"]


_REFERENCE = re.compile(r"(?P<source>[A-Za-z0-9-]+)/(?P<statement>[A-Za-z0-9-]+)")


class CitationField(Strict[Citation]):
    """``{supports: SOURCE/STATEMENT}`` or ``{opposes: SOURCE/STATEMENT}``, with an optional ``why``.

    ``leads: true`` beside ``supports`` marks the one that carries the sentence of the card.
    """

    def read(self, value: Any) -> Citation:
        if not isinstance(value, Table):
            raise refuse("must say supports: or opposes:", "- supports: NICE-NG59/REC-029")
        if strangers := [key for key in value if key not in _CITATION_KEYS]:
            raise ValidationError(
                {key: [Message("this key is not known here", did_you_mean(key, _CITATION_KEYS))] for key in strangers}
            )
        sides = [key for key in ("supports", "opposes") if key in value]
        if len(sides) != 1:
            raise refuse("must say either supports: or opposes:", "- supports: NICE-NG59/REC-029")
        match = _REFERENCE.fullmatch(value[sides[0]]) if isinstance(value[sides[0]], str) else None
        if match is None:
            raise ValidationError({sides[0]: [Message("must be SOURCE/STATEMENT", "for example NICE-NG59/REC-029")]})
        supports, leads = sides[0] == "supports", value.get("leads", False)
        if leads not in (True, False) or (leads and not supports):
            raise ValidationError({"leads": [Message("is true or false, and only what supports leads")]})
        why = Text(allow_none=True).deserialize(value.get("why"))
        return Citation(match["source"], match["statement"], supports=supports, why=why, leads=leads, at=value.at)


_CITATION_KEYS = ("supports", "opposes", "leads", "why")


class StatementShape(Shape):
    """One entry of ``statements``. A missing section is left to the checks, which say why it matters."""

    model = Statement
    id = Name(capitals=True, required=True)
    section = Text(blank=True, load_default="")
    says = Text(required=True)
    mark = Choice(MARKS, required=True)
    strength = Text(load_default=None, allow_none=True)
    certainty = Text(load_default=None, allow_none=True)
    compared = fields.Date(load_default=None, allow_none=True)
    compared_by = Text(load_default=None, allow_none=True)


class SourceShape(Shape):
    """One file under ``sources/``."""

    model = Source
    id = Name(capitals=True, required=True)
    title = Text(required=True)
    kind = Choice(_KINDS, required=True)
    citation = Text(required=True)
    locator = Text(required=True)
    url = Text(load_default=None, allow_none=True)
    publisher = Text(required=True)
    year = Integer(least=1900, load_default=None, allow_none=True)
    grading = Text(required=True)
    jurisdiction = Choice(["us", "uk", "international"], required=True)
    status = Choice({status.value: status for status in SourceStatus}, required=True)
    status_note = Text(load_default=None, allow_none=True)
    label = Text(required=True)
    bibliography_mark = Choice(MARKS, required=True)
    compared = fields.Date(load_default=None, allow_none=True)
    compared_by = Text(load_default=None, allow_none=True)
    caution = Text(load_default=None, allow_none=True)
    funding = Text(load_default=None, allow_none=True)
    statements = Several(nested(StatementShape))
