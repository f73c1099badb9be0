"""Report: a comparison as JSON, with every sentence that terminal, pull request and page show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from service.finding import Finding
from service.knowledge.model import Rule
from service.review.comparison.model import (
    ChangeClass,
    ChangedField,
    Comparison,
    ConclusionComparison,
    ContentChange,
    Difference,
    Direction,
    RuleComparison,
    RuleSetName,
    Witness,
)
from service.review.comparison.region import Span, Term
from service.review.comparison.wording import Wording

Json = dict[str, Any]
Chart = Callable[[Witness], Json]
"""Gives a chart of whom the findings of a witness are true."""

FORMAT = 1
# So many findings of a region are named in one line; all of them stand beside it.
_SHORT = 4
_BRIEF = 3


@dataclass(frozen=True, slots=True)
class Report:
    """Writes comparisons of two rule sets. ``chart`` makes the chart of a witness; without it there is none."""

    wording: Wording
    chart: Chart | None = None
    moved: dict[str, list[Json]] = field(default_factory=dict, init=False)
    """The changed tests of the rules that draw each conclusion."""

    def of(self, comparison: Comparison) -> Json:
        """The whole comparison."""
        self.moved.clear()
        for one in comparison.rules:
            if one.rule.concludes is not None:
                self.moved.setdefault(one.rule.concludes, []).extend(
                    {"before": test.before, "after": test.after} for test in one.tests
                )
        cards = [self._rule(one) for one in comparison.cards_differing]
        concluding = [one for one in comparison.of_class(ChangeClass.DIFFERS) if one.rule.card is None]
        return {
            "format": FORMAT,
            "before": _name(comparison.before),
            "after": _name(comparison.after),
            "differs": comparison.differs,
            "counts": self._counts(comparison),
            "cards": cards,
            "conclusions": [self._conclusion(one, concluding) for one in comparison.conclusions],
            "concludingRules": [self._rule(one) for one in concluding],
            "provedSame": [self._rule(one) for one in comparison.of_class(ChangeClass.PROVED_SAME)],
            "wordsOnly": [self._rule(one) for one in comparison.of_class(ChangeClass.WORDS_ONLY)],
            "recordOnly": [self._rule(one) for one in comparison.of_class(ChangeClass.UNTOUCHED)],
            "contents": [self._content(one) for one in comparison.contents],
            "approvalsFallen": list(comparison.approvals_fallen),
            "approvalsGiven": list(comparison.approvals_given),
            "toReviewAgain": list(comparison.to_review_again),
            "invariants": self._invariants(comparison),
        }

    @staticmethod
    def _counts(comparison: Comparison) -> Json:
        return {
            "rules": comparison.after.rules,
            "editedInLogic": comparison.edited_in_logic,
            "cardsDiffer": len(comparison.cards_differing),
            "wordsOnly": len(comparison.of_class(ChangeClass.WORDS_ONLY)),
            "provedSame": comparison.proved_same,
            "added": sum(one.before is None for one in comparison.rules),
            "removed": sum(one.after is None for one in comparison.rules),
            "contents": len(comparison.contents),
        }

    def _invariants(self, comparison: Comparison) -> Json:
        broken = [
            {"id": one.id, "says": one.says, "text": one.text, "patient": self.wording.patient(one.findings)}
            for one in comparison.broken
            if not one.already
        ]
        already = {one.id for one in comparison.broken if one.already} - {one["id"] for one in broken}
        return {"asked": comparison.invariants, "broken": broken, "brokenBefore": sorted(already)}

    def _rule(self, one: RuleComparison) -> Json:
        rule = one.rule
        directions = {difference.direction for difference in one.differences}
        body: Json = {
            "id": one.id,
            "title": rule.title,
            "at": rule.at,
            "verdict": one.change_class.value,
            "change": "added" if one.before is None else "removed" if one.after is None else "changed",
            "renamed": one.renamed,
            "indicator": {"before": _indicator(one.before), "after": _indicator(one.after)},
            "reordered": one.reordered,
            "tests": [{"before": test.before, "after": test.after, "at": test.at} for test in one.tests],
            "restsOn": [
                {"id": name, "title": self.wording.title(name), "tests": self.moved.get(name, [])}
                for name in one.depends_on
            ],
            "family": list(one.family),
            "differences": [self._difference(difference, one.id) for difference in one.differences],
        }
        for name in ("logic", "card", "grounds", "record"):
            body[name] = [_field(changed) for changed in getattr(one, name)]
        if one.change_class is ChangeClass.DIFFERS and rule.card is not None:
            body["never"] = [
                direction.value for direction in Direction if direction.is_about_showing and direction not in directions
            ]
        return body

    def _difference(self, difference: Difference, about: str) -> Json:
        region = difference.region
        return {
            "direction": difference.direction.value,
            "services": list(difference.services),
            "text": self.wording.region(region),
            "short": self.wording.region(region, most=_SHORT),
            "brief": self.wording.region(region, most=_BRIEF),
            "exact": region.exact,
            "byRange": region.by_range,
            "terms": [self._term(term) for term in region.terms],
            "witness": self._witness(difference.witness, about),
        }

    def _term(self, term: Term) -> Json:
        body: Json = {
            "finding": term.finding,
            "title": self.wording.title(term.finding),
            "text": self.wording.term(term),
            "statuses": [status.value for status in term.statuses],
        }
        if term.spans:
            body["unit"] = self.wording.unit(term.finding).strip()
            body["spans"] = [_span(span) for span in term.spans]
        return body

    def _witness(self, witness: Witness, about: str) -> Json:
        body: Json = {
            "patient": self.wording.patient(witness.findings),
            "findings": {name: _finding(finding) for name, finding in witness.findings.items()},
            "service": witness.service,
            "before": [self._shown(name, self.wording.before.rules) for name in witness.before],
            "after": [self._shown(name, self.wording.after.rules) for name in witness.after],
            "inPlaceOf": [name for name in witness.before if name not in witness.after and name != about],
            "replacedBy": [name for name in witness.after if name not in witness.before and name != about],
        }
        if self.chart is not None:
            body["chart"] = self.chart(witness)
        return body

    @staticmethod
    def _shown(name: str, rules: Iterable[Rule]) -> Json:
        rule = next(rule for rule in rules if rule.id == name)
        return {"rule": name, "indicator": _indicator(rule), "summary": rule.card.summary if rule.card else ""}

    def _conclusion(self, one: ConclusionComparison, concluding: Iterable[RuleComparison]) -> Json:
        mine = [rule.id for rule in concluding if rule.rule.concludes == one.id]
        differences = [self._difference(difference, one.id) for difference in one.differences]
        return {"id": one.id, "title": one.title, "cards": list(one.cards), "rules": mine, "differences": differences}

    @staticmethod
    def _content(one: ContentChange) -> Json:
        return {
            "kind": one.kind,
            "id": one.id,
            "title": one.title,
            "fields": [_field(changed) for changed in one.fields],
            "codesAdded": list(one.codes_added),
            "codesRemoved": list(one.codes_removed),
            "rules": list(one.rules),
        }


def _name(name: RuleSetName) -> Json:
    return {"label": name.label, "version": name.version, "digest": name.digest, "rules": name.rules}


def _indicator(rule: Rule | None) -> str | None:
    return rule.card.indicator.value if rule is not None and rule.card is not None else None


def _field(changed: ChangedField) -> Json:
    return {"name": changed.name, "before": changed.before, "after": changed.after}


def _span(span: Span) -> Json:
    return {
        "low": _number(span.low),
        "withLow": span.with_low,
        "high": _number(span.high),
        "withHigh": span.with_high,
    }


def _finding(finding: Finding) -> Json:
    body = {"status": finding.status.value, "low": _number(finding.low), "high": _number(finding.high)}
    return {name: value for name, value in body.items() if value is not None}


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
