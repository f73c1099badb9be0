"""Codes: which code of a value set to write, so that it says what is meant and nothing else that matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from service.knowledge.model import Code, FactDefinition, FactSource, Knowledge
from service.record.chart.code_match import Key
from service.record.chart.matcher import MEDICATION
from service.record.medication.drugs import Drugs
from service.record.medication.entry import with_all_classes
from service.record.values.code_systems import ICD_10, check_digit_fault
from service.record.values.coding import CodeIndex
from service.testkit.example_patient.resource_draft import concept

CPT = "http://www.ama-assn.org/go/cpt"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@dataclass(frozen=True, slots=True)
class Avoid:
    """What a code should not also say: keys on the chart, with how many facts each would disturb."""

    keys: Mapping[Key, int]

    def weight(self, found: Iterable[Key]) -> int:
        return sum(self.keys.get(key, 0) for key in found)


class Codebook:
    """The codes of a rule set, ready to be chosen from."""

    def __init__(self, knowledge: Knowledge, index: CodeIndex, drugs: Drugs) -> None:
        self._knowledge = knowledge
        self._index = index
        self._drugs = drugs
        self._classes: dict[str, frozenset[str]] = {}

    def of(self, value_sets: Iterable[str]) -> Iterator[tuple[str, Code]]:
        """The codes that may be written, with their value set; those that may be retired come last.

        A set without such a code is written in words: its title, if its patterns find it.
        """
        last = []
        for name in value_sets:
            value_set = self._knowledge.value_sets[name]
            codes = [code for code in value_set.codes if self._may_be_written(code)]
            for code in codes or [Code("", "", value_set.title, descendants=False, verified=True, source="")]:
                if code.note and "active status not shown" in code.note:
                    last.append((name, code))
                else:
                    yield name, code
        yield from last

    @staticmethod
    def _may_be_written(code: Code) -> bool:
        """Verified, with a display, free to use (CPT is not), without a typing error, and more than a category."""
        free = code.system not in {CPT, ICD_10} and bool(code.display)
        return code.verified and free and not check_digit_fault(code.system, code.code)

    def sets_of(self, code: Code) -> frozenset[str]:
        """All value sets a code lies in."""
        return self._index.sets_of(code.system, code.code) if code.code else self._index.match(concept(code)).sets

    def best(self, source: FactSource, avoid: Avoid, limit: int = 3) -> list[Code]:
        """The codes of a source that may be written, those that disturb least first."""
        found = []
        for order, (name, code) in enumerate(self.of(source.codes)):
            sets = self.sets_of(code)
            if source.resource == "AllergyIntolerance":
                sets |= self.classes_of(code)
            if name in sets:
                found.append((avoid.weight((source.resource, one) for one in sets), order, code))
        return [code for _, _, code in sorted(found, key=lambda one: one[:2])[:limit]]

    def one_of(self, value_sets: Iterable[str], without: Iterable[str] = ()) -> Code | None:
        """The first code of some value sets that lies in none of some others."""
        others = frozenset(without)
        for name, code in self.of(value_sets):
            sets = self.sets_of(code)
            if name in sets and sets.isdisjoint(others):
                return code
        return None

    def classes_of(self, code: Code) -> frozenset[str]:
        """The drug classes of a drug code."""
        if code.system != RXNORM:
            return frozenset()
        found = self._classes.get(code.code)
        if found is None:
            found = with_all_classes(self._drugs.recognise_concept(concept(code)), self._index).classes
            self._classes[code.code] = found
        return found

    def is_local(self, code: Code) -> bool:
        """Whether a drug code by itself names a form for local use."""
        return self._drugs.recognise_concept(concept(code)).is_local

    def drugs(self, definition: FactDefinition, avoid: Avoid) -> list[Code]:
        """The drugs that match the classes and route of a fact, those that disturb least first; last those in words."""
        found = []
        for order, (_, code) in enumerate(self.of(definition.classes)):
            if code.code and code.system != RXNORM:
                continue
            drug = with_all_classes(self._drugs.recognise_concept(concept(code)), self._index)
            if drug.classes.isdisjoint(definition.classes) or not drug.classes.isdisjoint(definition.exclude):
                continue
            if definition.route not in {"local", "any"} and drug.is_local:
                continue
            found.append((not code.code, avoid.weight((MEDICATION, one) for one in drug.classes), order, code))
        return [code for *_, code in sorted(found, key=lambda one: one[:3])]
