"""Prefetch templates, computed from what the facts of a hook's rules are read from (PF-1 to PF-4, chapter 3.4).

Only a query that leaves nothing out lets silence count later, so a query is narrowed as little as
possible: Observation by category, because servers promise no wider search; the newest N of types
whose silence no fact counts. Never by status: resolved problems and stopped drugs are history that
facts read, and a missing ``clinicalStatus`` must not lose a problem (product choice no. 6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from service.knowledge.data_requirements import facts_for
from service.knowledge.model import Knowledge, types_read
from service.record.input.prefetch_states import Selection

_PATIENT = "{{context.patientId}}"
_TOKEN = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True)
class Template:
    """One prefetch template: its key, its query, the types it brings, and whether it leaves part of them out."""

    key: str
    query: str
    types: tuple[str, ...]
    narrowed: bool = False
    title: str = ""

    @cached_property
    def is_read(self) -> bool:
        """Whether this reads one resource instead of searching a list."""
        return "?" not in self.query

    @cached_property
    def asked(self) -> str:
        """The resource type that the query names."""
        return self.query.partition("?")[0].partition("/")[0]

    @cached_property
    def is_about_patient_only(self) -> bool:
        """Whether the patient is the only token of the query."""
        return set(_TOKEN.findall(self.query)) <= {_PATIENT}

    @cached_property
    def selection(self) -> Selection:
        """What the key asks for."""
        return Selection(self.types, self.narrowed)


@dataclass(frozen=True, slots=True)
class _Query:
    """How one list is asked for. ``newest`` is the R4 parameter that sorts it, ``count`` how many are enough."""

    key: str
    type: str
    title: str
    newest: str | None = None
    count: int | None = None
    category: str | None = None


# Keys are what clients configure: renaming one is a breaking change (PF-2).
_QUERIES = (
    _Query("conditions", "Condition", "the problem list"),
    _Query("labs", "Observation", "laboratory results", "date", 100, "laboratory"),
    _Query("vitals", "Observation", "vital signs", "date", 30, "vital-signs"),
    _Query("findings", "Observation", "examination findings", "date", 50, "exam"),
    _Query("scores", "Observation", "pain and function scores", "date", 50, "survey"),
    _Query("social", "Observation", "social history", "date", 30, "social-history"),
    _Query("answers", "QuestionnaireResponse", "questionnaire answers", "authored", 30),
    _Query("medications", "MedicationRequest", "medication orders"),
    _Query("statements", "MedicationStatement", "medications reported by the patient"),
    _Query("allergies", "AllergyIntolerance", "allergies"),
    _Query("procedures", "Procedure", "procedures", "date", 100),
    _Query("requests", "ServiceRequest", "earlier orders and referrals", "authored", 100),
    _Query("reports", "DiagnosticReport", "reports", "date", 50),
    _Query("imaging", "ImagingStudy", "imaging studies", "started", 50),
    _Query("devices", "Device", "implants and devices"),
    _Query("device-use", "DeviceUseStatement", "use of implants and devices"),
    _Query("encounters", "Encounter", "visits", "date", 50),
    _Query("goals", "Goal", "goals"),
    _Query("communications", "Communication", "information given to the patient", "sent", 30),
    _Query("communication-requests", "CommunicationRequest", "information ordered for the patient", "authored", 30),
)


def templates_for(knowledge: Knowledge, hook: str) -> tuple[Template, ...]:
    """The templates of one hook, in a stable order (DI-14): the patient, the problem list, then what its facts read.

    Patient and problem list are always asked for: they say who this is and when the episode began.
    """
    facts = facts_for(knowledge, hook)
    wanted = {"Condition", *(kind for fact in facts for kind in types_read(fact))}
    complete = {kind for fact in facts for kind in fact.complete}
    return (
        Template("patient", f"Patient/{_PATIENT}", ("Patient",), title="the patient record"),
        *(_template(query, complete) for query in _QUERIES if query.type in wanted),
    )


def unasked(knowledge: Knowledge, hook: str) -> frozenset[str]:
    """The resource types a fact of this hook reads for which there is no query: a gap in this module."""
    known = {"Patient", *(query.type for query in _QUERIES)}
    return frozenset(kind for fact in facts_for(knowledge, hook) for kind in types_read(fact)) - known


def _template(query: _Query, complete: set[str]) -> Template:
    # "The newest 50" would hide what is older, so a list that must be whole is asked for whole (QR-6).
    cut = query.type not in complete
    parameters = "&".join(_parameters(query, cut=cut))
    types = ("MedicationRequest", "Medication") if query.type == "MedicationRequest" else (query.type,)
    narrowed = query.category is not None or (cut and query.count is not None)
    return Template(query.key, f"{query.type}?{parameters}", types, narrowed, query.title)


def _parameters(query: _Query, *, cut: bool) -> Iterator[str]:
    yield f"patient={_PATIENT}"
    if query.category is not None:
        yield f"category={query.category}"
    if query.newest is not None:
        yield f"_sort=-{query.newest}"
        if cut or query.category is not None:
            yield f"_count={query.count}"
