"""What an expert expects of one chart, written before any rule is looked at, and where an answer departs from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Expectation:
    """Which rules must be shown (each with its indicator), which must not, and what the findings must be.

    A warning or critical card that is neither in ``shown`` nor in ``allowed`` is a breach: what an expert wants and no
    more. Info cards that nobody named are let through unless ``nothing_else`` holds.
    """

    shown: Mapping[str, str] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    findings: Mapping[str, str] = field(default_factory=dict)
    nothing_else: bool = False

    def breaches(self, shown: Mapping[str, str], findings: Mapping[str, str]) -> Iterator[str]:
        """Every departure, in words. ``shown`` maps rules on the cards to their indicators, ``findings`` to states."""
        for rule, indicator in self.shown.items():
            if rule not in shown:
                yield f"{rule} is not shown"
            elif shown[rule] != indicator:
                yield f"{rule} is {shown[rule]}, not {indicator}"
        for rule, indicator in shown.items():
            if rule in self.silent:
                yield f"{rule} is shown ({indicator})"
            elif rule not in self.shown and rule not in self.allowed and (self.nothing_else or indicator != "info"):
                yield f"{rule} is shown ({indicator}), and nobody asked for it"
        for name, state in self.findings.items():
            if findings.get(name) != state:
                yield f"{name} is {findings.get(name)}, not {state}"

    def named(self) -> frozenset[str]:
        """Every rule that is named."""
        return frozenset((*self.shown, *self.silent, *self.allowed))
