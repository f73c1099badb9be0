"""KindSpec: what is true of every fact of one kind, said once.

Reader, example builder, coverage, proofs and data requirements all read it, so that a state which the reader can
produce is never left out of a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from service.finding import Status
from service.knowledge.model.fact import NUMERIC_KINDS, FactDefinition, FactKind

DENIABLE = ("Condition", "AllergyIntolerance", "Observation", "QuestionnaireResponse")
"""The resource types in which a no can be written down: refuted, or answered no."""

ENDED_IN = ("Condition", "Procedure", "Encounter")
"""The resource types in which the end of something (``ended_by``) is written down."""

EVERY = frozenset(Status)
NEVER_ABSENT = frozenset({Status.PRESENT, Status.UNKNOWN})
NEVER_UNKNOWN = frozenset({Status.PRESENT, Status.ABSENT})

_T = TypeVar("_T")
_DRUGS = ("MedicationRequest", "MedicationStatement")


class BuiltAs(StrEnum):
    """How an entry that brings a fact about is written into an example chart."""

    SETTING = "setting"
    NOT_READ = "not-read"
    SEX = "sex"
    NUMBER = "number"
    CHANGE = "change"
    STATEMENT = "statement"
    ENTRIES = "entries"
    TREATMENT = "treatment"


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind of fact.

    ``states`` are the states a fact of this kind can have, which is also all that a proof may assume of it;
    ``reads`` the resource types it looks at beyond the sources it names; ``built_as`` how an example chart is
    written.
    """

    kind: FactKind
    states: Callable[[FactDefinition], frozenset[Status]]
    reads: Callable[[FactDefinition], tuple[str, ...]]
    built_as: Callable[[FactDefinition], BuiltAs]

    @property
    def is_numeric(self) -> bool:
        """Whether a fact of this kind carries a number when it is present."""
        return self.kind in NUMERIC_KINDS


def is_deniable(definition: FactDefinition) -> bool:
    """Whether a recorded no can make the fact absent, whatever lists were sent."""
    return any(source.resource in DENIABLE or source.no for source in definition.sources)


def _always(value: _T) -> Callable[[FactDefinition], _T]:
    return lambda _definition: value


def _by_no_data(definition: FactDefinition) -> frozenset[Status]:
    return EVERY if definition.complete else NEVER_ABSENT


def _by_no_data_or_denial(definition: FactDefinition) -> frozenset[Status]:
    return EVERY if definition.complete or is_deniable(definition) else NEVER_ABSENT


def _duration(definition: FactDefinition) -> frozenset[Status]:
    """A duration is known or unknown: that a problem was refuted says nothing of how long another one lasts."""
    return EVERY if definition.absent_by_answer else _by_no_data(definition)


def _course(definition: FactDefinition) -> frozenset[Status]:
    return EVERY if definition.measure == "ordered" else _by_no_data(definition)


def _count(definition: FactDefinition) -> frozenset[Status]:
    """A count is a number, and 0 is one; a daily dose is absent where the drug is not being ordered."""
    return EVERY if definition.measure == "daily-mg" else NEVER_ABSENT


def _counted(definition: FactDefinition) -> tuple[str, ...]:
    return _DRUGS if definition.measure != "entries" else ()


def _measured(definition: FactDefinition) -> tuple[str, ...]:
    # eGFR from creatinine takes age and sex from the Patient (product choice no. 11).
    return ("Observation",) if definition.compute is None else ("Observation", "Patient")


def _count_built(definition: FactDefinition) -> BuiltAs:
    return BuiltAs.TREATMENT if definition.measure != "entries" else BuiltAs.ENTRIES


_NOTHING: tuple[str, ...] = ()
_SPECS = (
    KindSpec(FactKind.CODED, _by_no_data_or_denial, _always(_NOTHING), _always(BuiltAs.STATEMENT)),
    KindSpec(FactKind.ELAPSED, _duration, _always(_NOTHING), _always(BuiltAs.STATEMENT)),
    KindSpec(FactKind.QUANTITY, _always(NEVER_ABSENT), _measured, _always(BuiltAs.NUMBER)),
    KindSpec(FactKind.CHANGE, _always(NEVER_ABSENT), _always(("Observation",)), _always(BuiltAs.CHANGE)),
    KindSpec(FactKind.AGE, _always(NEVER_ABSENT), _always(("Patient",)), _always(BuiltAs.NUMBER)),
    KindSpec(FactKind.SEX, _always(EVERY), _always(("Patient",)), _always(BuiltAs.SEX)),
    KindSpec(FactKind.GESTATION, _always(NEVER_ABSENT), _always(("Observation", "Condition")), _always(BuiltAs.NUMBER)),
    KindSpec(FactKind.DRUG, _by_no_data, _always(_DRUGS), _always(BuiltAs.TREATMENT)),
    KindSpec(FactKind.COURSE, _course, _always(_DRUGS), _always(BuiltAs.TREATMENT)),
    KindSpec(FactKind.ORDER, _always(EVERY), _always(_NOTHING), _always(BuiltAs.TREATMENT)),
    # The reason of an order may be a reference to a problem.
    KindSpec(FactKind.ORDER_REASON, _always(EVERY), _always(("Condition",)), _always(BuiltAs.TREATMENT)),
    KindSpec(FactKind.COUNT, _count, _counted, _count_built),
    KindSpec(FactKind.NOT_READ, _always(NEVER_UNKNOWN), lambda definition: definition.lists, _always(BuiltAs.NOT_READ)),
    KindSpec(FactKind.SETTING, _always(NEVER_UNKNOWN), _always(_NOTHING), _always(BuiltAs.SETTING)),
)

KINDS: Mapping[FactKind, KindSpec] = {spec.kind: spec for spec in _SPECS}
"""Every kind of fact."""


def possible_states(definition: FactDefinition) -> frozenset[Status]:
    """The states this fact can have, whatever the record holds."""
    return KINDS[definition.kind].states(definition)


def types_read(definition: FactDefinition) -> tuple[str, ...]:
    """The resource types the fact is read from, each once. Orders of the call itself are not among them."""
    named = (source.resource for source in definition.sources)
    ends = ENDED_IN if any(source.ended_by for source in definition.sources) else ()
    return tuple(dict.fromkeys((*named, *ends, *KINDS[definition.kind].reads(definition), *definition.complete)))
