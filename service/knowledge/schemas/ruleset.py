"""The shapes of what stands around the rules: ruleset.yaml, override reasons and approvals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from marshmallow import fields

from service.knowledge.model import (
    AskedFirst,
    AskedOnly,
    Conclusion,
    Indicator,
    OverrideReason,
    ServiceDefinition,
    SourceStatus,
)
from service.knowledge.schemas.condition import ConditionField
from service.knowledge.schemas.fields import Choice, Flag, Integer, Name, Several, Shape, Text, nested, words
from service.knowledge.schemas.rule import RULE_STATUSES, HistoryShape

OVERRIDE_SYSTEM = "urn:sciatica-cds:override-reason"


@dataclass(frozen=True, slots=True)
class Approval:
    """One named person's approval of one rule at one digest."""

    rule: str
    digest: str
    by: str
    day: date
    note: str | None = None
    at: str = ""


class EpisodeShape(Shape):
    """What begins an episode of the problem, and how long one lasts."""

    codes = words(required=True, least=1)


class PhaseShape(Shape):
    """A phase; ``order`` lists the files of rules that show a card: the first of equally severe cards comes first.

    ``applies_when`` names the guard of every rule of the phase that shows a card, unless the rule names its own.
    """

    id = Text(required=True)
    title = Text(required=True)
    applies_when = Text(load_default=None, allow_none=True)
    order = words()
    own_cards = Flag(load_default=False)
    checks_orders = Flag(load_default=False)


class PairSideShape(Shape):
    """One side of a pair of drugs: its order fact and the fact of taking it."""

    located = False
    ordered = words(required=True)
    active = words(required=True)
    running = words()


class PairShape(Shape):
    """Two drugs that must not meet, whichever is ordered second."""

    located = False
    id = Name(required=True)
    title = Text(required=True)
    first = nested(PairSideShape, required=True)
    second = nested(PairSideShape, required=True)
    not_shown_running = Text(load_default=None, allow_none=True)


class GuardShape(Shape):
    """A condition that many rules share, under a name."""

    id = Name(required=True)
    title = Text(required=True)
    when = ConditionField(required=True)


class FamilyShape(Shape):
    """Rules of which only the most severe is shown, and in which order where several are equally severe.

    ``named_when_covered`` lists those about a danger of their own: when an equally severe rule is shown in
    their place, its card names them. A family with the name of a rule file that names it makes each of its variants a
    danger of its own.
    """

    id = Name(required=True)
    order = words(required=True, least=1)
    named_when_covered = words()


class DefaultsShape(Shape):
    """What a rule says unless it says otherwise."""

    status = Choice(RULE_STATUSES, required=True)
    version = Text(required=True)
    owner = Text(required=True)
    review_by = fields.Date(required=True)
    history = Several(nested(HistoryShape), required=True, least=1)


class SourceDefaultsShape(Shape):
    """What a source says unless it says otherwise."""

    grading = Text(load_default=None, allow_none=True)
    status = Choice({status.value: status for status in SourceStatus}, load_default=None, allow_none=True)


class ReleaseShape(Shape):
    """A code system and the edition from which codes were taken, under the name that value sets use for both.

    ``note`` is what stands with each of these codes that has no note of its own.
    """

    system = Text(required=True)
    source = Text(required=True)
    note = Text(load_default=None, allow_none=True)


class ServiceShape(Shape):
    """One CDS service: its hook, and which cards it shows."""

    model = ServiceDefinition
    id = Name(required=True)
    hook = Text(required=True)
    title = Text(required=True)
    description = Text(required=True)
    usage_requirements = Text(required=True)
    indicators = Several(Choice([indicator.value for indicator in Indicator]), required=True, least=1)
    info_phases = words()


class ConclusionShape(Shape):
    """A finding that rules conclude, with its title."""

    model = Conclusion
    id = Name(required=True)
    title = Text(required=True)
    asks = Text(required=True)
    named_as_one = Flag(load_default=False)


class AskedOnlyShape(Shape):
    """Findings that are asked for only under a condition."""

    model = AskedOnly
    findings = words(required=True, least=1)
    when = ConditionField(required=True)


class AskedFirstShape(Shape):
    """What a source asks to know before an order."""

    model = AskedFirst
    order = Text(required=True)
    findings = words(required=True, least=1)
    says = Text(required=True)


class RulesetShape(Shape):
    """``ruleset.yaml``: what the rule set is for, its services, phases and defaults."""

    name = Text(required=True)
    version = Text(required=True)
    title = Text(required=True)
    intended_use = Text(required=True)
    out_of_scope = Text(required=True)
    not_clearance = Text(required=True)
    jurisdiction = Choice(["us", "uk"], required=True)
    settings = fields.Dict(keys=fields.String(), values=Text(), load_default=dict)
    people = fields.Dict(keys=fields.String(), values=Text(), required=True)
    max_info_cards = Integer(least=1, required=True)
    pathway = Text(load_default=None, allow_none=True)
    pathway_tried = words()
    most_cards = Integer(least=2, load_default=6)
    background = words()
    asked_only = Several(nested(AskedOnlyShape))
    asked_first = Several(nested(AskedFirstShape))
    order_words = words()
    card_order = words()
    concern = Text(load_default=None, allow_none=True)
    episode = nested(EpisodeShape, required=True)
    defaults = nested(DefaultsShape, load_default=None, allow_none=True)
    source_defaults = nested(SourceDefaultsShape, load_default=None, allow_none=True)
    releases = fields.Dict(keys=fields.String(), values=nested(ReleaseShape), load_default=dict)
    guards = Several(nested(GuardShape))
    pairs = Several(nested(PairShape))
    phases = Several(nested(PhaseShape), required=True, least=1)
    families = Several(nested(FamilyShape))
    services = Several(nested(ServiceShape), required=True, least=1)
    conclusions = Several(nested(ConclusionShape))


class OverrideReasonShape(Shape):
    """One reason for not following a card."""

    located = False
    code = Text(required=True)
    system = Text(load_default=OVERRIDE_SYSTEM)
    display = Text(required=True)
    model = OverrideReason


class OverrideReasonsShape(Shape):
    """``override_reasons.yaml``: the reasons a card may offer for not following it (OR-2)."""

    override_reasons = Several(nested(OverrideReasonShape), required=True, least=1)


class ApprovalShape(Shape):
    """One approval: who, when, of which rule at which digest."""

    model = Approval
    rule = Text(required=True)
    digest = Text(required=True)
    by = Text(required=True)
    day = fields.Date(data_key="date", required=True)
    note = Text(load_default=None, allow_none=True)


class ApprovalsShape(Shape):
    """``approvals.yaml``: who approved which rule, at which digest, when."""

    approvals = Several(nested(ApprovalShape))
