"""Answer schemas: the shape of what the endpoints send, for the OpenAPI description (chapters 2, 8 to 14).

Answers are made by ``cards`` and ``discovery``; tests hold them against these shapes.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

_FHIR = {"description": "One FHIR resource, in the release the client speaks."}


def _text(*, required: bool = True, **metadata: Any) -> fields.String:
    return fields.String(required=required, metadata=metadata)


def _one_of(*values: str, required: bool = True) -> fields.String:
    return fields.String(required=required, validate=validate.OneOf(values))


def _some(schema: type[Schema]) -> fields.Field[Any]:
    return fields.List(fields.Nested(schema), validate=validate.Length(min=1))


class OfferedServiceSchema(Schema):
    """One service in discovery."""

    hook = _text()
    id = _text(pattern=r"^[A-Za-z0-9._-]+$")
    title = _text()
    description = _text()
    usageRequirements = _text()  # noqa: N815  # the protocol's spelling, here and below
    prefetch = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    version = _text(required=False, description="Only where the operator asked for members of CDS Hooks 3.0.")
    hookVersion = _text(required=False)  # noqa: N815


class DiscoverySchema(Schema):
    """The services on offer."""

    services = fields.List(fields.Nested(OfferedServiceSchema), required=True)


class CodingSchema(Schema):
    """A coding of CDS Hooks, which is not that of FHIR."""

    code = _text()
    system = _text()
    display = _text()


class SourceSchema(Schema):
    """Where the advice comes from."""

    label = _text()
    url = _text(required=False, format="uri")
    topic = fields.Nested(CodingSchema, required=True)


class ActionSchema(Schema):
    """One thing a suggestion does."""

    type = _one_of("create", "delete")
    description = _text()
    resource = fields.Dict(metadata=_FHIR)
    resourceId = _text(required=False, pattern=r"^[A-Za-z]+/[A-Za-z0-9\-.]{1,64}$")  # noqa: N815


class SuggestionSchema(Schema):
    """A suggestion; its actions belong together."""

    label = _text(maxLength=60)
    uuid = _text(format="uuid")
    isRecommended = fields.Boolean()  # noqa: N815
    actions = fields.List(fields.Nested(ActionSchema), required=True, validate=validate.Length(min=1))


class LinkSchema(Schema):
    """A link to a source."""

    label = _text()
    url = _text(format="uri")
    type = _one_of("absolute")


class CardSchema(Schema):
    """One card."""

    uuid = _text(format="uuid")
    summary = _text(maxLength=139)
    detail = _text(description="GitHub-flavoured Markdown without HTML.")
    indicator = _one_of("info", "warning", "critical")
    source = fields.Nested(SourceSchema, required=True)
    selectionBehavior = _one_of("any", "at-most-one", required=False)  # noqa: N815
    suggestions = _some(SuggestionSchema)
    overrideReasons = _some(CodingSchema)  # noqa: N815
    links = _some(LinkSchema)
    extension = fields.Dict(metadata={"description": "sciatica-cds.why: rules, evidence, and what was not recorded."})


class AnswerSchema(Schema):
    """The answer of a service: cards, the most urgent first. An empty list is not clearance."""

    cards = fields.List(fields.Nested(CardSchema), required=True)


class EvaluationSchema(AnswerSchema):
    """The answer about a plain chart: the cards, and the whole decision behind them."""

    extension = fields.Dict(required=True)


class TakenSchema(Schema):
    """How many items of feedback were taken."""

    received = fields.Integer(required=True)


class DetailsSchema(Schema):
    """Words of an issue."""

    text = _text()


class IssueSchema(Schema):
    """One thing that is wrong, and where."""

    severity = _one_of("fatal", "error", "warning", "information")
    code = _text()
    details = fields.Nested(DetailsSchema, required=True)
    diagnostics = _text(required=False)
    expression = fields.List(fields.String(), validate=validate.Length(min=1))


class OutcomeSchema(Schema):
    """A FHIR OperationOutcome."""

    resourceType = _one_of("OperationOutcome")  # noqa: N815
    issue = fields.List(fields.Nested(IssueSchema), required=True, validate=validate.Length(min=1))
