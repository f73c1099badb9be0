"""The playground: a chart and a question in, the cards with their reasons, what was not said, the least change out."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from service.cards.finding_words import amount
from service.decision import Decision
from service.engine.counterfactuals import counterfactuals
from service.engine.trace import Outcome, Result, least_change
from service.finding import Finding, Status
from service.knowledge.model import Knowledge, leaves
from service.knowledge.sentences import title_of
from service.protocol.evaluation import Answered, Services
from service.record.notes import text_of
from service.testkit.report import Report
from service.testkit.stories import Story
from service.web.pages.timeline import timeline_of
from service.web.pages.what_if import changeable
from service.web.pages.words import (
    change_in_words,
    condition_data,
    counterfactual_in_words,
    entry_in_words,
    finding_named,
    rule_named,
    test_in_words,
)

Json = dict[str, Any]
_WHY = "sciatica-cds.why"
_MOST_READ = 12
_MOST_TESTS = 3
_MOST_COUNTERFACTUALS = 4
_FIRST = {
    "egfr-25-and-ibuprofen": "a critical card, with a button that removes the order",
    "cauda-equina-at-night": "a red flag",
    "first-visit-with-spasm": "a first visit: what to ask, what to advise",
    "acupuncture-for-migraine": "a chart that is none of its business",
}
"""Where somebody who has no chart may begin (product choice): one story for each kind of answer."""
_MOST_UNDECIDED = 8
_MOST_NEAR = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What was filled in: a chart as text, the hook, the time, the lists that are whole, the story it came from.

    ``dismissed`` are cards that were set aside, as ``rule|reason``; ``rule`` the one that the chart is an example of.
    """

    chart: str = ""
    hook: str = ""
    now: str = ""
    complete: str = ""
    story: str = ""
    dismissed: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class PlaygroundResult:
    """What came of it: an answer, or what is wrong, or a report about the request.

    ``changed`` are facts as they are to be taken; ``accepted`` is the label of a suggestion that was just carried out.
    """

    answered: Answered | None = None
    faults: tuple[str, ...] = ()
    changed: Mapping[str, Finding] = field(default_factory=dict)
    accepted: str | None = None
    report: Report | None = None
    is_call: bool = False


def playground_page(services: Services, stories: Sequence[Story], asked: Asked, result: PlaygroundResult) -> Json:
    """What was asked, what may be asked, and the answer: None before anything was asked, or where it was refused."""
    hooks = sorted({service.hook for service in services.offered.values()})
    return {
        "asked": {
            "chart": asked.chart,
            "hook": asked.hook,
            "now": asked.now,
            "complete": asked.complete,
            "story": asked.story,
            "dismissed": list(asked.dismissed),
            "rule": asked.rule,
        },
        "stories": [{"id": story.id, "title": story.title} for story in stories],
        "first": [
            {"id": story.id, "title": story.title, "shows": _FIRST[story.id]} for story in stories if story.id in _FIRST
        ],
        "hooks": hooks,
        "faults": list(result.faults),
        "report": None if result.report is None else _report(services.prepared.knowledge, result.report),
        "answer": None if result.answered is None else _answer(services, asked, result, result.answered),
    }


def _report(knowledge: Knowledge, report: Report) -> Json:
    return {
        "errors": report.errors,
        "remarks": [
            {
                "severity": one.severity.value,
                "where": one.path,
                "text": _by_title(knowledge, one.words),
                "part": one.group or "FHIR resources",
            }
            for one in report.issues
        ],
    }


def _by_title(knowledge: Knowledge, words: str) -> str:
    """A note with the titles of facts where it names them by id: before a colon, or in a list behind one."""
    head, colon, tail = words.partition(": ")
    if not colon:
        return words
    if head in knowledge.facts:
        return tail
    listed, more, rest = tail.partition(" and ")
    names = listed.split(", ")
    if not all(name in knowledge.facts for name in names):
        return words
    return f"{head}: {'; '.join(knowledge.facts[name].title for name in names)}{more}{rest}"


def _answer(services: Services, asked: Asked, outcome: PlaygroundResult, answered: Answered) -> Json:
    decision, knowledge = answered.decision, services.prepared.knowledge
    outcomes = {one.rule.id: one for one in decision.outcomes}
    dismissed = dict(one.partition("|")[::2] for one in asked.dismissed)
    cards = [_card(knowledge, card, outcomes, dismissed) for card in answered.body["cards"]]
    said = {rule["id"] for card in cards for rule in card["rules"]}
    unsaid = [one for one in decision.outcomes if one.rule.card is not None and one.rule.id not in said]
    undecided = [one for one in unsaid if one.result is Result.NOT_ENOUGH_DATA]
    undecided.sort(key=lambda one: -one.rule.severity)
    counts = Counter(one.result for one in decision.outcomes)
    return {
        "hook": decision.hook,
        "now": decision.now.isoformat(),
        "rules": len(decision.outcomes),
        "fired": counts[Result.FIRED],
        "notEnoughData": counts[Result.NOT_ENOUGH_DATA],
        "doesNotApply": counts[Result.NOT_MET],
        "accepted": outcome.accepted,
        "example": _traced(knowledge, outcomes[asked.rule]) if asked.rule in outcomes else None,
        "cards": cards,
        "covered": [
            rule_named(one.rule)
            | {"by": rule_named(outcomes[one.suppressed_by].rule) if one.suppressed_by in outcomes else None}
            for one in unsaid
            if one.result is Result.FIRED
        ],
        "undecided": [_stopped(knowledge, one) for one in undecided[:_MOST_UNDECIDED]],
        "undecidedMore": max(0, len(undecided) - _MOST_UNDECIDED),
        "nearly": _nearly(knowledge, unsaid),
        "notAssessed": [knowledge.asks(name) for name in decision.not_assessed],
        "problems": _problems(decision),
        "changeable": changeable(knowledge, decision, outcome.changed),
        "isChanged": bool(outcome.changed),
        "timeline": timeline_of(knowledge, decision),
        "read": _read(knowledge, decision),
        "curl": _curl(services, asked, decision, is_call=outcome.is_call),
    }


def answer_in_words(knowledge: Knowledge, answered: Answered) -> Json:
    """The cards with their reasons, and how many rules came to what, without what the playground adds."""
    outcomes = {outcome.rule.id: outcome for outcome in answered.decision.outcomes}
    counts = Counter(one.result for one in answered.decision.outcomes)
    return {
        "cards": [_card(knowledge, card, outcomes, {}) for card in answered.body["cards"]],
        "rules": len(answered.decision.outcomes),
        "fired": counts[Result.FIRED],
        "notEnoughData": counts[Result.NOT_ENOUGH_DATA],
        "doesNotApply": counts[Result.NOT_MET],
    }


def _card(
    knowledge: Knowledge, card: Mapping[str, Any], outcomes: Mapping[str, Outcome], dismissed: Mapping[str, str]
) -> Json:
    """The card as an EHR draws it, and the rules behind it with what each of their tests came to."""
    rules = [rule["id"] for rule in card.get("extension", {}).get(_WHY, {}).get("rules", ())]
    source = card["source"]
    reasons = card.get("overrideReasons", ())
    # A card without a rule of its own says what was not assessed.
    key = rules[0] if rules else "not-assessed"
    return {
        "key": key,
        "indicator": card["indicator"],
        "summary": card["summary"],
        "detail": card.get("detail", ""),
        "source": {"label": source["label"], "url": source.get("url")},
        "suggestions": [
            {
                "uuid": one["uuid"],
                "label": one["label"],
                "recommended": bool(one.get("isRecommended")),
                "does": [action["description"] for action in one.get("actions", ())],
            }
            for one in card.get("suggestions", ())
        ],
        "overrideReasons": [{"code": one["code"], "display": one["display"]} for one in reasons],
        "dismissed": _reason(dismissed.get(key), reasons),
        "rules": [_traced(knowledge, outcomes[name]) for name in rules if name in outcomes],
    }


def _reason(code: str | None, reasons: Sequence[Mapping[str, Any]]) -> str | None:
    """The reason for which a card was set aside, in words; None where it was not."""
    if code is None:
        return None
    return next((one["display"] for one in reasons if one["code"] == code), "no reason given")


def _traced(knowledge: Knowledge, outcome: Outcome) -> Json:
    """One rule with what became of it, each test with the patient's values, and the least that would alter it."""
    return rule_named(outcome.rule) | {
        "outcome": outcome.result.value,
        "when": condition_data(knowledge, outcome.rule.when, outcome.findings),
        "change": _change(knowledge, outcome),
    }


def _change(knowledge: Knowledge, outcome: Outcome) -> str:
    """Each finding that alone would stop the rule, numbers first; else the fewest tests that would alter it."""
    when, findings = outcome.rule.when, outcome.findings
    alone = [one for one in counterfactuals(when, findings) if one.finding not in knowledge.background]
    alone.sort(key=lambda one: one.limit is None)
    if alone:
        words = (counterfactual_in_words(knowledge, one) for one in alone[:_MOST_COUNTERFACTUALS])
        return f"It would not fire if {' or if '.join(words)}."
    changes = " and ".join(dict.fromkeys(change_in_words(knowledge, one) for one in least_change(when, findings)))
    return f"It would {'not fire' if outcome.result is Result.FIRED else 'fire'} if {changes}."


def _stopped(knowledge: Knowledge, outcome: Outcome) -> Json:
    """A rule that might have been shown, and what of the patient would have to be known."""
    names = list(dict.fromkeys(leaf.finding for leaf in outcome.keeping))
    return rule_named(outcome.rule) | {
        "notKnown": [title_of(knowledge, name) for name in names[:_MOST_TESTS]],
        "more": max(0, len(names) - _MOST_TESTS),
    }


def _nearly(knowledge: Knowledge, unsaid: Sequence[Outcome]) -> list[Json]:
    """Rules that did not apply because of one test alone, while something else that they ask for holds."""
    found = []
    for one in unsaid:
        if one.result is not Result.NOT_MET:
            continue
        stopping = list(dict.fromkeys(one.keeping))
        holds = any(
            one.findings[leaf.finding].status is Status.PRESENT
            for leaf in leaves(one.rule.when)
            if leaf.finding not in knowledge.background and leaf not in stopping
        )
        if len(stopping) == 1 and holds:
            found.append((one, stopping[0]))
    found.sort(key=lambda pair: (not pair[1].is_comparison, -pair[0].rule.severity))
    return [
        rule_named(one.rule) | {"asks": test_in_words(knowledge, leaf), "has": _value(one.findings[leaf.finding])}
        for one, leaf in found[:_MOST_NEAR]
    ]


def _value(finding: Finding) -> str:
    number = amount(finding) if finding.status is Status.PRESENT else None
    return number or {"present": "on record", "absent": "ruled out", "unknown": "not known"}[finding.status.value]


def _read(knowledge: Knowledge, decision: Decision) -> Json:
    """The facts that are present, with value and origin, and how many are absent or not known."""
    facts = [finding for name, finding in decision.findings.items() if name in knowledge.facts]
    counts = Counter(finding.status.value for finding in facts)
    present = [finding for finding in facts if finding.status is Status.PRESENT]
    return {
        "counts": {status.value: counts[status.value] for status in Status},
        "present": [
            finding_named(knowledge, finding.name)
            | {
                "value": amount(finding),
                "from": _origin(finding),
            }
            for finding in present[:_MOST_READ]
        ],
        "more": max(0, len(present) - _MOST_READ),
    }


def _origin(finding: Finding) -> list[str]:
    """The first entry that a fact was read from: its words, its day, its resource."""
    item = next(iter(finding.evidence), None)
    return [] if item is None else [part for part in (entry_in_words(item.text), item.date, item.resource) if part]


def _problems(decision: Decision) -> list[Json]:
    return [{"path": problem.path, "reason": text_of(problem.reason)} for problem in decision.problems]


def _curl(services: Services, asked: Asked, decision: Decision, *, is_call: bool) -> str:
    """The command that asks the service the same; the chart is its file."""
    service = next(one.id for one in services.offered.values() if one.hook == decision.hook)
    query = {} if is_call else {"hook": decision.hook, "now": asked.now, "complete": asked.complete.replace(" ", "")}
    parameters = urlencode({key: value for key, value in query.items() if value}, safe=":,")
    path = f"/cds-services/{service}" if is_call else "/evaluate"
    target = shlex.quote(f"{path}?{parameters}" if parameters else path)
    return f"curl -s -H 'Content-Type: application/json' --data @chart.json {target}"
