"""The page of a comparison: what a change of rules means for patients, before and after, with an example for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from service.knowledge.model import Knowledge
from service.web.comparing import State

Json = dict[str, Any]


def titles_of(knowledge: Knowledge) -> dict[str, str]:
    """The titles of the rules of a rule set by id."""
    return {rule.id: rule.title for rule in (*knowledge.rules, *knowledge.retired)}


def compare_page(
    choices: Sequence[Json], asked: Mapping[str, str], state: State, titles: Mapping[str, str], *, waiting: bool
) -> Json:
    """What may be compared, what was asked, and the report where there is one. The report is that of ``compare``.

    ``titles`` are those of rules by id; a rule of another set that is not there keeps its id.
    """
    return {
        "choices": list(choices),
        "question": {"before": asked.get("before", ""), "after": asked.get("after", "")},
        "waiting": waiting,
        "fault": state.fault,
        "report": None if state.report is None else _readable(state.report),
        "titles": {} if state.report is None else _titles(state.report, titles),
    }


def _titles(report: Json, titles: Mapping[str, str]) -> Json:
    """What the rules are called that the report only names by id."""
    cards, conclusions = report["cards"], report["conclusions"]
    named = {name for one in cards for name in one.get("family", ())}
    named |= {name for one in conclusions for name in one.get("cards", ())} | set(report["toReviewAgain"])
    for one in (*cards, *conclusions):
        for difference in one["differences"]:
            sides = (difference["witness"].get(side, ()) for side in ("before", "after"))
            named |= {card["rule"] for side in sides for card in side}
    return {name: titles.get(name, name) for name in sorted(named)}


def _readable(report: Json) -> Json:
    """The report with the charts of its examples as text, the ranges of its numbers, and what to read first."""
    cards = [_rule(one) for one in report["cards"]]
    conclusions = [
        one | {"differences": [_difference(difference) for difference in one["differences"]]}
        for one in report["conclusions"]
    ]
    concluding = [_rule(one) for one in report["concludingRules"]]
    readable = report | {"cards": cards, "conclusions": conclusions, "concludingRules": concluding}
    return readable | {"readFirst": _read_first(cards)}


def _rule(one: Json) -> Json:
    return one | {"differences": [_difference(difference) for difference in one["differences"]]}


def _difference(one: Json) -> Json:
    witness = one["witness"]
    chart = witness.get("chart")
    patient: Json = {key: value for key, value in witness.items() if key not in ("chart", "findings")}
    if chart is not None:
        patient["chart"] = {
            "text": orjson.dumps(chart["bundle"], option=orjson.OPT_INDENT_2).decode(),
            "complete": ", ".join(chart["complete"]),
            "now": chart["now"],
            "hook": chart.get("hook", "patient-view"),
            "unmet": chart["unmet"],
        }
    ranges = [
        {"title": term["title"], "unit": term.get("unit", ""), "spans": term["spans"]}
        for term in one["terms"]
        if term.get("spans")
    ]
    return {key: value for key, value in one.items() if key != "terms"} | {"witness": patient, "ranges": ranges}


def _read_first(cards: Sequence[Json]) -> list[str]:
    """Which changes matter most: critical cards that others see than before, then warnings that are no longer shown."""
    lines = []
    for indicator, direction, words in (
        ("critical", "no longer shown", "a critical card is no longer shown for some patients"),
        ("critical", "shown newly", "a critical card is shown for more patients"),
        ("warning", "no longer shown", "a warning is no longer shown for some patients"),
    ):
        count = sum(
            indicator in one["indicator"].values()
            and any(difference["direction"] == direction for difference in one["differences"])
            for one in cards
        )
        if count:
            lines.append(words if count == 1 else f"{words} ({count} rules)")
    return lines
