"""The chart in time: every entry that a fact was read from, by kind, and how far back the facts that decide look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from service.decision import Decision
from service.engine.trace import Result
from service.finding import Status
from service.knowledge.model import FactDefinition, Knowledge, leaves
from service.web.pages.words import entry_in_words

Json = dict[str, Any]
_LANES: Mapping[str, str] = {
    "Condition": "Problems",
    "FamilyMemberHistory": "Problems",
    "AllergyIntolerance": "Problems",
    "MedicationRequest": "Drugs",
    "MedicationStatement": "Drugs",
    "MedicationDispense": "Drugs",
    "MedicationAdministration": "Drugs",
    "Encounter": "Visits",
    "Appointment": "Visits",
    "ImagingStudy": "Imaging, procedures",
    "DiagnosticReport": "Imaging, procedures",
    "Procedure": "Imaging, procedures",
    "ServiceRequest": "Orders, referrals",
    "Observation": "Results, scores",
    "QuestionnaireResponse": "Answers",
}
_OTHERS = "Others"
_MOST_WINDOWS = 6
_MOST_IN_LANE = 14


def timeline_of(knowledge: Knowledge, decision: Decision) -> Json:
    """Lanes with what stands in them, by day; windows of the facts that cards depend on; the day of the decision."""
    today = decision.now.date()
    entries = _entries(knowledge, decision)
    lanes: dict[str, list[Json]] = {}
    for entry in entries:
        kind = _LANES.get(entry["resource"].partition("/")[0], _OTHERS)
        lanes.setdefault(kind, []).append(entry)
    order = [*dict.fromkeys(_LANES.values()), _OTHERS]
    return {
        "title": "The chart in time, as it was read",
        "today": today.isoformat(),
        "lanes": [
            {"title": name, "entries": _newest(lanes[name]), "more": max(0, len(lanes[name]) - _MOST_IN_LANE)}
            for name in order
            if name in lanes
        ],
        "windows": _windows(knowledge, decision),
    }


def _entries(knowledge: Knowledge, decision: Decision) -> list[Json]:
    """Each dated entry once, with its words, its day and how many days ago that was."""
    found: dict[tuple[str, str], Json] = {}
    for name in knowledge.facts:
        finding = decision.findings.get(name)
        if finding is None or finding.status is not Status.PRESENT:
            continue
        for item in finding.evidence:
            day = _day(item.date)
            if day is None or item.resource.startswith("Patient/"):
                continue
            key = item.resource, day.isoformat()
            entry = found.setdefault(
                key,
                {
                    "resource": item.resource,
                    "text": entry_in_words(item.text) or knowledge.facts[name].title,
                    "day": day.isoformat(),
                    "daysAgo": (decision.now.date() - day).days,
                },
            )
            in_words = entry_in_words(item.text)
            if in_words and len(in_words) < len(entry["text"]):
                entry["text"] = in_words
    return sorted(found.values(), key=lambda entry: (entry["daysAgo"], entry["text"]))


def _newest(entries: list[Json]) -> list[Json]:
    return sorted(entries, key=lambda entry: int(entry["daysAgo"]))[:_MOST_IN_LANE]


def _day(text: str | None) -> date | None:
    """The day of a date as recorded; of a month or a year its first."""
    if not text:
        return None
    padded = text[:10] + "-01-01"[len(text[:10]) - 4 :] if len(text) in (4, 7) else text[:10]
    try:
        return datetime.fromisoformat(padded).date()
    except ValueError:
        return None


def _windows(knowledge: Knowledge, decision: Decision) -> list[Json]:
    """How far back the facts look on which the cards depend, the shortest first."""
    names = dict.fromkeys(
        leaf.finding
        for one in decision.outcomes
        if one.result is Result.FIRED and one.rule.card is not None
        for leaf in leaves(one.rule.when)
        if leaf.finding in knowledge.facts
    )
    windows = [
        {"title": knowledge.facts[name].title, "days": days}
        for name in names
        if (days := _looks_back(knowledge.facts[name])) is not None
    ]
    return sorted(windows, key=_days)[:_MOST_WINDOWS]


def _days(window: Json) -> int:
    return int(window["days"])


def _looks_back(fact: FactDefinition) -> int | None:
    days: Iterable[Any] = [fact.look_back_days, fact.within_days, *(source.within_days for source in fact.sources)]
    known = [int(one) for one in days if one is not None]
    return max(known) if known else None
