"""Matcher: the value sets and the drug table of a rule set, prepared once, and which of them the facts ask about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from service.bounded import Bounded
from service.knowledge.cache import Cached, uncached
from service.knowledge.model import FactKind, Knowledge
from service.record.chart.code_match import Key
from service.record.chart.denials import denials_of
from service.record.chart.filing import NOT_UNDERSTOOD, filings
from service.record.chart.scope import problems_in_scope
from service.record.chart.unread_results import names_result
from service.record.medication.drug import Drug
from service.record.medication.drugs import Drugs
from service.record.medication.entry import BY_WORDS, with_all_classes
from service.record.medication.matching import DrugFacts
from service.record.values.coding import CodeIndex
from service.record.values.concept import codings, wordings
from service.record.values.set_names import RESULTS

MEDICATION = "medication"
UNRECOGNISED: Key = (MEDICATION, "")
_MOST_DRUGS = 1024
"""Of so many drugs is cached what their classes are: the charts of a day name the same few hundred."""
_MOST_SUBSTANCES = 200
"""What lists more in one entry is not looked through, and so not read."""
_ALLERGY = "AllergyIntolerance"


class Matcher:
    """The value sets and the drug table, prepared once, and which of them the facts ask about."""

    def __init__(self, knowledge: Knowledge, keys: Iterable[Key], cached: Cached = uncached) -> None:
        self.drugs = Drugs(knowledge.value_sets)
        self._classified: Bounded[int, tuple[Drug, Drug]] = Bounded(_MOST_DRUGS)
        self._substances: Bounded[str, bool] = Bounded(_MOST_DRUGS)
        self.drug_facts = DrugFacts(knowledge.facts.values())
        self._keys: Bounded[int, tuple[Drug, frozenset[Key]]] = Bounded(_MOST_DRUGS)
        self.episode = knowledge.episode
        self.in_scope = problems_in_scope(knowledge)
        self.settings: Mapping[str, str] = {"jurisdiction": knowledge.jurisdiction, **knowledge.settings}
        asked: dict[str, set[str]] = {"Condition": set(knowledge.episode)}
        for name, value_set in keys:
            asked.setdefault(name, set()).add(value_set)
        self._classes = frozenset(asked.pop(MEDICATION, ()))
        self.reads_medications = bool(self._classes)
        self.asked: Mapping[str, frozenset[str]] = {name: frozenset(sets) for name, sets in asked.items()}
        self._answers = _answers_read(knowledge)
        measured = (fact for fact in knowledge.facts.values() if fact.kind is FactKind.QUANTITY)
        self.units = tuple(sorted({fact.unit or "1" for fact in measured}))
        """The units of the numbers that facts ask for."""
        self.index = CodeIndex(
            knowledge.value_sets, knowledge.danger_terms, knowledge.other_words, cached, asked=self.asked
        )
        # They are known when they come back.
        own_orders = frozenset(order.title for order in knowledge.orders.values())
        self.filings = filings(self.index, self.asked, denials_of(knowledge, NOT_UNDERSTOOD), own_orders)
        """By type, what concepts mean for its entries."""

    def with_all_classes(self, drug: Drug) -> Drug:
        """The drug with the classes that any value set gives its ingredients: one object for one that is known."""
        known = self._classified.get(id(drug))
        if known is not None and known[0] is drug:
            return known[1]
        found = with_all_classes(drug, self.index)
        self._classified[id(drug)] = drug, found
        return found

    def keys_of(self, drug: Drug) -> frozenset[Key]:
        """Under what a chart holds a drug: the classes that facts ask about, and that it may be any."""
        known = self._keys.get(id(drug))
        if known is not None and known[0] is drug:
            return known[1]
        found = frozenset((MEDICATION, name) for name in drug.classes & self._classes)
        if not drug.recognised:
            found |= {UNRECOGNISED}
        self._keys[id(drug)] = drug, found
        return found

    def is_allergy_read(self, concepts: Iterable[object]) -> bool:
        """Whether what an allergy names was understood: by a code, or by every part of its words."""
        # "Medication" beside the substance that a reaction names takes nothing away from it.
        found = [one for one in concepts if not self.index.says_nothing(one)]
        if any(self.index.is_doubtful(_ALLERGY, one) for one in found):
            return False
        return any(map(self._names_substance, found))

    def names_result(self, code: object) -> bool:
        """Whether a code tells what a result with it measures, as ``unread_results.names_result`` judges it."""
        filed = self.filings.get("Observation")
        return names_result(code, self.index) if filed is None else filed.read(code).is_named

    def is_measured_elsewhere(self, question: str) -> bool:
        """Whether a question asks for a number that facts read from observations and from no answer."""
        asked = self.asked.get("Observation", frozenset()) - self.asked.get("QuestionnaireResponse", frozenset())
        return any(name.startswith(RESULTS) for name in self.index.match({"text": question}).sets & asked)

    def is_answer_read(self, question: object, answer: object) -> bool:
        """Whether facts that go by a question of an observation read this answer, by its code or its words."""
        names = self.index.match(question).all_sets
        read = frozenset[str]().union(*(self._answers.get(name, frozenset()) for name in names))
        return not read.isdisjoint(self.index.match(answer).sets)

    def sets_of_allergy(self, name: str) -> frozenset[str]:
        """The value sets of allergies that facts ask about, in which a drug or a class of drugs lies."""
        named = {"text": name}
        classes = self.with_all_classes(self.drugs.recognise_concept(named)).classes
        return (classes | self.index.match(named).all_sets) & self.asked.get(_ALLERGY, frozenset())

    def _names_substance(self, concept: object) -> bool:
        drug = self.drugs.recognise_concept(concept)
        is_vague = any(map(self.index.known_words.is_of_no_substance, codings(concept)))
        is_told = not is_vague or bool(self.index.match(concept).sets)
        if (is_told and self.index.is_known_by_code(concept)) or (drug.recognised and drug.by not in BY_WORDS):
            return True
        return any(self._are_known(text) for text in wordings(concept))

    def _are_known(self, text: str) -> bool:
        known = self._substances.get(text)
        if known is None:
            parts = self.index.known_words.substances_of(text)
            is_list = 0 < len(parts) <= _MOST_SUBSTANCES
            known = self._substances[text] = is_list and all(map(self._is_known, parts))
        return known

    def _is_known(self, part: str) -> bool:
        sets = self.index.match({"text": part}).all_sets
        return (
            not sets.isdisjoint(self.asked.get("AllergyIntolerance", frozenset()))
            or self.index.known_words.is_substance(part)
            or self.drugs.recognise_concept({"text": part}).recognised
        )


def _answers_read(knowledge: Knowledge) -> Mapping[str, frozenset[str]]:
    """By the value set of what an observation asks, those of the answers that facts read."""
    found: dict[str, frozenset[str]] = {}
    sources = (source for fact in knowledge.facts.values() for source in fact.sources)
    for source in sources:
        for name in source.codes if source.resource == "Observation" else ():
            found[name] = found.get(name, frozenset()).union(source.yes, source.no)
    return found
