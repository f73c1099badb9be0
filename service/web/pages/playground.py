"""The playground: a chart and a question in, the cards with their reasons, what was not said, the least change out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.decision import Decision
from service.engine.trace import Outcome, Result, least_change
from service.knowledge.model import Knowledge
from service.protocol.evaluation import Answered, Services
from service.testkit.stories import Story
from service.web.pages.words import change_in_words, condition_data, rule_named

Json = dict[str, Any]
_WHY = "sciatica-cds.why"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was filled in: a chart as text, the hook, the time, the lists that are whole, the story it came from."""

    chart: str = ""
    hook: str = ""
    now: str = ""
    complete: str = ""
    story: str = ""


def playground_page(
    services: Services, stories: Sequence[Story], asked: Asked, answered: Answered | None, issues: Sequence[str] = ()
) -> Json:
    """What was asked, what may be asked, and the answer: None before anything was asked, or where it was refused."""
    hooks = sorted({service.hook for service in services.offered.values()})
    return {
        "asked": {
            "chart": asked.chart,
            "hook": asked.hook,
            "now": asked.now,
            "complete": asked.complete,
            "story": asked.story,
        },
        "stories": [{"id": story.id, "title": story.title} for story in stories],
        "hooks": hooks,
        "faults": list(issues),
        "answer": None if answered is None else _answer(services.prepared.knowledge, answered),
    }


def _answer(knowledge: Knowledge, answered: Answered) -> Json:
    decision = answered.decision
    outcomes = {outcome.rule.id: outcome for outcome in decision.outcomes}
    cards = [_card(knowledge, card, outcomes) for card in answered.body["cards"]]
    shown = {rule["id"] for card in cards for rule in card["rules"]}
    unsaid = [one for one in decision.outcomes if one.rule.card is not None and one.rule.id not in shown]
    return {
        "hook": decision.hook,
        "now": decision.now.isoformat(),
        "cards": cards,
        "covered": [_traced(knowledge, one) for one in unsaid if one.result is Result.FIRED],
        "undecided": [_traced(knowledge, one) for one in unsaid if one.result is Result.NOT_ENOUGH_DATA],
        "notMet": [rule_named(one.rule) for one in unsaid if one.result is Result.NOT_MET],
        "notAssessed": [knowledge.asks(name) for name in decision.not_assessed],
        "problems": _problems(decision),
    }


def _card(knowledge: Knowledge, card: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> Json:
    """The card as an EHR draws it, and the rules behind it with what each of their tests came to."""
    rules = [rule["id"] for rule in card.get("extension", {}).get(_WHY, {}).get("rules", ())]
    source = card["source"]
    return {
        "indicator": card["indicator"],
        "summary": card["summary"],
        "detail": card.get("detail", ""),
        "source": {"label": source["label"], "url": source.get("url")},
        "suggestions": [
            {"label": one["label"], "recommended": bool(one.get("isRecommended"))}
            for one in card.get("suggestions", ())
        ],
        "overrideReasons": [one["display"] for one in card.get("overrideReasons", ())],
        "rules": [_traced(knowledge, outcomes[name]) for name in rules if name in outcomes],
    }


def _traced(knowledge: Knowledge, outcome: Outcome) -> Json:
    """One rule with what became of it, each test with the patient's values, and the least that would alter it."""
    changes = least_change(outcome.rule.when, outcome.findings)
    fired = outcome.result is Result.FIRED
    text = " and ".join(dict.fromkeys(change_in_words(knowledge, change) for change in changes))
    return rule_named(outcome.rule) | {
        "outcome": outcome.result.value,
        "coveredBy": outcome.suppressed_by,
        "when": condition_data(knowledge, outcome.rule.when, outcome.findings),
        "change": f"It would {'not fire' if fired else 'fire'} if {text}.",
    }


def _problems(decision: Decision) -> list[Json]:
    return [{"path": problem.path, "reason": problem.reason} for problem in decision.problems]
