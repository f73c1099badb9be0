"""What is stored of one decision, and how it is read back: the body of a ``decision`` row.

Findings and rules are letters in the order of the rule set (see the table rule_sets); what more is known of a finding
stands under ``details``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.decision import Decision
from service.decision.gate import ONE_IN
from service.engine.trace import RESULTS, Outcomes, Result
from service.finding import Finding, ShownBefore, Status
from service.knowledge.model import Knowledge
from service.store.details import details_of, fact_of
from service.store.redaction import Redactor, redacted_problems
from service.store.rule_sets import RuleSet
from service.store.stored_notes import note_body
from service.store.times import written

Json = dict[str, Any]

# The letters of a status are the first of its word: p, a, u.
# n: unknown, and a card says that it is not recorded. w: unknown, and so a warning could not be decided. m and v: the
# same of a number that is present but not exact enough.
_NAMED = {Status.UNKNOWN: "n", Status.PRESENT: "m", Status.ABSENT: "a"}
_WANTED = {Status.UNKNOWN: "w", Status.PRESENT: "v", Status.ABSENT: "a"}
STATUS_OF_LETTER = (
    dict.fromkeys("pmv", Status.PRESENT) | dict.fromkeys("a", Status.ABSENT) | dict.fromkeys("unw", Status.UNKNOWN)
)
_RESULTS = {Result.FIRED: "f", Result.NOT_MET: "s", Result.NOT_ENOUGH_DATA: "u"}
_LETTERS_OF_TRUTHS = bytes.maketrans(bytes(RESULTS), "".join(map(_RESULTS.__getitem__, RESULTS.values())).encode())
NOT_ASKED = "-"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All about the call that the decision itself does not know, with nothing of the patient in it.

    ``patient`` is a keyed hash made under ``patient_key``. ``hook_instance`` is a UUID. ``orders`` are the redacted
    references of the draft orders of the call, each with whether the answer offers to change it; ``missing`` are the
    prefetch keys that could not be had, ``partly`` those of which only a part could, ``arrived`` says what arrived
    under each. ``full`` and ``public_url`` say how cards were to be written. ``grounds`` are keyed digests of what each
    rule that is shown depends on.
    """

    service: str
    hook_instance: str | None
    issuer: str | None
    patient: str | None
    patient_key: str
    for_patient: bool
    release: str
    encounter: bool
    orders: tuple[tuple[str, bool], ...]
    missing: tuple[str, ...]
    partly: tuple[str, ...]
    arrived: Mapping[str, str]
    approved_only: bool
    why: bool
    full: bool
    public_url: str | None
    grounds: Mapping[str, str]
    microseconds: int


@dataclass(frozen=True, slots=True)
class StoredCard:
    """What is stored of a card: its rules as (id, version, 1 shown or 0 suppressed), and digests of its parts."""

    uuid: str
    indicator: str
    rules: tuple[tuple[str, str, int], ...]
    parts: Mapping[str, str]


def rule_set_of(knowledge: Knowledge, archive: Callable[[], bytes]) -> RuleSet:
    """A rule set as the store knows it; the order of its findings and rules is that of the letters."""
    return RuleSet(
        digest=knowledge.digest,
        name=knowledge.name,
        version=knowledge.version,
        settings=dict(knowledge.settings),
        facts=tuple(sorted(knowledge.facts)),
        conclusions=tuple(sorted(knowledge.conclusions)),
        rules=tuple((rule.id, rule.version) for rule in knowledge.rules),
        archive=archive,
    )


def decision_body(
    decision: Decision, redactor: Redactor, of: RuleSet, about: Circumstances, cards: Sequence[StoredCard]
) -> Json:
    """The body of a decision. Of its facts the redacted details are taken, of other findings only the status."""
    return {
        "id": decision.id,
        "at": written(decision.now),
        "now": decision.now.isoformat(),
        "service": about.service,
        "hook": decision.hook,
        "hook_instance": about.hook_instance,
        "issuer": about.issuer,
        "ruleset": decision.ruleset_digest,
        "patient": {"key": about.patient_key, "hash": about.patient} if about.patient else None,
        "for_patient": about.for_patient,
        "release": about.release,
        "encounter": about.encounter,
        "orders": list(about.orders),
        "missing": list(about.missing),
        "partly": list(about.partly),
        "prefetch": _by_state(about.arrived),
        "approved_only": about.approved_only,
        "why": about.why,
        "full": about.full,
        "public_url": about.public_url,
        "gate": _gate(decision),
        "grounds": dict(about.grounds),
        "shown": _shown(decision),
        "findings": _finding_letters(decision, of),
        "rules": _rule_letters(decision.outcomes, of),
        "covered": dict(decision.outcomes.suppressed),
        "details": details_of(decision.findings, redactor),
        "cards": [
            {"uuid": card.uuid, "indicator": card.indicator, "rules": list(card.rules), "parts": dict(card.parts)}
            for card in cards
        ],
        "problems": [[path, note_body(reason)] for path, reason in redacted_problems(decision.problems)],
        "problem_count": len(decision.problems),
        "unread": _unread(decision),
        "microseconds": about.microseconds,
    }


def _unread(decision: Decision) -> list[Any]:
    """What could not be read or used, in the order of the fields of ``Unread``."""
    unread = decision.unread
    counted = [dict(unread.entries), unread.orders, unread.of_orders]
    facts = [list(unread.not_final), list(unread.pressing), list(unread.doubted)]
    return [*counted, *facts] if any(facts) else counted


def _by_state(arrived: Mapping[str, str]) -> dict[str, list[str]]:
    """The prefetch keys by what arrived under them: there are few states and many keys."""
    keys: dict[str, list[str]] = {}
    for key, state in arrived.items():
        keys.setdefault(state, []).append(key)
    return keys


def _gate(decision: Decision) -> Json | None:
    """Which gate let the call pass and how its lists came; whether it was decided all the same, as one of how many."""
    gated = decision.gated
    if gated is None:
        return None
    lists = {name: state.value for name, state in gated.lists.items()}
    return {"digest": gated.digest, "lists": lists, "in_full": gated.is_sample, "one_in": ONE_IN}


def is_skipped(body: Json) -> bool:
    """Whether a stored decision was not decided, because the gate showed that there was nothing to say."""
    gate = body.get("gate")
    return gate is not None and not gate["in_full"]


def _shown(decision: Decision) -> list[list[Any]] | None:
    """What was known of earlier showings: rule, when, whether nothing changed, and when it was set aside."""
    if decision.shown_before is None:
        return None
    return [
        [rule, before.at.isoformat(), before.unchanged, before.overridden.isoformat() if before.overridden else None]
        for rule, before in decision.shown_before.items()
    ]


def shown_of(body: Json) -> dict[str, ShownBefore] | None:
    """The same, read from a stored decision."""
    shown = body.get("shown")
    if shown is None:
        return None
    moment = datetime.fromisoformat
    return {
        rule: ShownBefore(moment(at), unchanged, moment(overridden) if overridden else None)
        for rule, at, unchanged, overridden in shown
    }


def _finding_letters(decision: Decision, of: RuleSet) -> str:
    if decision.is_skipped:
        return NOT_ASKED * len(of.findings)
    found = [finding.status[0] for finding in decision.findings.values()]
    letters = of.order_of_findings(decision.hook, tuple(decision.findings))([*found, NOT_ASKED])
    index, findings = of.finding_index, decision.findings
    for name in decision.not_assessed:
        letters[index[name]] = _WANTED[findings[name].status]
    for name in decision.not_recorded:
        letters[index[name]] = _NAMED[findings[name].status]
    return "".join(letters)


def _rule_letters(outcomes: Outcomes, of: RuleSet) -> str:
    if not outcomes:
        return NOT_ASKED * len(of.rules)
    letters = outcomes.truths.translate(_LETTERS_OF_TRUTHS).decode() + NOT_ASKED
    return "".join(of.order_of_rules(outcomes.of)(letters))


def facts_of(body: Json, findings: Sequence[str], facts: Iterable[str]) -> dict[str, Finding]:
    """The redacted facts of a stored decision. ``facts`` are the names that are no conclusions."""
    wanted = set(facts)
    details = body["details"]
    return {
        name: fact_of(name, STATUS_OF_LETTER[letter], details.get(name, {}))
        for name, letter in zip(findings, body["findings"], strict=True)
        if name in wanted and letter != NOT_ASKED
    }
