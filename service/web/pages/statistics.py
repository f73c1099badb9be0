"""The page of figures: what was shown, accepted and overridden of each rule and version; clients; what was unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.knowledge.model import Knowledge
from service.web.pages.decisions import title_of_known

Json = dict[str, Any]
_MOST_RULES = 40
_MOST_FACTS = 25


def statistics_page(
    knowledge: Knowledge, counts: Json, clients: Sequence[Json], unknown: Json, asked: Mapping[str, str]
) -> Json:
    """The figures of the store with the names of rules and facts; ``q`` of the question are words of a rule."""
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
        "versions": _versions(rules),
        "clients": list(clients),
        "notAssessed": {
            "decisions": unknown["decisions"],
            "facts": [
                {"id": one["fact"], "title": title_of_known(knowledge, one["fact"]), "times": one["times"]}
                for one in unknown["facts"][:_MOST_FACTS]
            ],
        },
    }


def rule_figures(knowledge: Knowledge, counts: Json, name: str) -> list[Json]:
    """The figures of one rule, each version for itself, the newest last."""
    return [_rule(knowledge, one) for one in counts["rules"] if one["rule"] == name]


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


def _versions(rules: Sequence[Json]) -> list[Json]:
    """Rules of which more than one version was shown: the newest two, and whether their intervals lie apart."""
    by_rule: dict[str, list[Json]] = {}
    for one in rules:
        by_rule.setdefault(one["id"], []).append(one)
    told = []
    for versions in by_rule.values():
        if len(versions) > 1:
            before, after = sorted(versions, key=lambda one: _number(one["version"]))[-2:]
            told.append({"before": before, "after": after, "apart": _apart(before["interval"], after["interval"])})
    return told


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _apart(first: Sequence[float] | None, second: Sequence[float] | None) -> bool | None:
    """Whether two intervals share no value; None where one of them is not there."""
    if first is None or second is None:
        return None
    return first[1] < second[0] or second[1] < first[0]
