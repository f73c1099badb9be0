"""The page of the ladder of care: its steps with what ends each, and the rules that open on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from service.knowledge.model import Knowledge
from service.review.ladder import Gate, Ladder, Path, Span, ladder_of
from service.web.pages.words import condition_data, finding_named, rule_named, summary_in_words, test_in_words

Json = dict[str, Any]
_DAYS_A_WEEK = 7
_YEAR = 365


def pathway_page(knowledge: Knowledge) -> Json:
    """The ladder as plain data; without paths where the rule set has none."""
    ladder = ladder_of(knowledge)
    if ladder is None:
        return {"title": "There is no pathway in this rule set", "days": 0, "paths": [], "gates": []}
    gates = sorted((_gate(knowledge, gate) for gate in ladder.gates), key=lambda gate: not gate["byTime"])
    return {
        "title": "The ladder of care: steps by weeks since the onset, and when each rule can be shown",
        "days": _days(ladder),
        "paths": [_path(knowledge, path) for path in ladder.paths],
        "gates": gates,
    }


def _days(ladder: Ladder) -> int:
    last = ladder.ends or max(step.days.first for path in ladder.paths for step in path.steps) * 2
    return int(last)


def _path(knowledge: Knowledge, path: Path) -> Json:
    first, *others = (step.rule.mentions for step in path.steps)
    always = [name for name in first if all(name in other for other in others)]
    tests = [test_in_words(knowledge, leaf) for leaf in path.tests]
    return {
        "title": "; ".join(tests) or "Every patient of this pathway",
        "while": condition_data(knowledge, path.steps[0].rule.when),
        "always": [finding_named(knowledge, name) for name in always],
        "steps": [_step(knowledge, path, number, always) for number in range(len(path.steps))],
    }


def _step(knowledge: Knowledge, path: Path, number: int, always: list[str]) -> Json:
    step = path.steps[number]
    card = step.rule.card
    assert card is not None
    following = path.steps[number + 1] if number + 1 < len(path.steps) else None
    return (
        rule_named(step.rule)
        | _span(step.days)
        | {
            "weeks": _weeks(step.days),
            "says": summary_in_words(step.rule),
            "act": card.act or "",
            "short": card.short or step.rule.title,
            "endsWith": None if following is None else rule_named(following.rule),
            "waitsFor": [finding_named(knowledge, name) for name in step.rule.mentions if name not in always],
        }
    )


def _gate(knowledge: Knowledge, gate: Gate) -> Json:
    card = gate.rule.card
    assert card is not None
    bounded = [span for span in gate.days if span.first or span.until is not None]
    return rule_named(gate.rule) | {
        "kind": card.indicator.value,
        "spans": [_span(span) for span in gate.days],
        "weeks": ", ".join(_weeks(span) for span in bounded) if bounded else "not by time",
        "says": summary_in_words(gate.rule),
        "byTime": bool(bounded),
        "tests": [test_in_words(knowledge, leaf) for leaf in gate.tests],
    }


def _span(span: Span) -> Json:
    return {"first": int(span.first), "until": None if span.until is None else int(span.until)}


def _weeks(span: Span) -> str:
    """``weeks 2 to 4``, or days where a limit is no whole week."""
    if span.until is None:
        return f"from {_moment(span.first)}" if span.first else "at any time"
    if span.until == _YEAR:
        return f"{_moment(span.first)} to one year"
    if span.first % _DAYS_A_WEEK or span.until % _DAYS_A_WEEK:
        return f"day {span.first} to {span.until}"
    return f"weeks {span.first // _DAYS_A_WEEK} to {span.until // _DAYS_A_WEEK}"


def _moment(day: Decimal) -> str:
    return f"day {day}" if day % _DAYS_A_WEEK else f"week {day // _DAYS_A_WEEK}"
