"""One call from its parsed JSON to its answer: request, prefetch, record, decision, cards.

Knows neither HTTP nor the clock. Authentication has happened before; fetching what is missing is a
step that is handed in, so that the same path runs with and without a FHIR server.
"""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace as replaced

from service.cards.cards import Audience, render, render_with_markers, shown_cards
from service.cards.client_profiles import DEFAULT, adapted, profile, recognised
from service.cards.not_assessed import CHECKED_LISTS, Lacking
from service.cards.orders import Drafts, Ordering
from service.cards.repetition import Earlier, without_repeated
from service.cards.suggestions import Acting
from service.config import Settings
from service.decision import Decision, Prepared, decide
from service.errors import DataUnavailableError, NotFoundError
from service.finding import Finding
from service.knowledge.hooks import HOOKS
from service.knowledge.model import ServiceDefinition
from service.note import Note, NoteCode
from service.protocol.bundle_answer import answer, beside
from service.protocol.context import read_context
from service.protocol.prefetch_of_call import lacking, record_of, states_of, unasked
from service.protocol.request import HookCall
from service.protocol.request_schemas import read_call
from service.record.budget import NO_BUDGET, Budget, CpuBudget
from service.record.input.prefetch_states import PrefetchState, State
from service.record.input.prefetch_templates import Template
from service.record.input.reader import read_bundle
from service.record.model import Completeness, Problem, Record
from service.record.notes import text_of
from service.spans import span

Json = dict[str, Any]
_PROBLEMS = "Condition"
# A word of an enum is looked up in Python, and each call asks for twenty.
_WORDS: Mapping[State, str] = {state: state.value for state in State}


class FetchMissing(Protocol):
    """Asks the client's FHIR server for what did not arrive (RP-1). Never raises; what could not be had says why."""

    def __call__(
        self, states: Mapping[str, PrefetchState], call: HookCall, templates: Sequence[Template], servers: Sequence[str]
    ) -> Mapping[str, PrefetchState]: ...


def fetch_nothing(
    states: Mapping[str, PrefetchState], call: HookCall, templates: Sequence[Template], servers: Sequence[str]
) -> Mapping[str, PrefetchState]:
    """The step of a service that asks no FHIR server: what did not arrive stays missing."""
    del call, templates, servers
    return states


# What a plain Bundle is asked about when nobody says: the visit, and the orders when there are any.
_VISIT, _ORDERS = "patient-view", "order-sign"


@dataclass(frozen=True, slots=True)
class Services:
    """The offered services, ready to answer: one per process, safe for threads.

    ``allowed_rule_ids`` are the rules that may be shown where only approved ones are served; None lets all be shown.
    ``archive`` makes the archive of the rule files from which all this was made, ``signed_by`` is the key that signed
    them when they came as a pack.
    """

    prepared: Prepared
    drafts: Drafts
    offered: Mapping[str, ServiceDefinition]
    templates: Mapping[str, tuple[Template, ...]]
    settings: Settings
    fetch_missing: FetchMissing = fetch_nothing
    allowed_rule_ids: frozenset[str] | None = None
    archive: Callable[[], bytes] = bytes
    signed_by: str | None = None


class Shown(Struct, frozen=True):
    """With what the cards of a call were rendered, besides the decision, and the cards with their marks."""

    audience: Audience
    acting: Acting
    lacking: Lacking
    cards: tuple[Json, ...]


class Answered(Struct, frozen=True):
    """What came of one call: the body to send and the decision behind it, with what could not be had.

    ``states`` says what arrived under each prefetch key, ``client`` for which client profile the body is, ``unasked``
    how many keys of the client's own were used, ``ordered`` whether draft orders were judged (of a plain Bundle),
    ``record`` what was read (of a hook call).
    """

    body: Json
    decision: Decision
    call: HookCall | None = None
    missing: tuple[str, ...] = ()
    states: Mapping[str, str] = msgspec.field(default_factory=dict)
    shown: Shown | None = None
    client: str = DEFAULT
    unasked: int = 0
    ordered: bool = False
    record: Record | None = None


class Wanted(Struct, frozen=True):
    """How the caller wants its cards.

    ``full`` puts the whole text of each card into it; None leaves that to the settings. ``client`` is the profile of
    the caller, as its issuer's entry says; without it the request shows the profile, or the default holds. ``earlier``
    tells what was shown to this patient before, so that it is not said again. ``only_cards``: nobody looks at the
    findings behind the cards, so the gate may show that there are none. ``instead`` are facts as they are to be taken,
    whatever the call says of them.
    """

    full: bool | None = None
    client: str | None = None
    earlier: Earlier | None = None
    only_cards: bool = False
    instead: Mapping[str, Finding] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BundleQuestion:
    """How a plain Bundle is asked about: hook, time, which patient, which lists are whole (product choice no. 9).

    Without ``hook`` the Bundle decides: draft orders in it are judged, whatever else is asked. ``full`` puts the whole
    text of each card into it; None leaves that to the settings. ``instead`` are facts as they are to be taken, whatever
    the chart says of them.
    """

    hook: str | None
    now: datetime
    patient: str | None = None
    complete: frozenset[str] | Literal["all"] = frozenset()
    full: bool | None = None
    instead: Mapping[str, Finding] = field(default_factory=dict)


def service_named(services: Services, name: str) -> ServiceDefinition:
    """The offered service with this id. Raises NotFoundError (RQ-1)."""
    if name not in services.offered:
        by_hook = {service.hook: service.id for service in services.offered.values()}
        near = difflib.get_close_matches(name, [*services.offered, *by_hook], n=1)
        raise NotFoundError(hint=f"did you mean /cds-services/{by_hook.get(near[0], near[0])}?" if near else None)
    return services.offered[name]


def answer_call(
    services: Services,
    service: ServiceDefinition,
    document: Any,
    now: datetime,
    servers: Sequence[str] = (),
    decision_id: uuid.UUID | None = None,
    wanted: Wanted | None = None,
) -> Answered:
    """Answer one CDS Hooks call. ``servers`` are FHIR servers the caller's issuer may name.

    Without ``decision_id`` the id is random, so no uuid of a card can be traced to a patient (CA-7);
    golden files give one. ``wanted`` is how the caller wants the cards.

    Raises RequestError for a request that is wrong, DataUnavailableError where nothing useful can be
    said (RP-2, SC-5), EngineError when the engines disagree or a gate was wrong, TooCostlyError when it takes too
    much CPU.
    """
    budget = CpuBudget(services.settings.max_cpu_ms)
    wanted = wanted or Wanted()
    call = read_call(document, hook=service.hook, strict=services.settings.strict)
    templates = services.templates[service.id]
    own_keys = unasked(call, templates)
    with span("fetching"):
        states = services.fetch_missing(states_of(call, templates), call, templates, servers)
    lists = lacking(states, templates)
    brought = read_context(call)
    if not brought.brings_something:
        _require_something(lists.absent, own_keys, states)
    with span("reading"):
        record = record_of(call, states, templates, brought, own_keys)
    decision = _decide_call(services, call, record, wanted, now=now, id_=decision_id or uuid.uuid4(), budget=budget)
    audience = _audience(services, service, for_patient=call.for_patient, full=wanted.full)
    acting = _acting(services, record, Ordering(record.release, call.patient_id, call.encounter_id, now))
    with span("cards"):
        cards = _cards(services, decision, audience, acting, lists)
    shown = Shown(audience, acting, lists, tuple(cards))
    to = profile(wanted.client or recognised(document))
    body = {"cards": adapted(shown_cards(cards, audience), to)}
    arrived = {key: _WORDS[state.state] for key, state in states.items()}
    keys = tuple([template.key for template in lists.absent])
    return Answered(body, decision, call, keys, arrived, shown, to.name, len(own_keys), record=record)


def _decide_call(
    services: Services,
    call: HookCall,
    record: Record,
    wanted: Wanted,
    *,
    now: datetime,
    id_: uuid.UUID,
    budget: Budget,
) -> Decision:
    """The decision on a hook call, without what was shown to this patient before and need not be said again."""
    gated = wanted.only_cards and services.settings.gate
    with span("engines"):
        decision = decide(
            services.prepared, record, call.hook.name, now, id_, budget, gated=gated, instead=wanted.instead
        )
    if wanted.earlier is None or not decision.advice or call.for_patient:
        return decision
    return without_repeated(decision, wanted.earlier(call.patient_id, services.prepared.knowledge, decision))


def _cards(
    services: Services, decision: Decision, audience: Audience, acting: Acting, lists: Lacking
) -> Sequence[Json]:
    """The cards with their marks. Raises GateError where a gate let pass what has something to say."""
    if decision.is_skipped:
        return ()
    cards = render_with_markers(services.prepared.knowledge, decision, audience, acting, lists)
    if decision.gated is not None:
        something = len(cards) + len(decision.advice)
        services.prepared.gates[decision.hook].check(decision.gated, something, decision.id)
    return cards


def answer_bundle(services: Services, document: Any, question: BundleQuestion) -> Answered:
    """Answer about a plain Bundle or list of resources: the same cards, and the decision behind them.

    Where the question names no hook and draft orders are in the Bundle, they are judged as on signing, with the advice
    of the visit beside it. The same document, question and rule set give the same answer to the byte.
    """
    offered = {service.hook for service in services.offered.values()}
    if question.hook is not None:
        return _answer_for(services, document, question, question.hook)
    if _ORDERS not in offered:
        return _answer_for(services, document, question, _VISIT)
    orders = _answer_for(services, document, question, _ORDERS)
    if not orders.ordered:
        return _answer_for(services, document, question, _VISIT)
    visit = _answer_for(services, document, question, _VISIT) if _VISIT in offered else None
    return orders if visit is None else replaced(orders, body=beside(orders.body, visit.body))


def _answer_for(services: Services, document: Any, question: BundleQuestion, hook: str) -> Answered:
    record, decision, cards = decide_bundle(services, document, question, hook)
    return Answered(answer(services.prepared.knowledge, decision, cards), decision, ordered=bool(record.orders))


def decide_bundle(
    services: Services, document: Any, question: BundleQuestion, hook: str
) -> tuple[Record, Decision, list[Json]]:
    """What was read of a Bundle, the decision at one hook, and its cards: `answer_bundle` without its description."""
    with span("reading"):
        record = read_bundle(
            document,
            patient=question.patient,
            complete=question.complete,
            order_hook=HOOKS[hook].has_orders,
        )
    budget = CpuBudget(services.settings.max_cpu_ms)
    answered = answer_record(
        services, record, hook, question.now, full=question.full, budget=budget, instead=question.instead
    )
    return record, *answered


def answer_record(  # noqa: PLR0913  # the same question as of a Bundle, asked of what was read from it
    services: Services,
    record: Record,
    hook: str,
    now: datetime,
    *,
    full: bool | None = None,
    budget: Budget = NO_BUDGET,
    decision_id: uuid.UUID | None = None,
    instead: Mapping[str, Finding] | None = None,
) -> tuple[Decision, list[Json]]:
    """The decision on a plain record, and its cards. Raises EngineError when the engines disagree.

    Raises TooCostlyError when the ``budget`` is used up.
    """
    record = _with_gaps(record)
    with span("engines"):
        decision = decide(services.prepared, record, hook, now, decision_id, budget=budget, instead=instead)
    return decision, cards_of_record(services, record, decision, full=full)


def cards_of_record(services: Services, record: Record, decision: Decision, *, full: bool | None = None) -> list[Json]:
    """The cards of a decision on a plain record."""
    hook = decision.hook
    service = next(item for item in services.offered.values() if item.hook == hook)
    audience = _audience(services, service, full=full)
    acting = _acting(services, record, Ordering(record.release, record.patient_id, None, decision.now))
    is_told = HOOKS[hook].has_orders or not any(entry.type != "Patient" for entry in record.entries)
    templates = services.templates[service.id]
    lists = Lacking(_unsent(templates, record) if is_told else (), _in_part(templates, record))
    with span("cards"):
        return render(services.prepared.knowledge, decision, audience, acting, lists)


def _audience(
    services: Services, service: ServiceDefinition, *, for_patient: bool = False, full: bool | None = None
) -> Audience:
    settings = services.settings
    full_detail = settings.detail == "full" if full is None else full
    return Audience(
        service, for_patient, settings.why_extension, services.allowed_rule_ids, full_detail, settings.public_url
    )


def _with_gaps(record: Record) -> Record:
    """The record, saying that it holds no problem list where it holds none: whether any card applies is open."""
    if record.completeness_of(_PROBLEMS) is not Completeness.NOT_SENT or record.of_type(_PROBLEMS):
        return record
    gap = Problem(_PROBLEMS, Note(NoteCode.PROBLEM_LIST_NOT_SENT))
    return replace(record, problems=(*record.problems, gap))


def _in_part(templates: Sequence[Template], record: Record) -> list[Template]:
    """The lists on which an order depends and of which a Bundle says that it holds a part; entries lost are counted."""
    return [
        template
        for template in templates
        if template.key in CHECKED_LISTS
        and any(
            record.completeness_of(kind) is Completeness.PARTIAL and kind not in record.unread
            for kind in template.types
        )
    ]


def _unsent(templates: Sequence[Template], record: Record) -> list[Template]:
    """The lists on which an order depends and of which a plain Bundle held nothing; nobody was asked for the others.

    At a visit they are told only where nothing about the patient came at all: an empty answer would look like a check.
    """
    return [
        template
        for template in templates
        if template.key in CHECKED_LISTS
        and all(record.completeness_of(kind) is Completeness.NOT_SENT for kind in template.types)
    ]


def _require_something(
    absent: Sequence[Template], unasked: Mapping[str, PrefetchState], states: Mapping[str, PrefetchState]
) -> None:
    """Refuse with 412 only when neither the patient nor the problem list could be had, and nothing is ordered.

    What came under keys of the client's own may be either of them.

    With either of them a card can say what was not assessed; clients show that, and show a 412 as all-clear (SC-5).
    """
    keys = [template.key for template in absent if template.key in ("patient", "conditions")]
    if len(keys) == 2 and not unasked:  # noqa: PLR2004  # both of the two
        reasons = [states[key].reason for key in keys]
        raise DataUnavailableError(keys, [text_of(one) if one else None for one in reasons])


def _acting(services: Services, record: Record, ordering: Ordering) -> Acting:
    orders = {entry.reference: entry for entry in record.orders if entry.id}
    return Acting(services.drafts, ordering, frozenset(orders), orders)
