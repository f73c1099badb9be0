"""What is stored, line by line as JSON for another system, with every name written out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select

from service.record.notes import text_of
from service.store.database import Database
from service.store.decisions import STATUS_OF_LETTER
from service.store.reading import Reading, StoredDecision, StoredRuleSet
from service.store.stored_notes import note_from
from service.store.tables import card_rules, cards, feedback
from service.store.times import written

Json = dict[str, Any]

_RESULTS = {"f": "fired", "s": "stopped", "u": "not-enough-data"}


def exported_decisions(reading: Reading, since: datetime, until: datetime | None = None) -> Iterator[Json]:
    """The decisions of a period, oldest first."""
    rule_sets: dict[str, StoredRuleSet] = {}
    for stored in reading.decisions(since, until):
        digest = stored.body["ruleset"]
        if digest not in rule_sets:
            rule_sets[digest] = reading.rule_set(digest)
        yield exported(stored, rule_sets[digest])


def exported(stored: StoredDecision, rule_set: StoredRuleSet) -> Json:
    """One decision with the names of its findings and rules."""
    body = dict(stored.body)
    letters = dict(zip(rule_set.findings, body["findings"], strict=True))
    body["findings"] = {
        name: STATUS_OF_LETTER[letter].value for name, letter in letters.items() if letter in STATUS_OF_LETTER
    }
    body["problems"] = [[path, _in_words(reason)] for path, reason in stored.body["problems"]]
    body["details"] = {name: _detail(detail) for name, detail in stored.body["details"].items()}
    body["not_recorded"] = [name for name, letter in letters.items() if letter in "nm"]
    body["not_assessed"] = [name for name, letter in letters.items() if letter in "wv"]
    body["rules"] = [
        {"id": rule, "version": version, "outcome": _RESULTS[letter]}
        for (rule, version), letter in zip(rule_set.rules, stored.body["rules"], strict=True)
        if letter in _RESULTS
    ]
    body["ruleset"] = {"name": rule_set.name, "version": rule_set.version, "digest": rule_set.digest}
    return {"kind": "decision", **body, "ledger": {"writer": stored.writer, "seq": stored.seq, "hash": stored.hash}}


def _detail(detail: Json) -> Json:
    """Number, unit and where a finding is from, with names: resource and date, and our notes in words."""
    document = dict(detail)
    if "notes" in detail:
        document["notes"] = [_in_words(note) for note in detail["notes"]]
    if "from" in detail:
        document["from"] = [_origin_of(*item) for item in detail["from"]]
    return document


def _origin_of(resource: str, date: str | None = None, note: Any = None, words: int = 1) -> Json:
    del words
    given = {"resource": resource, "date": date, "remark": None if note is None else _in_words(note)}
    return {name: value for name, value in given.items() if value is not None}


def _in_words(note: Any) -> str:
    return text_of(note_from(note))


def exported_feedback(database: Database, since: datetime, until: datetime | None = None) -> Iterator[Json]:
    """The feedback received in a period, joined to its card and rules. ``known``: whether the card is stored here."""
    names = ("event", "card", "service", "outcome", "outcome_at", "received_at", "reason", "comment", "issuer")
    period = feedback.c.received_at >= written(since)
    if until is not None:
        period = and_(period, feedback.c.received_at < written(until))
    columns = [*(feedback.c[name] for name in names), cards.c.decision, cards.c.indicator]
    query = select(*columns).join_from(feedback, cards, cards.c.uuid == feedback.c.card, isouter=True)
    rules = select(card_rules.c.rule, card_rules.c.version, card_rules.c.shown)
    with database.reading() as connection:
        for row in connection.execute(query.where(period).order_by(feedback.c.received_at, feedback.c.event)).all():
            body = dict(zip((*names, "decision", "indicator"), row, strict=True))
            its = connection.execute(rules.where(card_rules.c.card == body["card"]).order_by(card_rules.c.rule)).all()
            yield {
                "kind": "feedback",
                **body,
                "known": body["decision"] is not None,
                "rules": [{"id": rule, "version": version, "speaks": bool(shown)} for rule, version, shown in its],
            }
