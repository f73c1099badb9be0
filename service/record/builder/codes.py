"""Codes: which code of a value set to write, so that it says what is meant and nothing else that matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from service.knowledge.model import Code, FactDefinition, FactSource, Knowledge
from service.record.builder.sheet import concept
from service.record.code_systems import check_digit_fault
from service.record.coding import CodeIndex
from service.record.drugs import Drugs
from service.record.kinds.chart import MEDICATION
from service.record.kinds.hit import Key

CPT = "http://www.ama-assn.org/go/cpt"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@dataclass(frozen=True, slots=True)
class Avoid:
    """What a code should not also say: keys on the chart, with how many facts each would disturb."""

    keys: Mapping[Key, int]

    def weight(self, found: Iterable[Key]) -> int:
        return sum(self.keys.get(key, 0) for key in found)


NOTHING_TO_AVOID = Avoid({})


class Codebook:
    """The codes of a rule set, ready to be chosen from."""

    def __init__(self, knowledge: Knowledge, index: CodeIndex, drugs: Drugs) -> None:
        self._knowledge = knowledge
        self._index = index
        self._drugs = drugs
        self._classes: dict[str, frozenset[str]] = {}

    def of(self, value_sets: Iterable[str]) -> Iterator[tuple[str, Code]]:
        """The codes that may be written, with their value set; those that are shown to be retired come last."""
        last = []
        for name in value_sets:
            for code in self._knowledge.value_sets[name].codes:
                if not code.verified or code.system == CPT or not code.code or check_digit_fault(code.system, code.code):
                    continue
                if code.note and "active status not shown" in code.note:
                    last.append((name, code))
                else:
                    yield name, code
        yield from last

    def sets_of(self, code: Code) -> frozenset[str]:
        """All value sets a code lies in."""
        return self._index.sets_of(code.system, code.code)

    def choose(self, resource_type: str, source: FactSource, avoid: Avoid) -> Code | None:
        """The code of a source that disturbs least; None when the source has none that may be written."""
        best: tuple[int, int, Code] | None = None
        for order, (name, code) in enumerate(self.of(source.codes)):
            sets = self.sets_of(code)
            if resource_type == "AllergyIntolerance":
                sets |= self.classes_of(code)
            if name not in sets:
                continue
            weight = avoid.weight((resource_type, one) for one in sets)
            if best is None or weight < best[0]:
                best = (weight, order, code)
        return best[2] if best else None

    def one_of(self, value_sets: Iterable[str], without: Iterable[str] = ()) -> Code | None:
        """The first code of some value sets that lies in none of some others."""
        others = frozenset(without)
        return next((code for _, code in self.of(value_sets) if self.sets_of(code).isdisjoint(others)), None)

    def classes_of(self, code: Code) -> frozenset[str]:
        """The drug classes of a drug code."""
        if code.system != RXNORM:
            return frozenset()
        found = self._classes.get(code.code)
        if found is None:
            found = self._drugs.recognise_concept(concept(code)).classes
            self._classes[code.code] = found
        return found

    def drugs(self, definition: FactDefinition, avoid: Avoid) -> list[Code]:
        """The drugs that match the classes and route of a fact, those that disturb least first."""
        found = []
        for order, (_, code) in enumerate(self.of(definition.classes)):
            if code.system != RXNORM:
                continue
            drug = self._drugs.recognise_concept(concept(code))
            if drug.classes.isdisjoint(definition.classes) or not drug.classes.isdisjoint(definition.exclude):
                continue
            if definition.route != "any" and drug.is_local and definition.route != "local":
                continue
            found.append((avoid.weight((MEDICATION, one) for one in drug.classes), order, code))
        return [code for _, _, code in sorted(found, key=lambda one: one[:2])]

    @cached_property
    def other_reasons(self) -> tuple[Code, ...]:
        """Codes of problems, to name a reason that is another one."""
        names = [name for name in self._knowledge.value_sets if name.startswith("cond-")]
        return tuple(code for _, code in self.of(sorted(names)))
