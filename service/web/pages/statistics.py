"""The page of figures: what was shown, accepted and overridden of each rule and version; clients; what was unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.knowledge.model import Knowledge
from service.web.pages.decisions import title_of_known

Json = dict[str, Any]
_MOST_RULES = 40
_MOST_FACTS = 25
_MOST_CODES = 10


@dataclass(frozen=True, slots=True)
class Counted:
    """What the store counted: ``/stats``, versions before and after, by client, what was not known, and the radar."""

    stats: Json
    versions: Sequence[Json]
    clients: Sequence[Json]
    unknown: Json
    radar: Json


def statistics_page(knowledge: Knowledge, counted: Counted, asked: Mapping[str, str]) -> Json:
    """The figures of the store with the names of rules and facts; ``q`` of the question are words of a rule."""
    counts = counted.stats
    words = asked.get("q", "").strip()[:60]
    rules = [_rule(knowledge, one) for one in counts["rules"]]
    found = [
        one for one in rules if all(word in f"{one['id']} {one['title']}".lower() for word in words.lower().split())
    ]
    found.sort(key=lambda one: (-one["shown"], one["id"], one["version"]))
    return {
        "q": words,
        "decisions": counts["decisions"],
        "cards": counts["cards"],
        "reports": counts["feedback"]["reports"],
        "unknownCards": counts["feedback"]["unknown_cards"],
        "rules": found[:_MOST_RULES],
        "rulesInAll": len(found),
        "versions": _versions(rules, counted.versions),
        "clients": list(counted.clients),
        "notAssessed": {
            "decisions": counted.unknown["decisions"],
            "facts": [
                {"id": one["fact"], "title": title_of_known(knowledge, one["fact"]), "times": one["times"]}
                for one in counted.unknown["facts"][:_MOST_FACTS]
            ],
        },
        "radar": _radar(counted.radar),
    }


def rule_figures(knowledge: Knowledge, counts: Sequence[Json], versions: Sequence[Json]) -> Json:
    """What became of the cards of one rule, by version: for its own page."""
    rows = [_rule(knowledge, one) for one in counts]
    return {"rules": rows, "versions": _versions(rows, versions)}


def _rule(knowledge: Knowledge, one: Json) -> Json:
    rule = next((other for other in (*knowledge.rules, *knowledge.retired) if other.id == one["rule"]), None)
    reasons = knowledge.override_reasons
    return {
        "id": one["rule"],
        "title": one["rule"] if rule is None else rule.title,
        "indicator": None if rule is None or rule.card is None else rule.card.indicator.value,
        "isKnown": rule is not None,
        "version": one["version"],
        "shown": one["shown"],
        "accepted": one["accepted"],
        "overridden": one["overridden"],
        "answered": one["accepted"] + one["overridden"],
        "overrideRate": one["override_rate"],
        "interval": one["override_interval_95"],
        "nearlyAlways": one["nearly_always_overridden"],
        "reasons": [
            {"reason": reasons[code].display if code in reasons else code, "times": times}
            for code, times in sorted(one["reasons"].items(), key=lambda pair: -pair[1])
        ],
    }


def _versions(rules: Sequence[Json], versions: Sequence[Json]) -> list[Json]:
    """Versions of a rule beside the one before, with the difference of their shares and its interval."""
    known = {one["id"]: one for one in rules}
    return [
        {name: known[pair["rule"]][name] for name in ("id", "title", "indicator", "isKnown")}
        | {
            side: {
                "version": pair[side]["version"],
                "shown": pair[side]["shown"],
                "overrideRate": pair[side]["override_rate"],
                "interval": pair[side]["override_interval_95"],
            }
            for side in ("before", "after")
        }
        | {"difference": pair["difference"], "interval": pair["difference_interval_95"]}
        for pair in versions
    ]


def _radar(report: Json) -> Json:
    """The alarms, those that go on first, and of each client what nothing reads."""
    return {
        "asOf": report["as_of"],
        "days": report["days"],
        "alarms": [
            {
                "client": one["client"],
                "title": one["title"],
                "says": one["says"],
                "goesOn": one["ended"] is None,
                "before": one["before"],
                "now": one["now"],
                "calls": one["calls"],
                "also": one["also"],
                "lines": one["cause"]["site_codes"],
            }
            for one in sorted(report["alarms"], key=lambda one: one["ended"] is not None)
        ],
        "clients": [
            {
                "client": one["client"],
                "calls": sum(one["calls"].values()),
                "unread": [
                    {"type": code["type"], "code": code["code"], "display": code["display"], "calls": code["calls"]}
                    for code in one["unread"][:_MOST_CODES]
                ],
            }
            for one in report["clients"]
        ],
    }
