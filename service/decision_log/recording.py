"""What is recorded of an answered call: handed to the store before the answer leaves.

Cards are stored as digests of their parts, with everything redacted that the store may not hold. Replay renders the
same cards from what is stored.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from service.cards.card_ids import id_of
from service.cards.cards import WHY
from service.cards.redaction import FULL, redacted_json
from service.cards.redaction import redacted as without_quotes
from service.cards.repetition import grounds
from service.cards.suggestions import Acting
from service.decision import Decision
from service.decision_log.feedback import StoredFeedback
from service.errors import StoreError
from service.knowledge.model import Knowledge
from service.logs import logger
from service.protocol.evaluation import Answered, Services
from service.record.model import Entry
from service.record.sent_codes import SentCodes
from service.store.decisions import Circumstances, StoredCard, decision_body, rule_set_of
from service.store.keys import Keyring
from service.store.redaction import WORDS, Redactor, is_storable_date
from service.store.rule_sets import RuleSet
from service.store.store import Store

Json = dict[str, Any]

# What stands in place of the patient and the visit in a draft order.
REDACTED_PATIENT = "patient"
REDACTED_ENCOUNTER = "encounter"
_DIGITS = 16
_LOOK_AGAIN = 10_000
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Known:
    """What calls under one rule set need to be recorded, made once.

    ``passed`` are the calls since codes were last counted, ``look_again`` is when they are counted next.
    """

    rule_set: RuleSet
    redactor: Redactor
    keyring: Keyring
    knowledge: Knowledge
    codes: SentCodes
    passed: int = 0
    look_again: float = 0.0


@dataclass
class DecisionLog:
    """Stores answered calls in a store. Safe for threads.

    With ``required`` a call that cannot be stored is not answered; else it is, and the log and ``/health`` say so:
    ``not_stored`` counts those of this process.
    """

    store: Store
    required: bool = False
    not_stored: int = 0
    _failing: str | None = None
    _known: dict[str, Known] = field(default_factory=dict)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, services: Services, answered: Answered, issuer: str | None, seconds: float) -> None:
        """Store one call. Raises StoreError when it cannot be stored and must be."""
        try:
            known = self._of(services)
            body = stored_body(answered, known, issuer, seconds)
            # Before the row, so that the thread that drains the spool finds the codes of the call too.
            self._count_codes(known, answered, body)
            self.store.append("decision", body, known.rule_set)
            self._failing = None
        except Exception as error:  # noqa: BLE001  # a mistake of ours here must not cost a clinician the answer
            # The text of any other error may quote the record.
            text = str(error) if isinstance(error, StoreError) else type(error).__name__
            with self._mutex:
                self.not_stored += 1
            self._failing = f"calls are not stored: {text}"
            if self.required:
                raise StoreError(f"decision {answered.decision.id} was not stored: {text}") from None
            logger().error("decision not stored", decision=answered.decision.id, error=text)

    def _count_codes(self, known: Known, answered: Answered, body: Json) -> None:
        """Count the codes of the record, and units that nothing reads.

        Looking takes a part of a millisecond, and may take a ten-thousandth of the time: under load some records are
        passed over, and the next one counts for them too.
        """
        known.passed += 1
        began = time.perf_counter()
        if answered.record is None or body["patient"] is None or began < known.look_again:
            return
        day, codes = body["at"][:10], known.codes.of(answered.record)
        self.store.saw(day, body["issuer"], body["patient"]["hash"], codes, known.passed)
        known.passed = 0
        ended = time.perf_counter()
        known.look_again = ended + _LOOK_AGAIN * (ended - began)

    def state(self) -> Json:
        """How the store is, for ``/health``: whether the database can be reached, what waits for it, what was lost."""
        unreachable = self.store.reachability.failure()
        body: Json = {"reachable": unreachable is None, "waiting_bytes": self.store.waiting_bytes()}
        body["not_kept"] = self.not_stored
        fault = self._failing or self.store.failure or unreachable
        return body if fault is None else body | {"fault": fault}

    def feedback(self, services: Callable[[], Services]) -> StoredFeedback:
        """Where feedback goes; reasons are those of the rules in use."""
        return StoredFeedback(self.store, lambda: services().prepared.knowledge.override_reasons)

    def _of(self, services: Services) -> Known:
        knowledge = services.prepared.knowledge
        with self._mutex:
            if knowledge.digest not in self._known:
                rule_set = rule_set_of(knowledge, services.archive)
                redactor = Redactor(knowledge, self.store.keyring)
                sent = SentCodes(services.prepared.derivation.matcher)
                self._known[knowledge.digest] = Known(rule_set, redactor, self.store.keyring, knowledge, sent)
            return self._known[knowledge.digest]


def stored_body(answered: Answered, known: Known, issuer: str | None, seconds: float) -> Json:
    """The body of the row that stores a hook call."""
    shown, call = answered.shown, answered.call
    assert shown is not None
    assert call is not None
    redactor, ordering = known.redactor, shown.acting.ordering
    limited = _limited(answered.body["cards"])
    orders = {redactor.reference(name): name in limited for name in sorted(shown.acting.deletable)}
    about = Circumstances(
        service=shown.audience.service.id,
        hook_instance=call.hook_instance.lower() if _UUID.fullmatch(call.hook_instance.lower()) else None,
        issuer=issuer,
        patient=known.keyring.patient(call.patient_id),
        patient_key=known.keyring.current,
        for_patient=shown.audience.for_patient,
        release=ordering.release.value,
        encounter=ordering.encounter_id is not None,
        orders=tuple(orders.items()),
        missing=tuple(template.key for template in shown.lacking.absent),
        partly=tuple(template.key for template in shown.lacking.partly),
        arrived=answered.states,
        approved_only=shown.audience.allowed_rule_ids is not None,
        why=shown.audience.why,
        full=shown.audience.full,
        public_url=shown.audience.public_url,
        grounds=grounds(known.knowledge, answered.decision.advice, known.keyring.resource),
        microseconds=round(seconds * 1e6),
    )
    decision = answered.decision
    cards = stored_cards(shown.cards, decision, why=shown.audience.why)
    return decision_body(decision, redactor, known.rule_set, about, cards)


def redacted_acting(acting: Acting, orders: Mapping[str, bool]) -> Acting:
    """The same with the patient and the visit redacted, and redacted draft orders."""
    ordering = acting.ordering
    redacted = replace(
        ordering,
        patient_id=None if ordering.patient_id is None else REDACTED_PATIENT,
        encounter_id=None if ordering.encounter_id is None else REDACTED_ENCOUNTER,
    )
    stand_ins = {name: _stand_in(name) for name, changed in orders.items() if changed}
    return Acting(acting.drafts, redacted, frozenset(orders), stand_ins)


def _stand_in(reference: str) -> Entry:
    """A draft order that stands for one that the answer offers to change: it can be changed as that one could."""
    kind, _, hashed = reference.partition("/")
    subject = {"reference": f"Patient/{REDACTED_PATIENT}"}
    resource: Json = {"resourceType": kind, "id": hashed, "status": "draft", "intent": "order", "subject": subject}
    return Entry(resource | {"medicationCodeableConcept": {"text": WORDS}}, kind, hashed, reference)


def _limited(cards: Sequence[Json]) -> set[str]:
    """The draft orders that the answer offers to change."""
    suggested = (suggestion for card in cards for suggestion in card.get("suggestions", ()))
    actions = (action for suggestion in suggested for action in suggestion.get("actions", ()))
    changed = (action["resource"] for action in actions if action["type"] == "update")
    return {f"{resource.get('resourceType')}/{resource.get('id')}" for resource in changed}


def stored_cards(cards: Sequence[Json], decision: Decision, *, why: bool) -> list[StoredCard]:
    """Cards with marks as they are stored. ``why`` says whether they were sent with the extension that says why."""
    return [_stored_card(card, decision, why=why) for card in cards]


def _stored_card(card: Json, decision: Decision, *, why: bool) -> StoredCard:
    rules = tuple(rules_of_card(card, decision))
    rest = card | {"summary": without_quotes(card["summary"])}
    extension = rest.pop("extension", {})
    if why and extension:
        rest["extension"] = _redacted_why(extension[WHY])
    parts = {"detail": _digest_of(redacted_json(rest.pop("detail")))}
    if why and FULL in extension:
        parts["whole"] = _digest_of(redacted_json(extension[FULL]))
    if "suggestions" in rest:
        parts["suggestions"] = _digest([_redacted_suggestion(suggestion) for suggestion in rest.pop("suggestions")])
    parts["rest"] = _digest(rest)
    return StoredCard(card["uuid"], card["indicator"], rules, parts)


def _redacted_why(why: Json) -> Json:
    if "evidence" not in why:
        return why
    return why | {"evidence": [_redacted_evidence(entry) for entry in why["evidence"]]}


def _redacted_evidence(entry: Json) -> Json:
    """The entry without its reference, and without a date that is not stored."""
    finding, date = entry["finding"], entry.get("date")
    if date is None:
        return {"finding": finding}
    return {"finding": finding, "date": date if is_storable_date(entry["resource"], date) else None}


def _redacted_suggestion(suggestion: Json) -> Json:
    return suggestion | {"actions": [_redacted_action(action) for action in suggestion["actions"]]}


def _redacted_action(action: Json) -> Json:
    """The action without patient and visit, and without a draft order of the call, which the client sent."""
    redacted = action | {"description": without_quotes(action["description"])}
    resource = redacted.pop("resource", None)
    if action["type"] == "create":
        redacted["resource"] = resource = resource.copy()
        resource.pop("subject", None)
        resource.pop("encounter", None)
    else:
        redacted.pop("resourceId", None)
    return redacted


def rules_of_card(card: Json, decision: Decision) -> Iterator[tuple[str, str, int]]:
    """The rules on a card as (id, version, 1 if it is shown or 0 if suppressed).

    A card for a patient does not name its own, but its uuid is made from it.
    """
    if "extension" in card:
        for rule in card["extension"][WHY]["rules"]:
            yield rule["id"], rule["version"], 0 if "coveredBy" in rule else 1
        return
    for advice in decision.advice:
        if card["uuid"] == id_of(decision.id, advice.rule.id):
            yield advice.rule.id, advice.rule.version, 1


def _digest(part: Any) -> str:
    return _digest_of(orjson.dumps(part, option=orjson.OPT_SORT_KEYS))


def _digest_of(json: bytes) -> str:
    return hashlib.sha256(json).hexdigest()[:_DIGITS]
