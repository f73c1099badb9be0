"""The whole rule set: phases in order, services, and everything the rules depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.knowledge.model.card import Indicator
from service.knowledge.model.condition import Condition
from service.knowledge.model.fact import FactDefinition
from service.knowledge.model.order import OrderTemplate
from service.knowledge.model.rule import Rule
from service.knowledge.model.source import Source
from service.knowledge.model.value_set import DangerTerms, OtherWords, ValueSet

NO_DANGER_TERMS = DangerTerms()
NO_OTHER_WORDS = OtherWords()


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """One CDS service: an id, the hook it answers, and what it says of itself in discovery."""

    id: str
    hook: str
    title: str
    description: str
    usage_requirements: str
    indicators: tuple[str, ...]
    info_phases: tuple[str, ...]
    at: str = field(default="", compare=False)

    def shows(self, rule: Rule) -> bool:
        """Whether the service shows the card of this rule when it holds: by hook, indicator and phase."""
        if rule.card is None or self.hook not in rule.hooks or rule.card.indicator not in self.indicators:
            return False
        is_info = rule.card.indicator is Indicator.INFO
        return not is_info or not self.info_phases or rule.phase in self.info_phases


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """A reason for not following a card, as clinicians choose it (OR-1)."""

    code: str
    system: str
    display: str


@dataclass(frozen=True, slots=True)
class Phase:
    """The rules that run together; the next phase starts when this one is complete.

    ``own_cards``: its info cards are never folded into one. ``checks_orders``: its rules are about what is
    being ordered, so a check that could not be made is named even when nothing else is said. ``order`` names the
    files of rules whose order is written; the others follow by name.
    """

    id: str
    title: str
    rules: tuple[Rule, ...]
    order: tuple[str, ...] = ()
    own_cards: bool = False
    checks_orders: bool = False


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A finding that rules add, and its words for a reader.

    ``named_as_one``: a card names it by its own words instead of listing the facts behind it.
    """

    id: str
    title: str
    asks: str
    named_as_one: bool = False
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class AskedOnly:
    """Findings that a card may name as not known only where a condition holds: what cannot apply is not asked for."""

    findings: tuple[str, ...]
    when: Condition
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class AskedFirst:
    """What the sources of an order ask for before it: named on a card when it is missing and could decide a warning."""

    order: str
    findings: tuple[str, ...]
    says: str
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything in ``rules/``, checked, with the digest that names exactly this content.

    ``background`` are findings that only say that a rule may apply here; a card depends on them and does not list them.
    ``pathway`` is the rule file whose card the other advice of a visit hangs on, ``pathway_tried`` the findings that
    it names as tried. ``order_words`` are words of the service orders that rules judge: one that was not recognised and
    has none of them is another service's business. ``danger_terms`` leave a problem unread that no value set explains;
    ``other_words`` name what no rule judges.
    """

    name: str
    version: str
    digest: str
    intended_use: str
    out_of_scope: str
    jurisdiction: str
    settings: Mapping[str, str]
    not_clearance: str
    max_info_cards: int
    card_order: tuple[str, ...]
    concern: str | None
    episode: tuple[str, ...]
    phases: tuple[Phase, ...]
    conclusions: Mapping[str, Conclusion]
    facts: Mapping[str, FactDefinition]
    value_sets: Mapping[str, ValueSet]
    sources: Mapping[str, Source]
    orders: Mapping[str, OrderTemplate]
    services: Mapping[str, ServiceDefinition]
    override_reasons: Mapping[str, OverrideReason]
    people: Mapping[str, str]
    approved: frozenset[str]
    retired: tuple[Rule, ...] = ()
    most_cards: int = 6
    background: tuple[str, ...] = ()
    asked_only: tuple[AskedOnly, ...] = ()
    asked_first: tuple[AskedFirst, ...] = ()
    order_words: tuple[str, ...] = ()
    danger_terms: DangerTerms = NO_DANGER_TERMS
    other_words: OtherWords = NO_OTHER_WORDS
    pathway: str | None = None
    pathway_tried: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order of their phases."""
        return tuple(rule for phase in self.phases for rule in phase.rules)

    def asks(self, finding: str) -> str:
        """The words a clinician reads for a finding."""
        if finding in self.facts:
            return self.facts[finding].asks
        return self.conclusions[finding].asks
