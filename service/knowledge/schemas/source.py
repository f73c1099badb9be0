"""The shape of a source file, and of a citation of it."""

from __future__ import annotations

from marshmallow import fields

from service.knowledge.model import Citation, Mark, Source, SourceStatus
from service.knowledge.schemas.fields import Choice, Flag, Name, Shape, Text, Whole, words

MARKS = {
    "verified": Mark.VERIFIED,
    "archived": Mark.ARCHIVED,
    "secondary": Mark.SECONDARY,
    "partly": Mark.PARTLY,
    "not-verified": Mark.NOT_VERIFIED,
}
_KINDS = ["guideline", "label", "trial", "review", "safety-communication", "standard", "article"]


class CitationShape(Shape):
    """What one source says. A missing section is left to the checks, which say why it matters."""

    model = Citation
    source = Text(required=True)
    section = Text(blank=True, load_default="")
    recs = words()
    supports = Flag(required=True)
    says = Text(required=True)
    strength = Text(load_default=None, allow_none=True)
    certainty = Text(load_default=None, allow_none=True)
    mark = Choice(MARKS, required=True)


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
    year = Whole(least=1900, load_default=None, allow_none=True)
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
