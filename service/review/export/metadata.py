"""Metadata: what every exported artifact says of itself, in the terms of CRMI (shareable and publishable)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from service.knowledge.model import Citation, Knowledge, Recommendation, Rule, Source

if TYPE_CHECKING:
    from service.knowledge.schemas.ruleset import Approval

Json = dict[str, Any]
Signer = Callable[[bytes], bytes]
"""Signs bytes, the same bytes always alike (Ed25519)."""

DEFAULT_BASE = "https://example.org/sciatica-cds/fhir"
_CRMI = "http://hl7.org/fhir/uv/crmi/StructureDefinition/crmi"
_COUNTRIES = {"us": ("US", "United States of America"), "uk": ("GB", "United Kingdom")}


@dataclass(frozen=True, slots=True)
class Publication:
    """One rule set as it is published: under which address, and who approved which rule at exactly its content.

    ``signer`` signs the records of approvals as the one who publishes them; without it they are not signed.
    """

    knowledge: Knowledge
    base: str = DEFAULT_BASE
    approvals: Mapping[str, Sequence[Approval]] = field(default_factory=dict)
    signer: Signer | None = None

    def canonical(self, kind: str, name: str) -> str:
        """The address of an artifact with its version."""
        return f"{self.url(kind, name)}|{self.knowledge.version}"

    def url(self, kind: str, name: str) -> str:
        """The address of an artifact."""
        return f"{self.base.rstrip('/')}/{kind}/{name}"

    @property
    def day(self) -> date:
        """The day of the last change that the history of any rule tells: the same rules give the same bytes."""
        rules = (*self.knowledge.rules, *self.knowledge.retired)
        return max((entry.day for rule in rules for entry in rule.history), default=date(2000, 1, 1))

    def artifact(self, kind: str, name: str, title: str, description: str, status: str = "draft") -> Json:
        """The head of an artifact. Its publisher is the rule set itself: nobody's name is invented."""
        code, country = _COUNTRIES[self.knowledge.jurisdiction]
        return {
            "resourceType": kind,
            "id": name,
            "meta": {"profile": [f"{_CRMI}-shareable{kind.lower()}", f"{_CRMI}-publishable{kind.lower()}"]},
            "url": self.url(kind, name),
            "version": self.knowledge.version,
            "name": "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", f"{kind}-{name}")),
            "title": title,
            "status": status,
            "experimental": False,
            "date": self.day.isoformat(),
            "publisher": self.knowledge.name,
            "description": description,
            "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": code, "display": country}]}],
        }

    def approval(self, rule: Rule) -> Json:
        """When a rule was approved and by whom; empty while nobody has."""
        given = self.approvals.get(rule.id, ()) if rule.id in self.knowledge.approved else ()
        if not given:
            return {}
        return {
            "approvalDate": max(one.day for one in given).isoformat(),
            "reviewer": [{"name": one.by} for one in given],
        }

    def citations(self, citations: Iterable[Citation]) -> list[Json]:
        """Every citation, each once, with what it says, whether it supports, and how far it was compared."""
        cited = {self._citation_key(one): self._citation(one, self.knowledge.sources[one.source]) for one in citations}
        return list(cited.values())

    @staticmethod
    def _citation_key(citation: Citation) -> tuple[str, bool]:
        return citation.reference, citation.supports

    @staticmethod
    def _citation(citation: Citation, source: Source) -> Json:
        stance = "supports" if citation.supports else "opposes"
        body: Json = {
            "type": "citation",
            "label": f"{source.label}, {citation.section}" if citation.section else source.label,
            "display": f"{stance}: {citation.says} ({citation.mark.value})",
            "citation": "; ".join((source.citation, *source.caveats)),
        }
        return body | ({"url": source.url} if source.url else {})


def graded(recommendation: Recommendation) -> list[Json]:
    """How strong a recommendation is and how sure its source, in the words of the source."""
    return [
        {
            "url": f"http://hl7.org/fhir/StructureDefinition/cqf-{name}",
            "valueCodeableConcept": {"text": text},
        }
        for name, text in (
            ("strengthOfRecommendation", recommendation.strength),
            ("qualityOfEvidence", recommendation.certainty),
        )
    ]
