"""The shape of a rule file."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from service.finding import Status
from service.knowledge.documents import Table
from service.knowledge.model import (
    CardText,
    Example,
    Given,
    HistoryEntry,
    Indicator,
    Link,
    Recommendation,
    Rule,
    Suggestion,
)
from service.knowledge.schemas.condition import ConditionField
from service.knowledge.schemas.fields import (
    Choice,
    Flag,
    Integer,
    Message,
    Name,
    Several,
    Shape,
    Strict,
    Text,
    decimal,
    nested,
    refuse,
    words,
)
from service.knowledge.schemas.source import CitationField

RULE_STATUSES = ("draft", "active", "retired")
_STATUSES = [status.value for status in Status]


class GivenField(Strict[Given]):
    """The state of one finding in an example: a word, a number, or an interval ``{low, high}``."""

    def read(self, value: Any) -> Given:
        if isinstance(value, Table):
            return _interval(value)
        if isinstance(value, str):
            return Given(Choice(_STATUSES).deserialize(value))
        number = decimal(value)
        return Given(Status.PRESENT.value, number, number)


def _interval(value: Table) -> Given:
    for key in value:
        if key not in {"low", "high"}:
            raise ValidationError({key: [Message("this key is not known here", "low and high, null where open")]})
    low, high = (None if value.get(side) is None else decimal(value[side]) for side in ("low", "high"))
    if low is None and high is None:
        raise refuse("names neither low nor high", "write unknown")
    if low is not None and high is not None and low > high:
        raise refuse("low lies above high")
    return Given(Status.PRESENT.value, low, high)


class ExampleShape(Shape):
    """One example of a rule: what is given, and what it comes to."""

    model = Example
    name = Text(required=True)
    given = fields.Dict(keys=fields.String(), values=GivenField(), load_default=dict)
    expect = Choice(["fires", "silent", "undecided"], required=True)


class RecommendationShape(Shape):
    """What a rule recommends: topic, direction, strength and certainty (GRADE)."""

    model = Recommendation
    located = False
    topic = Text(required=True)
    direction = Choice(["for", "against", "ask", "inform"], required=True)
    strength = Text(required=True)
    certainty = Text(required=True)


class SuggestionShape(Shape):
    """A suggestion on a card: orders to create, remove or limit."""

    model = Suggestion
    label = Text(required=True)
    create = words()
    remove = words()
    limit = words()
    limit_days = Integer(least=1, load_default=None, allow_none=True)
    recommended = Flag(load_default=False)

    @validates_schema
    def does_something(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a suggestion without any action."""
        if not data.get("create") and not data.get("remove") and not data.get("limit"):
            raise refuse("neither creates, removes nor limits anything", "a button that does nothing misleads (SU-6)")
        if bool(data.get("limit")) != (data.get("limit_days") is not None):
            raise refuse("limit and limit_days belong together", "limit: [an order fact], limit_days: 14")


class LinkShape(Shape):
    """A link on a card."""

    model = Link
    located = False
    label = Text(required=True)
    url = Text(required=True)


class PatientShape(Shape):
    """The same advice in words for the patient."""

    summary = Text(required=True)
    detail = Text(load_default=None, allow_none=True)


class CardShape(Shape):
    """What a card says and offers."""

    located = False
    indicator = Choice({indicator.value: indicator for indicator in Indicator}, required=True)
    summary = Text(required=True)
    act = Text(load_default=None, allow_none=True)
    short = Text(load_default=None, allow_none=True)
    detail = Text(required=True)
    suggestions = Several(nested(SuggestionShape))
    links = Several(nested(LinkShape))
    override_reasons = words()
    patient = nested(PatientShape, load_default=None, allow_none=True)

    @staticmethod
    def model(patient: dict[str, Any] | None, **data: Any) -> CardText:
        """The card of the rule model."""
        plain = patient or {}
        return CardText(**data, patient_summary=plain.get("summary"), patient_detail=plain.get("detail"))


class ThenShape(Shape):
    """What a rule does when it fires: it concludes a finding or shows a card."""

    conclude = Text()
    card = nested(CardShape)

    @validates_schema(skip_on_field_errors=True)
    def one_of_two(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a rule that does neither or both."""
        if len(data) != 1:
            raise refuse("must either conclude a finding or show a card", "conclude: or card:, one of them")


class HistoryShape(Shape):
    """One change of a rule."""

    model = HistoryEntry
    located = False
    version = Text(required=True)
    day = fields.Date(data_key="date", required=True)
    change = Text(required=True)


class RuleShape(Shape):
    """A flat rule: a file under ``phases/<phase>/`` or one variant in it. The loader adds phase and family."""

    id = Name(required=True)
    title = Text(required=True)
    version = Text(required=True)
    status = Choice(RULE_STATUSES, required=True)
    effective = fields.Date(load_default=None, allow_none=True)
    owner = Text(required=True)
    review_by = fields.Date(required=True)
    purpose = Text(required=True)
    rationale = Text(required=True)
    recommendation = nested(RecommendationShape, load_default=None, allow_none=True)
    citations = Several(CitationField())
    hooks = words()
    repeat_after = Integer(least=0, load_default=None, allow_none=True)
    when = ConditionField(required=True)
    then = nested(ThenShape, required=True)
    names_conflict_with = words()
    mentions = words()
    unverified_parts = words()
    limitations = Text(required=True)
    examples = Several(nested(ExampleShape))
    history = Several(nested(HistoryShape))

    @staticmethod
    def model(then: dict[str, Any], **data: Any) -> Rule:
        """The rule of the rule model."""
        return Rule(**data, phase="", family=None, concludes=then.get("conclude"), card=then.get("card"))

    @validates_schema(skip_on_field_errors=True)
    def hooks_belong_to_cards(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse hooks on a rule that concludes: it is read wherever a card needs it."""
        has_card = "card" in data["then"]
        if has_card and not data["hooks"]:
            raise ValidationError({"hooks": [Message("a rule with a card needs hooks")]})
        if not has_card and data["hooks"]:
            raise ValidationError({"hooks": [Message("a rule that concludes runs on every hook", "leave hooks out")]})
        if has_card and data["recommendation"] is None:
            raise ValidationError({"recommendation": [Message("a rule with a card needs a recommendation")]})
