"""The pages of stored decisions, for an auditor: which there are, and of one all that was found, said and answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from service.cards.finding_words import unit_in_words
from service.decision_log.replay import Replayed
from service.knowledge.model import Knowledge
from service.knowledge.sentences import title_of
from service.store.decisions import is_skipped
from service.store.exports import exported
from service.store.listing import Wanted
from service.store.proof import Proof
from service.store.reading import StoredDecision, StoredRuleSet
from service.web.pages.addresses import question_in

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredPage:
    """One decision with all that is stored about it. ``again`` is None where it was not decided again."""

    decision: StoredDecision
    rule_set: StoredRuleSet
    feedback: Mapping[str, list[Json]]
    proof: Proof | None
    again: Replayed | None


def wanted_of(query: Mapping[str, str]) -> Wanted:
    """The question in the query of an address."""
    return question_in(query, Wanted, longest=40)


def decisions_page(
    knowledge: Knowledge, wanted: Wanted, found: tuple[list[Json], str | None], hooks: list[str]
) -> Json:
    """The decisions that a question leaves, the newest first."""
    rows, before = found
    return {
        "question": {one.name: getattr(wanted, one.name) for one in fields(Wanted)},
        "hooks": hooks,
        "rules": _choices(knowledge, wanted.rule),
        "decisions": [
            row | {"rules": [_rule(knowledge, name) for name in row["rules"]], "moment": moment_in_words(row["at"])}
            for row in rows
        ],
        "before": before,
    }


def decision_page(knowledge: Knowledge, stored: StoredPage) -> Json:
    """One decision: the call, the cards as shown and what became of them, what was found, proof, and replay."""
    row = exported(stored.decision, stored.rule_set)
    texts = {} if stored.again is None else {card["uuid"]: card for card in stored.again.cards}
    counts = Counter(row["findings"].values())
    return {
        "id": row["id"],
        "at": row["at"],
        "moment": moment_in_words(row["at"]),
        "hook": row["hook"],
        "service": row["service"],
        "issuer": row["issuer"],
        "forPatient": row["for_patient"],
        "ruleSet": row["ruleset"],
        "sameRules": row["ruleset"]["digest"] == knowledge.digest,
        "milliseconds": round(row["microseconds"] / 1000, 1),
        # Shown by the gate that there was nothing to say: the engines were not asked, and no findings are stored.
        "isSkipped": is_skipped(stored.decision.body),
        "missing": row["missing"],
        "partly": row["partly"],
        "problems": row["problems"],
        "problemCount": row["problem_count"],
        "cards": [_card(knowledge, card, texts.get(card["uuid"]), stored.feedback) for card in row["cards"]],
        "fired": [_fired(knowledge, rule, row["covered"]) for rule in row["rules"] if rule["outcome"] == "fired"],
        "outcomes": dict(sorted(Counter(rule["outcome"] for rule in row["rules"]).items())),
        "counts": {status: counts[status] for status in ("present", "absent", "unknown")},
        "found": [
            _found(knowledge, name, row["details"].get(name, {}))
            for name, status in row["findings"].items()
            if status == "present" and (name in knowledge.facts or name in row["details"])
        ],
        "notRecorded": [title_of_known(knowledge, name) for name in row["not_recorded"]],
        "notAssessed": [title_of_known(knowledge, name) for name in row["not_assessed"]],
        "proof": None if stored.proof is None else _proof(stored.proof),
        "replay": None
        if stored.again is None
        else {"same": stored.again.same, "differences": list(stored.again.differences)},
    }


def _fired(knowledge: Knowledge, rule: Json, covered: Mapping[str, str]) -> Json:
    """A rule that fired, and the one that is shown in its place, if any."""
    by = covered.get(rule["id"])
    return _rule(knowledge, rule["id"]) | {
        "version": rule["version"],
        "coveredBy": None if by is None else _rule(knowledge, by),
    }


def _choices(knowledge: Knowledge, asked: str) -> list[Json]:
    """The rules with a card, by title, and the one that is asked for where this rule set has it no more."""
    choices = [{"id": rule.id, "title": rule.title} for rule in knowledge.rules if rule.card is not None]
    if asked and all(one["id"] != asked for one in choices):
        choices.append({"id": asked, "title": asked})
    return sorted(choices, key=lambda one: one["title"].lower())


def _card(knowledge: Knowledge, card: Json, text: Json | None, feedback: Mapping[str, list[Json]]) -> Json:
    reasons = knowledge.override_reasons
    return {
        "uuid": card["uuid"],
        "indicator": card["indicator"],
        "summary": None if text is None else text["summary"],
        "detail": None if text is None else text.get("detail", ""),
        "rules": [
            _rule(knowledge, rule) | {"version": version, "speaks": bool(shown)}
            for rule, version, shown in card["rules"]
        ],
        "feedback": [
            {
                "outcome": report["outcome"],
                "moment": moment_in_words(report["outcome_at"]),
                "reason": reasons[report["reason"]].display if report["reason"] in reasons else report["reason"],
                "comment": report["comment"],
            }
            for report in feedback.get(card["uuid"], ())
        ],
    }


def _rule(knowledge: Knowledge, name: str) -> Json:
    """A rule by its title where this rule set has it; an old one by its id."""
    rule = next((one for one in (*knowledge.rules, *knowledge.retired) if one.id == name), None)
    if rule is None:
        return {"id": name, "title": name, "indicator": None, "isKnown": False}
    indicator = None if rule.card is None else rule.card.indicator.value
    return {"id": name, "title": rule.title, "indicator": indicator, "isKnown": True}


def title_of_known(knowledge: Knowledge, name: str) -> str:
    """The title of a finding where this rule set has it, else its id."""
    is_known = name in knowledge.facts or name in knowledge.conclusions
    return title_of(knowledge, name) if is_known else name


def _found(knowledge: Knowledge, name: str, detail: Json) -> Json:
    unit = detail.get("unit")
    value = detail.get("value")
    if value is None:
        bounds = [
            f"{word} {_short(detail[key])}" for key, word in (("low", "at least"), ("high", "at most")) if key in detail
        ]
        value = " and ".join(bounds) or None
    else:
        value = _short(value)
    in_words = None if value is None else f"{value} {unit_in_words(unit) if unit else ''}".strip()
    return {
        "id": name,
        "title": title_of_known(knowledge, name),
        "isKnown": name in knowledge.facts,
        "value": in_words,
        "from": [
            " ".join(part for part in (item.get("resource"), item.get("date"), item.get("remark")) if part)
            for item in detail.get("from", ())
        ],
    }


def _short(number: str) -> str:
    """A number with at most two decimal places."""
    whole, _, decimals = number.partition(".")
    return f"{whole}.{decimals[:2]}".rstrip("0").rstrip(".") if decimals else whole


def _proof(proof: Proof) -> Json:
    return {
        "writer": proof.writer,
        "seq": proof.seq,
        "hash": proof.hash,
        "key": proof.key,
        "isWhole": proof.is_whole,
        "follows": proof.follows,
        "isFollowed": proof.is_followed,
        "checkpoint": None
        if proof.checkpoint is None
        else {"number": proof.checkpoint[0], "moment": moment_in_words(proof.checkpoint[1])},
    }


def moment_in_words(at: str) -> str:
    """``2026-11-24 09:00 UTC`` of a time as the store writes it."""
    return f"{at[:10]} {at[11:16]} UTC"
