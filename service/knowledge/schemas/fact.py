"""The shape of a fact: the keys all kinds share, and for each kind its own. The set of kinds is closed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, validates_schema

from service.knowledge.documents import Table
from service.knowledge.model import FactDefinition, FactKind, FactSource, Salt
from service.knowledge.schemas.fields import (
    Choice,
    Flag,
    Integer,
    Message,
    Name,
    Number,
    Several,
    Shape,
    Strict,
    Text,
    decimal,
    did_you_mean,
    refuse,
    words,
)
from service.knowledge.schemas.issues import made

RESOURCES = (
    "Condition",
    "Procedure",
    "AllergyIntolerance",
    "Observation",
    "QuestionnaireResponse",
    "ServiceRequest",
    "DiagnosticReport",
    "ImagingStudy",
    "Device",
    "DeviceUseStatement",
    "Communication",
    "CommunicationRequest",
    "Encounter",
    "Goal",
    "CarePlan",
    "Appointment",
    "DocumentReference",
    "FamilyMemberHistory",
    "Immunization",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "MedicationAdministration",
    "NutritionOrder",
    "Patient",
)
_ORDERED = ("MedicationRequest", "ServiceRequest")
_ROUTES = ["systemic", "local", "injected", "not-injected", "any"]
_PAIR = 2


class FromField(Strict[tuple[FactSource, ...]]):
    """``from``: one source, or a list of them."""

    def read(self, value: Any) -> tuple[FactSource, ...]:
        shape = made(SourceOfFactShape)
        if isinstance(value, Table):
            return (shape.load(value),)
        if not isinstance(value, list) or not value:
            raise refuse("must be a list of {resource, codes}")
        read: list[FactSource] = []
        issues: dict[int, Any] = {}
        for index, part in enumerate(value):
            try:
                read.append(shape.load(part))
            except ValidationError as error:
                issues[index] = error.messages
        if issues:
            raise ValidationError(issues)
        return tuple(read)


class SpanField(Strict[tuple[Decimal | None, Decimal | None]]):
    """``[low, high]``; either may be null when ``open_ended``."""

    def __init__(self, *, open_ended: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.open_ended = open_ended

    def read(self, value: Any) -> tuple[Decimal | None, Decimal | None]:
        if not isinstance(value, list) or len(value) != _PAIR:
            raise refuse("must be [low, high]")
        low, high = (None if end is None and self.open_ended else decimal(end) for end in value)
        if low is not None and high is not None and low > high:
            raise refuse("low lies above high")
        return low, high


class SourceOfFactShape(Shape):
    """One entry of ``from``."""

    model = FactSource
    located = False
    resource = Choice(RESOURCES, required=True)
    codes = words(required=True, least=1)
    yes = words()
    no = words()
    history = Flag(load_default=False)
    unconfirmed = Flag(load_default=True)
    by_category = Flag(load_default=True)
    within_days = Integer(least=1, load_default=None, allow_none=True)
    no_within_days = Integer(least=1, load_default=None, allow_none=True)
    undated = Flag(load_default=True)
    in_episode = Flag(load_default=False)
    or_in_episode = Flag(load_default=False)
    body_site = words()
    inverted = Flag(load_default=False)
    both_sides = Flag(load_default=False)
    ended_by = words()
    not_at = words()
    at_most = Number(load_default=None, allow_none=True)
    unit = Text(load_default=None, allow_none=True)
    above_range = Flag(load_default=False)

    @validates_schema(skip_on_field_errors=True)
    def limit_has_a_unit(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a limit without the unit it is meant in."""
        if (data["at_most"] is None and not data["above_range"]) != (data["unit"] is None):
            raise ValidationError({"at_most": [Message("needs unit, and unit needs at_most or above_range")]})


class FactShape(Shape):
    """What every fact says, whatever its kind."""

    model = FactDefinition
    id = Name(required=True)
    title = Text(required=True)
    asks = Text(required=True)
    kind = Choice({kind.value: kind for kind in FactKind}, required=True)
    absent_when = Text(blank=True, load_default="")
    complete = Several(Choice(RESOURCES))
    complete_nonempty = Flag(load_default=False)
    product_choice = Text(load_default=None, allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def nonempty_needs_complete(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a list that must hold something and is not asked to be complete."""
        if data["complete_nonempty"] and not data["complete"]:
            raise ValidationError({"complete_nonempty": [Message("means nothing without complete")]})


class CodedShape(FactShape):
    """A fact that codes answer: something is recorded, or was asked and answered."""

    sources = FromField(data_key="from", required=True)
    newest_wins = Flag(load_default=False)


class QuantityShape(FactShape):
    """A fact that is a measured number with its unit."""

    sources = FromField(data_key="from", required=True)
    unit = Text(load_default=None, allow_none=True)
    look_back_days = Number(load_default=None, allow_none=True)
    plausible = SpanField(load_default=None, allow_none=True)
    prefer = Choice(["lowest", "highest"], load_default=None, allow_none=True)
    compute = Choice(["ckd-epi-2021"], load_default=None, allow_none=True)


class AgeShape(FactShape):
    """The age of the patient."""

    unit = Choice(["a"], load_default="a")


class SexShape(FactShape):
    """The sex of the patient for clinical use."""

    gender = Choice(["female", "male"], required=True)


class ElapsedShape(FactShape):
    """The days since something began."""

    sources = FromField(data_key="from", required=True)
    pick = Choice(["earliest", "latest"], required=True)
    absent_by_answer = Flag(load_default=False)
    unit = Choice(["d"], load_default="d")


class GestationShape(FactShape):
    """The week of a pregnancy."""

    sources = FromField(data_key="from", load_default=())
    unit = Choice(["wk"], load_default="wk")


class DrugShape(FactShape):
    """A drug that is taken, or was within some days."""

    classes = words(required=True, least=1)
    excluded = words(data_key="exclude", attribute="exclude")
    route = Choice(_ROUTES, load_default="systemic")
    within_days = Integer(least=1, load_default=None, allow_none=True)
    stopped_within_days = Integer(least=1, load_default=None, allow_none=True)
    stop_not_known = Flag(load_default=False)
    began_after = words()
    unconfirmed = Flag(load_default=True)
    old_orders = Flag(load_default=True)
    or_ordered = Flag(load_default=False)
    daily_dose_mg = SpanField(open_ended=True, load_default=None, allow_none=True)


class CourseShape(FactShape):
    """The days for which a drug has been taken without a gap."""

    classes = words(required=True, least=1)
    excluded = words(data_key="exclude", attribute="exclude")
    route = Choice(_ROUTES, load_default="systemic")
    gap_days = Integer(load_default=7)
    old_orders = Flag(load_default=True)
    measure = Choice(["current", "ordered", "both", "episode"], required=True)
    unit = Choice(["d"], load_default="d")


class ChangeShape(FactShape):
    """The change of a score or number over the episode."""

    sources = FromField(data_key="from", required=True)
    measure = Choice(["points", "percent"], required=True)
    against = Choice(["first", "highest"], load_default="first")
    prefer = Choice(["lowest", "highest"], load_default=None, allow_none=True)
    unit = Text(load_default=None, allow_none=True)
    look_back_days = Number(load_default=None, allow_none=True)
    plausible = SpanField(load_default=None, allow_none=True)


class OrderFactShape(FactShape):
    """An order of this call."""

    resource = Choice(_ORDERED, required=True)
    classes = words()
    codes = words()
    excluded = words(data_key="exclude", attribute="exclude")
    site = words()
    not_taken = Flag(load_default=False)
    route = Choice(_ROUTES, load_default="systemic")
    daily_dose_mg = SpanField(open_ended=True, load_default=None, allow_none=True)
    reasons = words()

    @validates_schema(skip_on_field_errors=True)
    def recognises_something(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse an order fact that names neither codes nor drug classes."""
        if not data["classes"] and not data["codes"]:
            raise refuse("names neither classes nor codes", "value sets of the drugs or services meant")


class OrderReasonShape(FactShape):
    """The reason that is given on an order of this call."""

    order = Text(required=True)
    reasons = words(required=True, least=1)


class SaltShape(Shape):
    """The salt whose milligrams are counted as those of the base."""

    model = Salt
    located = False
    named = words(required=True, least=1)
    strengths = Several(Number(), required=True, least=1)
    mg = Number(required=True)
    base_mg = Number(required=True)


class SaltField(Strict[Salt]):
    """``salt``: {named, strengths, mg, base_mg}."""

    def read(self, value: Any) -> Salt:
        if not isinstance(value, Table):
            raise refuse("must be {named, strengths, mg, base_mg}")
        salt: Salt = made(SaltShape).load(value)
        return salt


class CountShape(FactShape):
    """How many, or how much in all, of some drugs."""

    measure = Choice(["ingredients", "products", "entries", "daily-mg"], required=True)
    classes = words()
    excluded = words(data_key="exclude", attribute="exclude")
    route = Choice(_ROUTES, load_default="systemic")
    sources = FromField(data_key="from", load_default=())
    old_orders = Flag(load_default=True)
    unit = Choice(["1", "mg"], load_default=None, allow_none=True)
    salt = SaltField(load_default=None, allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def counts_what_it_names(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a count that says neither what is counted nor of which drug."""
        if data["measure"] != "entries" and (not data["classes"] or data["sources"]):
            raise refuse(f"measure {data['measure']} needs classes and no from")
        if data["measure"] == "entries" and (not data["sources"] or data["classes"]):
            raise refuse("measure entries needs from and no classes")


class NotReadShape(FactShape):
    """How many entries of some lists could not be understood."""

    lists = Several(Choice(RESOURCES), required=True, least=1)
    red_flags = Flag(load_default=False)
    not_final = Flag(load_default=False)
    unit = Choice(["1"], load_default="1")


class SettingShape(FactShape):
    """A setting of the site as a fact."""

    setting = Text(required=True)
    equals = Text(required=True)


SHAPES: dict[FactKind, type[FactShape]] = {
    FactKind.CODED: CodedShape,
    FactKind.QUANTITY: QuantityShape,
    FactKind.AGE: AgeShape,
    FactKind.SEX: SexShape,
    FactKind.ELAPSED: ElapsedShape,
    FactKind.GESTATION: GestationShape,
    FactKind.DRUG: DrugShape,
    FactKind.COURSE: CourseShape,
    FactKind.CHANGE: ChangeShape,
    FactKind.ORDER: OrderFactShape,
    FactKind.ORDER_REASON: OrderReasonShape,
    FactKind.COUNT: CountShape,
    FactKind.SETTING: SettingShape,
    FactKind.NOT_READ: NotReadShape,
}


class FactField(Strict[FactDefinition]):
    """One fact, read by the shape of its kind, so that options of another kind are refused."""

    _shapes: ClassVar[dict[str, Schema]] = {kind.value: shape() for kind, shape in SHAPES.items()}

    def read(self, value: Any) -> FactDefinition:
        if not isinstance(value, Table):
            raise refuse("must be a fact with id, title, asks, kind")
        kind = value.get("kind")
        if kind not in self._shapes:
            hint = did_you_mean(kind, self._shapes) if isinstance(kind, str) else None
            raise ValidationError({"kind": [Message("must be one of " + ", ".join(self._shapes), hint)]})
        fact: FactDefinition = self._shapes[kind].load(value)
        return fact
