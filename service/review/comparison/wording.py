"""Wording: tests, regions and patients of a comparison in the words of the rule sets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.finding import Finding, Status
from service.knowledge.model import AllOf, Condition, Knowledge, Leaf
from service.review.comparison.region import Region, Span, Term

# UCUM as it is read; what is only an annotation in braces loses its braces.
_UNITS: Mapping[str, str] = {
    "a": "years",
    "d": "days",
    "wk": "weeks",
    "mo": "months",
    "h": "hours",
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
}
_ACRONYM = re.compile(r"^[A-Za-z]*[A-Z0-9][A-Z0-9]")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of two rule sets; a finding of both is named as the second names it."""

    before: Knowledge
    after: Knowledge

    def title(self, finding: str) -> str:
        """What a finding is called, as it stands inside a sentence."""
        for knowledge in (self.after, self.before):
            named = knowledge.facts.get(finding) or knowledge.conclusions.get(finding)
            if named is not None:
                return _inside(named.title)
        return finding

    def unit(self, finding: str) -> str:
        """The unit of a number, with a space before it; empty without."""
        for knowledge in (self.after, self.before):
            if finding in knowledge.facts and knowledge.facts[finding].unit:
                return unit_text(knowledge.facts[finding].unit or "")
        return ""

    def condition(self, condition: Condition) -> str:
        """A test, or a group of tests, in words."""
        if isinstance(condition, Leaf):
            return self._leaf(condition)
        parts = "; ".join(self.condition(part) for part in condition.parts)
        return f"{'all' if isinstance(condition, AllOf) else 'any'} of ({parts})"

    def _leaf(self, leaf: Leaf) -> str:
        if leaf.word is not None:
            return f"{self.title(leaf.finding)}: {leaf.word.value}"
        limits = (("at least", leaf.at_least), ("more than", leaf.more_than), ("below", leaf.less_than))
        bounds = " and ".join(f"{text} {number(limit)}" for text, limit in limits if limit is not None)
        return f"{self.title(leaf.finding)} {bounds}{self.unit(leaf.finding)}"

    def region(self, region: Region, *, most: int | None = None) -> str:
        """For whom a difference is: what must be so, what must not be known, and what must not be so, in this order.

        With ``most`` only so many findings of each kind are named and the rest is counted.
        """
        if not region.terms:
            return "any patient" if region.exact else "patients of many kinds"
        unknown = [term for term in region.terms if term.statuses == (Status.UNKNOWN,)]
        none_of = [term for term in region.terms if Status.PRESENT not in term.statuses and term not in unknown]
        so = sorted((term for term in region.terms if Status.PRESENT in term.statuses), key=lambda term: not term.spans)
        named = [self.term(term) for term in so[:most]]
        if len(so) > len(named):
            named.append(f"{len(so) - len(named)} more that the rule asks for")
        if unknown:
            named.append(f"not known: {self._list(unknown, most)}")
        if none_of:
            named.append(f"{'none of' if len(none_of) > 1 else 'not'}: {self._list(none_of, most)}")
        if region.by_range:
            named.append("only where a number is known as a range")
        return "; ".join(named)

    def _list(self, terms: Sequence[Term], most: int | None) -> str:
        named = [self.title(term.finding) for term in terms[:most]]
        return " · ".join(named) + (f" and {len(terms) - len(named)} others" if len(terms) > len(named) else "")

    def term(self, term: Term) -> str:
        """What is true of one finding in all patients of a region."""
        title = self.title(term.finding)
        if term.spans and Status.PRESENT in term.statuses:
            numbers = " or ".join(span_text(span) for span in term.spans)
            text = f"{title} {numbers}{self.unit(term.finding)}"
            return text if term.statuses == (Status.PRESENT,) else f"{text} or {_states(term.statuses)}"
        if term.statuses == (Status.PRESENT,):
            return title
        return f"{title} {_states(term.statuses, also_present=True)}"

    def patient(self, findings: Mapping[str, Finding]) -> list[str]:
        """A patient, a line for every finding that says something."""
        return [self.finding(finding) for finding in findings.values()]

    def finding(self, finding: Finding) -> str:
        """One finding of a patient."""
        title = self.title(finding.name)
        if finding.status is Status.UNKNOWN:
            return f"{title}: not known"
        if finding.status is Status.ABSENT:
            return f"{title}: absent"
        if finding.value is not None:
            return f"{title}: {number(finding.value)}{self.unit(finding.name)}"
        if finding.low is None and finding.high is None:
            return title
        low, high = ("any" if limit is None else number(limit) for limit in (finding.low, finding.high))
        return f"{title}: between {low} and {high}{self.unit(finding.name)}"


def number(value: Decimal) -> str:
    """A number without exponent and needless zeros."""
    return f"{value.normalize():f}"


def unit_text(unit: str) -> str:
    """A UCUM unit as it is read, with a space before it; empty for what only counts."""
    if unit in _UNITS:
        return f" {_UNITS[unit]}"
    text = re.sub(r"\{([^{}]*)\}", lambda found: found[1].replace("_", " "), unit)
    return "" if text in ("1", "count", "score", "INR", "") else f" {text}"


def span_text(span: Span) -> str:
    """Numbers in a row, in words."""
    if span.low is not None and span.low == span.high:
        return f"exactly {number(span.low)}"
    high = None if span.high is None else f"{'up to' if span.with_high else 'below'} {number(span.high)}"
    if span.low is None:
        return high or "of any size"
    if high is None:
        return f"{'at least' if span.with_low else 'above'} {number(span.low)}"
    return f"{'from' if span.with_low else 'above'} {number(span.low)} {'to ' if span.with_low else 'and '}{high}"


def _states(statuses: Sequence[Status], *, also_present: bool = False) -> str:
    words = {Status.PRESENT: "present", Status.ABSENT: "absent", Status.UNKNOWN: "not known"}
    return " or ".join(words[status] for status in statuses if also_present or status is not Status.PRESENT)


def _inside(title: str) -> str:
    return title if _ACRONYM.match(title) else title[:1].lower() + title[1:]
