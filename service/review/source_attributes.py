"""Source attributes of evidence-based decision support (45 CFR 170.315(b)(11)(iv)(A)), one set per rule.

Citation, developer, funding and dates come from the rule and its sources. Whether a rule uses race, sex, date of birth
and the like is computed from the facts it reads, through conclusions down to the record, and never typed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from service.knowledge.digest import value_sets_of
from service.knowledge.model import Code, FactDefinition, FactKind, Knowledge, Rule
from service.knowledge.strata import concluding_rules

Json = dict[str, Any]

NOT_DECLARED = "not declared"

_LOINC = "http://loinc.org"
_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
# The LOINC codes by which US Core and USCDI record what the law names.
_LOINC_CODES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "race": frozenset({"32624-9", "72826-1"}),
        "ethnicity": frozenset({"69490-1"}),
        "language": frozenset({"54899-0"}),
        "sexual_orientation": frozenset({"76690-7"}),
        "gender_identity": frozenset({"76691-5"}),
        "sex": frozenset({"46098-0", "76689-9"}),
        "date_of_birth": frozenset({"21112-8"}),
        "health_status_assessments": frozenset({"82810-3", "11449-6", "72166-2"}),
    }
)
# Z55 to Z65: persons with potential health hazards related to socioeconomic and psychosocial circumstances.
_SOCIAL = tuple(f"Z{number}" for number in range(55, 66))
# Pregnancy and smoking status count among the health status assessments of USCDI.
_STATUS = ("O", "Z33", "Z34", "Z3A", "F17", "Z72.0", "Z87.891")

_ATTRIBUTES = (
    "race",
    "ethnicity",
    "language",
    "sexual_orientation",
    "gender_identity",
    "sex",
    "date_of_birth",
    "social_determinants_of_health",
    "health_status_assessments",
)


def source_attributes(knowledge: Knowledge) -> Json:
    """The attributes of every rule that shows a card, and what is said once for all."""
    reached = _Reached(knowledge)
    return {
        "ruleset": {"name": knowledge.name, "version": knowledge.version, "digest": knowledge.digest},
        "intended_use": " ".join(knowledge.intended_use.split()),
        "out_of_scope": " ".join(knowledge.out_of_scope.split()),
        "rules": [_of_rule(knowledge, rule, reached.facts(rule)) for rule in knowledge.rules if rule.card is not None],
    }


def uses(knowledge: Knowledge, facts: Iterable[FactDefinition]) -> dict[str, list[str]]:
    """For each kind of data that the law names, the facts that make a rule use it; empty where it does not."""
    found: dict[str, list[str]] = {name: [] for name in _ATTRIBUTES}
    for fact in facts:
        for attribute in sorted(set(_used_by(knowledge, fact))):
            found[attribute].append(fact.id)
    return found


def _of_rule(knowledge: Knowledge, rule: Rule, facts: list[FactDefinition]) -> Json:
    used = uses(knowledge, facts)
    sources = {citation.source: knowledge.sources[citation.source] for citation in rule.citations}
    return {
        "rule": rule.id,
        "version": rule.version,
        "title": rule.title,
        "bibliographic_citations": [
            {
                "citation": source.citation,
                "locator": source.locator,
                "url": source.url,
                "funding": source.funding or NOT_DECLARED,
            }
            for source in sources.values()
        ],
        "developer": knowledge.people.get(rule.owner, rule.owner),
        "funding_source": NOT_DECLARED,
        "release_date": rule.history[0].day.isoformat() if rule.history else None,
        "revision_dates": [entry.day.isoformat() for entry in rule.history[1:]],
        "review_by": rule.review_by.isoformat(),
        "approved": rule.id in knowledge.approved,
        "uses": {name: bool(because) for name, because in used.items()},
        "because_of": {name: because for name, because in used.items() if because},
        "facts": [fact.id for fact in facts],
    }


class _Reached:
    """The facts a rule reads, through conclusions."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._concluding = concluding_rules(knowledge.rules)

    def facts(self, rule: Rule) -> list[FactDefinition]:
        """The definitions of all facts behind a rule, by name; those it mentions, removes or limits too."""
        names: set[str] = set()
        waiting = [*rule.reads, *rule.mentions, *_acted_on(rule)]
        while waiting:
            name = waiting.pop()
            if name in names:
                continue
            names.add(name)
            fact = self._knowledge.facts.get(name)
            if fact is not None and fact.order is not None:
                waiting.append(fact.order)
            for other in self._concluding.get(name, ()):
                waiting += other.reads
        return [self._knowledge.facts[name] for name in sorted(names) if name in self._knowledge.facts]


def _acted_on(rule: Rule) -> Iterator[str]:
    if rule.card is not None:
        for suggestion in rule.card.suggestions:
            yield from (*suggestion.remove, *suggestion.limit)


def _used_by(knowledge: Knowledge, fact: FactDefinition) -> Iterator[str]:
    if fact.kind is FactKind.AGE or fact.compute is not None:
        yield "date_of_birth"
    if fact.kind is FactKind.SEX or fact.compute is not None:
        # The CKD-EPI equation takes age and sex (product choice no. 11).
        yield "sex"
    if fact.kind is FactKind.GESTATION or _is_assessed(fact):
        yield "health_status_assessments"
    for name in value_sets_of(fact):
        for code in knowledge.value_sets[name].codes if name in knowledge.value_sets else ():
            yield from _said_by(code)


def _is_assessed(fact: FactDefinition) -> bool:
    """Whether somebody had to be asked or examined: answers to questionnaires, and scores that are compared."""
    return fact.kind is FactKind.CHANGE or any(source.resource == "QuestionnaireResponse" for source in fact.sources)


def _said_by(code: Code) -> Iterator[str]:
    if code.system == _LOINC:
        yield from (name for name, codes in _LOINC_CODES.items() if code.code in codes)
    if code.system == _ICD:
        if code.code.startswith(_SOCIAL):
            yield "social_determinants_of_health"
        if code.code.startswith(_STATUS):
            yield "health_status_assessments"
