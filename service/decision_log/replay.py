"""Replay: decide again from what was stored, under the rule set that was in use, and compare the cards byte for byte.

What is compared are cards in which the words of the record, ids of resources, the patient and the visit are redacted,
on both sides: the store does not hold these. All else of a card is compared to the byte, by digests of its parts.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from service.cards.cards import Audience, render_with_markers, shown_cards
from service.cards.not_assessed import Lacking
from service.cards.orders import Drafts, Ordering
from service.cards.repetition import without_repeated
from service.cards.suggestions import Acting
from service.decision import Decision, Prepared, decide_on, prepare
from service.decision.gate import Gate
from service.decision_log.recording import REDACTED_ENCOUNTER, REDACTED_PATIENT, redacted_acting, stored_cards
from service.engine.trace import Result
from service.errors import IssuesError, NotFoundError, ServiceError, StoreError
from service.knowledge.allowed_rules import wholly_approved
from service.protocol.discovery import linted_templates
from service.protocol.evaluation import Services
from service.record.input.prefetch_templates import Template
from service.record.model import NOTHING_UNREAD, Completeness, Unread
from service.record.releases.fhir_classes import Release
from service.store.archive import files_in, write_files
from service.store.decisions import StoredCard, facts_of, is_skipped, shown_of
from service.store.reading import Reading, StoredDecision, StoredRuleSet

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of deciding again: the cards as they are rendered from what was stored, and every difference."""

    id: str
    cards: tuple[Json, ...]
    differences: tuple[str, ...]
    decision: Decision | None = None

    @property
    def same(self) -> bool:
        """Whether nothing differed."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A rule set of the past, ready to decide."""

    stored: StoredRuleSet
    prepared: Prepared
    drafts: Drafts
    templates: Mapping[str, tuple[Template, ...]]
    approved: frozenset[str]


class Replayer:
    """Decides stored decisions again. Rule sets are loaded once each.

    ``running`` are the services of this process: decisions under their rule set need no loading.
    """

    def __init__(self, reading: Reading, running: Services | None = None) -> None:
        self._reading = reading
        self._running = running
        self._loaded: dict[str, _Loaded | str] = {}

    def is_quick(self, digest: str) -> bool:
        """Whether decisions under this rule set can be made again without loading it."""
        running = self._running
        if running is None:
            return digest in self._loaded
        return digest in self._loaded or running.prepared.knowledge.digest == digest

    def replay(self, stored: StoredDecision) -> Replayed:
        """Decide one again. Never raises for what is wrong with the decision or its rule set: that is a difference."""
        loaded = self._rule_set(stored.body["ruleset"])
        if isinstance(loaded, str):
            return Replayed(stored.id, (), (loaded,))
        try:
            return _again(stored, loaded)
        except (ServiceError, KeyError, ValueError, IndexError) as error:
            text = str(error) if isinstance(error, ServiceError) else type(error).__name__
            return Replayed(stored.id, (), (f"what was stored cannot be decided on: {text}",))

    def _rule_set(self, digest: str) -> _Loaded | str:
        if digest not in self._loaded:
            try:
                stored = self._reading.rule_set(digest)
                self._loaded[digest] = _load(stored) if self._running is None else _running(stored, self._running)
            except NotFoundError:
                self._loaded[digest] = f"the rule set {digest[:12]} is not stored"
            except IssuesError as error:
                first = error.issues[0] if error.issues else ""
                self._loaded[digest] = f"this program cannot load the rule set {digest[:12]}: {first}"
            except StoreError as error:
                self._loaded[digest] = str(error)
        return self._loaded[digest]


def _again(stored: StoredDecision, loaded: _Loaded) -> Replayed:
    body, knowledge = stored.body, loaded.prepared.knowledge
    if is_skipped(body):
        return Replayed(stored.id, (), tuple(_gate_differences(body, loaded.prepared.gates[body["hook"]])))
    facts = facts_of(body, loaded.stored.findings, knowledge.facts)
    now = datetime.fromisoformat(body["now"])
    unread = Unread(*body["unread"]) if "unread" in body else NOTHING_UNREAD
    identity = uuid.UUID(body["id"])
    decision = decide_on(loaded.prepared, facts, body["hook"], now, decision_id=identity, unread=unread)
    decision = without_repeated(decision, shown_of(body))
    audience = _audience(body, loaded)
    acting, lacking = _acting_of(body, loaded, decision), _lacking(body, loaded)
    rendered = render_with_markers(knowledge, decision, audience, acting, lacking)
    again = stored_cards(rendered, decision, why=audience.why)
    differences = [*_rule_differences(body, decision, loaded.stored), *_card_differences(body, again)]
    cards = shown_cards(rendered, audience)
    return Replayed(stored.id, tuple(cards), tuple(differences), decision)


def _running(stored: StoredRuleSet, services: Services) -> _Loaded:
    """The rule set of this process where it is the one that was stored, else the one that was stored, loaded."""
    knowledge = services.prepared.knowledge
    if knowledge.digest != stored.digest or services.offered.keys() != knowledge.services.keys():
        return _load(stored)
    return _Loaded(stored, services.prepared, services.drafts, services.templates, wholly_approved(knowledge))


def _gate_differences(body: Json, gate: Gate) -> Iterator[str]:
    """What of a call that the gate let pass is not so under the rule set that was in use.

    No findings were stored of it; what is held against the rules is that nothing could be said whatever they were.
    """
    lists = {name: Completeness(state) for name, state in body["gate"]["lists"].items()}
    if gate.digest != body["gate"]["digest"]:
        yield "the gate that let it pass is not the one of this rule set"
    elif not gate.depends_on(lists):
        yield "the gate is shut for lists that came so"
    if body["cards"]:
        yield "the gate let it pass and a card was shown"


def _load(stored: StoredRuleSet) -> _Loaded:
    from service.knowledge.loader import load

    if stored.archive is None:
        raise StoreError(f"the files of rule set {stored.digest[:12]} are not stored")
    with tempfile.TemporaryDirectory(prefix="sciatica-cds-") as name:
        folder = Path(name) / "rules"
        write_files(files_in(stored.archive), folder)
        knowledge = load(folder, stored.settings)
    if knowledge.digest != stored.digest:
        raise StoreError(f"the stored files give rule set {knowledge.digest[:12]}, not {stored.digest[:12]}")
    templates = linted_templates(knowledge, knowledge.services)
    return _Loaded(stored, prepare(knowledge), Drafts(knowledge), templates, wholly_approved(knowledge))


def _audience(body: Json, loaded: _Loaded) -> Audience:
    service = loaded.prepared.knowledge.services[body["service"]]
    only = loaded.approved if body["approved_only"] else None
    return Audience(service, body["for_patient"], body["why"], only, body["full"], body["public_url"])


def _acting_of(body: Json, loaded: _Loaded, decision: Decision) -> Acting:
    ordering = Ordering(
        Release(body["release"]),
        REDACTED_PATIENT if body["patient"] else None,
        REDACTED_ENCOUNTER if body["encounter"] else None,
        decision.now,
    )
    return redacted_acting(Acting(loaded.drafts, ordering, frozenset()), dict(body["orders"]))


def _lacking(body: Json, loaded: _Loaded) -> Lacking:
    templates = loaded.templates[body["service"]]
    absent, part = ([one for one in templates if one.key in body[name]] for name in ("missing", "partly"))
    return Lacking(absent, part, body["prefetch"].get("failed", ()))


def _rule_differences(body: Json, decision: Decision, rule_set: StoredRuleSet) -> list[str]:
    before = {rule for (rule, _), letter in zip(rule_set.rules, body["rules"], strict=True) if letter == "f"}
    now = {outcome.rule.id for outcome in decision.outcomes if outcome.result is Result.FIRED}
    differences = [f"rule {rule} fired then and does not now" for rule in sorted(before - now)]
    return differences + [f"rule {rule} fires now and did not then" for rule in sorted(now - before)]


def _card_differences(body: Json, again: list[StoredCard]) -> list[str]:
    before = {card["uuid"]: card for card in body["cards"]}
    now = {card.uuid: card for card in again}
    differences = [
        f"{_named(before[key]['rules'])} was shown then and is not now" for key in before.keys() - now.keys()
    ]
    differences += [f"{_named(now[key].rules)} is shown now and was not then" for key in now.keys() - before.keys()]
    for key in before.keys() & now.keys():
        old, new = before[key]["parts"], now[key].parts
        parts = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        if parts:
            differences.append(f"{_named(before[key]['rules'])} differs in {', '.join(parts)}")
    if not differences and list(before) != list(now):
        differences.append("the cards stand in another order")
    return sorted(differences)


def _named(rules: Any) -> str:
    return f"the card of {', '.join(rule[0] for rule in rules) or 'what was not assessed'}"
