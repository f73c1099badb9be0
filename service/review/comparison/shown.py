"""Shown: for whom a card is shown, and for whom it cannot be decided, as formulas of one side.

A card is shown when its rule holds, no rule of its family that comes before it holds, and the service shows such cards.
This is ``decision.decide`` and the filter of the service, written as formulas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import z3

from service.knowledge.model import Knowledge, Rule, leaves
from service.review.symbolic import Patients


@dataclass(frozen=True)
class Cards:
    """The cards of one rule set over the symbols of its side."""

    knowledge: Knowledge
    patients: Patients
    _held: dict[str, tuple[z3.BoolRef, z3.BoolRef]] = field(default_factory=dict, repr=False)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Every rule that serves, by id."""
        return {rule.id: rule for rule in self.knowledge.rules}

    @cached_property
    def _order(self) -> dict[str, int]:
        # Of those equally severe and without an order the one that the engine runs first is shown.
        ordered = (rule for stratum in self.patients.strata for rule in stratum)
        return {rule.id: number for number, rule in enumerate(ordered)}

    def is_shown_at(self, rule_id: str, service: str) -> bool:
        """Whether the service can show a card of this rule at all."""
        rule, offered = self.rules.get(rule_id), self.knowledge.services.get(service)
        return rule is not None and offered is not None and offered.shows(rule)

    def before_it(self, rule_id: str, service: str) -> tuple[Rule, ...]:
        """The rules of the family that are shown instead of it when they hold."""
        rule, offered = self.rules[rule_id], self.knowledge.services[service]
        if rule.family is None:
            return ()
        family = (one for one in self.rules.values() if one.family == rule.family and offered.hook in one.hooks)
        return tuple(sorted((one for one in family if self._rank(one) < self._rank(rule)), key=self._rank))

    def _rank(self, rule: Rule) -> tuple[int, int, int]:
        return (*rule.precedence, self._order[rule.id])

    def shown(self, rule_id: str, service: str) -> z3.BoolRef:
        """The card is shown."""
        if not self.is_shown_at(rule_id, service):
            return z3.BoolVal(val=False)
        holds = self._surely(self.rules[rule_id])
        covering = [z3.Not(self._surely(one)) for one in self.before_it(rule_id, service)]
        return z3.And([holds, *covering]) if covering else holds

    def undecided(self, rule_id: str, service: str) -> z3.BoolRef:
        """Whether the rule holds cannot be known."""
        if not self.is_shown_at(rule_id, service):
            return z3.BoolVal(val=False)
        rule = self.rules[rule_id]
        return z3.And(self._possibly(rule), z3.Not(self._surely(rule)))

    def _surely(self, rule: Rule) -> z3.BoolRef:
        if rule.id not in self._held:
            self._held[rule.id] = self.patients.surely(rule.when), self.patients.possibly(rule.when)
        return self._held[rule.id][0]

    def _possibly(self, rule: Rule) -> z3.BoolRef:
        self._surely(rule)
        return self._held[rule.id][1]

    def reads(self, rule_id: str, service: str) -> tuple[str, ...]:
        """The findings on which it depends whether the card is shown, in the order in which rules name them."""
        if not self.is_shown_at(rule_id, service):
            return ()
        rules = self.rules[rule_id], *self.before_it(rule_id, service)
        return tuple(dict.fromkeys(leaf.finding for rule in rules for leaf in leaves(rule.when)))

    def services(self) -> Iterator[str]:
        """The services that this rule set offers."""
        yield from self.knowledge.services
