"""Wanted: the states that the facts of one example patient are to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition, FactKind, Given, Knowledge


@dataclass(frozen=True)
class Wanted:
    """An assignment of states to facts."""

    knowledge: Knowledge
    states: Mapping[str, Given]

    def definitions(self, *kinds: FactKind) -> Iterator[FactDefinition]:
        """The facts asked for, of some kinds or of all."""
        for name in self.states:
            definition = self.knowledge.facts[name]
            if not kinds or definition.kind in kinds:
                yield definition

    def status(self, name: str) -> Status:
        """The status that is wanted."""
        return Status(self.states[name].status)

    def is_met(self, finding: Finding) -> bool:
        """Whether a finding is what was asked for. A number that is not given may be any."""
        given = self.states[finding.name]
        if finding.status != given.status:
            return False
        if given.status != Status.PRESENT or (given.low is None and given.high is None):
            return True
        return (finding.low, finding.high) == (given.low, given.high)

    def unmet(self, findings: Mapping[str, Finding]) -> list[str]:
        """The facts that are not as asked for."""
        return [name for name in self.states if not self.is_met(findings[name])]

    def numbers(self, *kinds: FactKind) -> Iterator[tuple[FactDefinition, Decimal | None, Decimal | None]]:
        """The numbers asked for, of facts of some kinds."""
        for definition in self.definitions(*kinds):
            given = self.states[definition.id]
            if given.status == Status.PRESENT:
                yield definition, given.low, given.high
