"""Findings in the words of a card: what was found with value and date, and what was not recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from types import MappingProxyType

from service.cards.markdown import escaped
from service.cards.redaction import marked
from service.finding import Evidence, Finding
from service.knowledge.model import Knowledge
from service.store.redaction import keeps_date, keeps_remark

SHOWN = 3
# A unit that UCUM only annotates, such as {score}: the title of the finding already says what is counted.
_ANNOTATION = re.compile(r"(?<=\d) \{[^{}]*\}$")
_WHOLE = frozenset({"a", "d", "wk"})

# UCUM as a clinician writes it. A unit that is not here is shown as it is.
_UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "a": ("year", "years"),
        "d": ("day", "days"),
        "wk": ("week", "weeks"),
        "mo": ("month", "months"),
        "h": ("hour", "hours"),
        "mL/min/{1.73_m2}": ("mL/min/1.73 m²", "mL/min/1.73 m²"),
        "{score}": ("point", "points"),
        "{INR}": ("", ""),
        "{T-score}": ("(T-score)", "(T-score)"),
        "{count}": ("", ""),
        "1": ("", ""),
        "Cel": ("°C", "°C"),
        "[degF]": ("°F", "°F"),
        "mm[Hg]": ("mmHg", "mmHg"),
        "10*3/uL": ("thousand/µL", "thousand/µL"),
        "10*9/L": ("billion/L", "billion/L"),
    }
)


def number(value: Decimal) -> str:
    """A number as it is read: no exponent, no needless zeros."""
    text = format(value.normalize(), "f")
    return text if "." not in text else text.rstrip("0").rstrip(".")


def amount(finding: Finding) -> str | None:
    """The value of a numeric finding with its unit, or the bounds it lies in; None without a number."""
    low, high = _shown(finding.low, finding.unit), _shown(finding.high, finding.unit)
    if low is None and high is None:
        return None
    if low is not None and low == high:
        return f"{number(low)} {_unit(finding.unit, low)}".rstrip()
    if high is None and low is not None:
        return f"at least {number(low)} {_unit(finding.unit, low)}".rstrip()
    if low is None and high is not None:
        return f"at most {number(high)} {_unit(finding.unit, high)}".rstrip()
    assert low is not None
    assert high is not None
    return f"between {number(low)} and {number(high)} {_unit(finding.unit, high)}".rstrip()


def _shown(value: Decimal | None, unit: str | None) -> Decimal | None:
    """Whole days, weeks and years: nobody reads two days and a half as 2.520833. Decisions use the exact number."""
    if value is None or unit not in _WHOLE:
        return value
    return value.to_integral_value(rounding=ROUND_FLOOR)


def _unit(unit: str | None, value: Decimal) -> str:
    if unit is None:
        return ""
    one, many = _UNITS.get(unit, (unit, unit))
    return one if value == 1 else many


def title(knowledge: Knowledge, name: str) -> str:
    """The words for a finding: the title of its fact or conclusion."""
    if name in knowledge.facts:
        return knowledge.facts[name].title
    return knowledge.conclusions[name].title


def marked_lines(knowledge: Knowledge, findings: Iterable[Finding]) -> list[str]:
    """One markdown bullet per finding: title, value, and the entries it rests on with date, words and caveat.

    Marks stand around what is quoted from the record.
    """
    return [_found_line(knowledge, finding) for finding in findings]


def _found_line(knowledge: Knowledge, finding: Finding) -> str:
    line = f"- {title(knowledge, finding.name)}"
    value = amount(finding)
    if value is not None:
        line += f": {value}"
    shown = [_evidence(item) for item in finding.evidence[:SHOWN]]
    more = len(finding.evidence) - SHOWN
    if more > 0:
        shown.append(f"and {more} more")
    if shown:
        line += f" ({'; '.join(shown)})"
    if finding.notes:
        line += f". Note: {', '.join(map(_note, finding.notes))}"
    return line


def _evidence(item: Evidence) -> str:
    parts = [marked(escaped(_ANNOTATION.sub("", item.text)))] if item.text else []
    # The day is what a clinician reads; the exact time stays in the decision.
    day = escaped(item.date.partition("T")[0]) if item.date else "no date"
    parts.append(day if item.date is None or keeps_date(item.resource, item.date) else marked(day))
    parts.append(marked(escaped(item.resource)))
    if item.note:
        parts.append(_note(item.note))
    return ", ".join(parts)


def _note(text: str) -> str:
    return escaped(text) if keeps_remark(text) else marked(escaped(text))


def asked(knowledge: Knowledge, names: Iterable[str]) -> list[str]:
    """The phrases a clinician reads for findings that are not known, each once."""
    return list(dict.fromkeys(knowledge.asks(name) for name in names))
