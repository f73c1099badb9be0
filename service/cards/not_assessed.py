"""The card that says which checks could not be made, and why (SC-5, ST-6): silence is no all-clear.

It is shown for four causes only: a list that was asked for did not come, or came in part; a drug, order or entry could
not be read; the Patient that was sent tells no age or sex; a check that the source of an order asks first is missing. A
problem that is only suspected and would raise a warning about the order is named as well: it is unknown, never absent.
What is unknown besides stands on the card that it could change, and nowhere else (hazard H-07). Where another card
already questions the order, that check stands among what it does not know: one order needs one answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from service.cards.card_ids import id_of
from service.cards.concern import concerns, is_of_the_back, loses_a_check, wanted
from service.cards.finding_words import asked, drug_name, short_words
from service.cards.layout import LONGEST, Sections, closing, unknown_line, write
from service.cards.left_open import doubtful, inexact
from service.cards.markdown import escaped
from service.cards.of_rules import of_rule_set
from service.cards.redaction import mark_quoted, replace_quoted
from service.cards.sources import topic
from service.cards.unrecognised import (
    SERVICES,
    UNREAD,
    is_of_no_known_language,
    is_unread,
    may_be_ours,
    unrecognised_orders,
)
from service.cards.unusable import not_final, unusable, waiting
from service.cards.waiting_for_the_back import waiting_for_the_back
from service.decision import Decision
from service.finding import Evidence, Status
from service.knowledge.hooks import HOOKS
from service.knowledge.model import AskedFirst, FactDefinition, FactKind, Knowledge, types_read
from service.knowledge.summaries import LONGEST as NAMES
from service.note import NoteCode, holds
from service.record.input.prefetch_templates import Template
from service.record.kinds.count import DAILY_MG
from service.record.kinds.patient import IMPOSSIBLE, NOT_ON_PATIENT
from service.record.medication.supply import MAY_BE_TAKEN
from service.record.model import UNTYPED

Json = dict[str, Any]
Facts = Sequence[FactDefinition]

_OF_THE_PATIENT = frozenset({FactKind.AGE, FactKind.SEX})
LINES = 4
_NAMED = 2
# This line is all that tells which dangers were not looked for.
_MOST_FACTS = 12
_TYPES_NAMED = 3
_BEGIN = "Not assessed: "
_LONGEST_NAME = NAMES["drug"]
# What is not recognised is told by as many of its own words as leave room for the name of one order.
_LONGEST_ENTRY = 60
_BEING_ENTERED = frozenset({NoteCode.BEING_ENTERED})
_DOSE_NOT_READ = frozenset({NoteCode.DOSE_NOT_READ})
_ANSWER = re.compile(r"^.*: ")
"""The question of an answer, before what it says."""

# What the lists are for on which a drug order depends, in the words of the card; another list is named by its title.
_CHECKS = {"medications": "interactions", "allergies": "reactions", "conditions": "contraindications"}
CHECKED_LISTS = frozenset(_CHECKS)
_AT_EVERY_HOOK = CHECKED_LISTS | {"patient"}


class Lacking(Struct, frozen=True):
    """The lists that were asked for and did not come, and those of which only a part came.

    ``failed`` are the keys of those that the client could not give; the others it did not send.
    """

    absent: Sequence[Template] = ()
    partly: Sequence[Template] = ()
    failed: Collection[str] = ()


class _Causes(Struct):
    """Why checks could not be made: a summary without its subject, lines, and the facts that could not be known.

    ``order`` is the order that the first cause alone is about, and ``longest`` the most letters of each name in it.
    """

    order: str | None = None
    longest: int = _LONGEST_NAME
    summaries: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)


def not_assessed(
    knowledge: Knowledge,
    decision: Decision,
    lacking: Lacking,
    questioned: Collection[str] = (),
    *,
    is_alone: bool = False,
) -> Json | None:
    """The card about the checks that could not be made, or None where each that matters could.

    ``questioned`` are the order facts that another card names, and asks for what is asked first. ``is_alone`` where
    there is no other card, on which what was not recognised or not received could stand as a line.
    """
    causes = _Causes()
    if not concerns(knowledge, decision):
        # An order of which nothing can be read may be any, and for any reason.
        _wordless(knowledge, decision, causes)
        return _card(knowledge, decision, causes) if causes.lines else None
    facts = wanted(knowledge, decision)
    _lists(facts, decision, lacking, causes, is_alone=is_alone)
    _lost(knowledge, decision, facts, causes)
    _not_final(knowledge, decision, causes)
    _not_recognised(knowledge, decision, facts, causes, is_alone=is_alone)
    _not_on_the_patient(knowledge, decision, facts, causes)
    _of_entries(knowledge, decision, facts, causes)
    if HOOKS[decision.hook].has_orders:
        for first, phrases in asked_first(knowledge, decision):
            if first.order not in questioned:
                causes.order = causes.order if causes.summaries else first.order
                causes.summaries.append(f"{' and '.join(phrases[:_NAMED])} not on record")
                causes.lines.append(f"{first.says} {_not_on_record(phrases)}")
    return _card(knowledge, decision, causes) if causes.lines else None


def _of_entries(knowledge: Knowledge, decision: Decision, facts: Facts, causes: _Causes) -> None:
    """What of the entries behind the facts keeps them from being known; behind most there is none."""
    facts = [fact for fact in facts if decision.findings[fact.id].evidence]
    _unread(knowledge, decision, facts, causes)
    _doubtful(decision, facts, _UNDATED, causes)
    _inexact(decision, facts, causes)
    if HOOKS[decision.hook].has_orders:
        _doses(knowledge, decision, causes)
        _doubtful(decision, facts, _MAY_BE_TAKEN, causes)
        _doubtful(decision, facts, _SUSPECTED, causes)


def _lists(facts: Facts, decision: Decision, lacking: Lacking, causes: _Causes, *, is_alone: bool = False) -> None:
    if not lacking.absent and not lacking.partly:
        return
    read = {kind for fact in facts for kind in types_read(fact)}
    told = lacking.absent if is_alone else _told(decision, lacking)
    absent = [template for template in told if read & set(template.types)]
    partly = [template for template in lacking.partly if read & set(template.types)]
    for templates, how in ((absent, "not received"), (partly, "received in part")):
        if not templates:
            continue
        checks = [_CHECKS[template.key] for template in templates if template.key in _CHECKS]
        what = f"{' and '.join(checks[:_NAMED])} not checked, " if checks else ""
        titles = [template.title for template in sorted(templates, key=lambda item: item.key not in _CHECKS)]
        causes.summaries.append(f"{what}{_some(titles)} {how}")
        causes.lines.append(f"{how.capitalize()}: {unknown_line(titles)}.")
        kinds = {kind for template in templates for kind in template.types}
        causes.facts.extend(fact.id for fact in facts if kinds & set(types_read(fact)))


def _told(decision: Decision, lacking: Lacking) -> Sequence[Template]:
    """The lists whose absence has a card: at a visit not those of less weight that a client never sends (hazard H-07).

    These are a line of the last card; where there is no card, silence would pass for an all-clear.
    """
    if HOOKS[decision.hook].has_orders:
        return lacking.absent
    return [template for template in lacking.absent if template.key in (*_AT_EVERY_HOOK, *lacking.failed)]


def not_received(knowledge: Knowledge, decision: Decision, lacking: Lacking) -> Iterator[str]:
    """The line about the lists of less weight that did not come, where a warning could not be decided without one."""
    told = _told(decision, lacking)
    untold = [template for template in lacking.absent if template not in told]
    if not untold:
        return
    read = {kind for fact in wanted(knowledge, decision) for kind in types_read(fact)}
    if left := [template for template in untold if read & set(template.types)]:
        yield f"Not received: {unknown_line([template.title for template in left])}."


def _some(titles: Sequence[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more"


def _first_of(names: Sequence[str]) -> str:
    left = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{left}"


def _lost(knowledge: Knowledge, decision: Decision, facts: Facts, causes: _Causes) -> None:
    """Entries and orders so broken that not even their words could be read: how many, and of which types."""
    unread = decision.unread
    if loses_a_check(knowledge, decision):
        causes.summaries.append(lost_words(decision))
        causes.lines.append(f"{lost_words(decision)}{unusable(knowledge, decision)}.")
        kinds = unread.entries.keys()
        causes.facts.extend(fact.id for fact in facts if kinds & set(types_read(fact)))
    if not unread.orders:
        return
    broken = unread.orders - len({item.resource for item in unrecognised_orders(knowledge, decision)})
    if broken > 0:
        said = f"{broken} of {unread.of_orders} {'order' if unread.of_orders == 1 else 'orders'} could not be checked"
        causes.summaries.append(said)
        causes.lines.append(f"{said}.")


def _wordless(knowledge: Knowledge, decision: Decision, causes: _Causes) -> None:
    """Orders that have neither words nor a code, or could not be read at all: how many."""
    if not decision.unread.orders:
        return
    named = unrecognised_orders(knowledge, decision)
    wordless = {item.resource for item in named if item.text in ("", *SERVICES)}
    lost = len(wordless) + decision.unread.orders - len({item.resource for item in named})
    if lost > 0:
        said = f"{lost} of {decision.unread.of_orders} {'order' if lost == 1 else 'orders'} could not be checked"
        causes.summaries.append(said)
        causes.lines.append(f"{said}.")


def _not_final(knowledge: Knowledge, decision: Decision, causes: _Causes) -> None:
    """Results and answers that are not final, where they would raise a warning if they were (decision 5)."""
    if names := decision.unread.pressing:
        phrases = list(dict.fromkeys(_waiting_for(knowledge, decision, name) for name in names))
        left = f" and {len(phrases) - _NAMED} more" if len(phrases) > _NAMED else ""
        first, *others = phrases[:_NAMED]
        value = _value_waiting(next(waiting(knowledge, decision, names[0]), ""))
        causes.summaries.append(f"{', '.join((first + value, *others))}{left} not final")
        causes.lines.append(not_final(knowledge, decision, names))


def _value_waiting(said: str) -> str:
    """What the first of them says, in brackets; marked even where a decision made again has no value to tell."""
    value = short_words(_ANSWER.sub("", said).partition(" on ")[0], _LONGEST_NAME - len(" ()"))
    return mark_quoted(f" ({value})" if value else "")


def _waiting_for(knowledge: Knowledge, decision: Decision, name: str) -> str:
    """What is not final: of a number that is known from an older result, the newer one alone."""
    if decision.findings[name].status is Status.PRESENT:
        return f"a newer {knowledge.facts[name].title}"
    return asked(knowledge, [name])[0]


def lost_words(decision: Decision) -> str:
    """How many entries could not be read, and of which types."""
    entries = decision.unread.entries
    count = sum(entries.values())
    types = [name for name in sorted(entries) if name != UNTYPED] or [UNTYPED]
    more = f" and {len(types) - _TYPES_NAMED} more" if len(types) > _TYPES_NAMED else ""
    noun = "entry" if count == 1 else "entries"
    return f"{count} {noun} could not be read: {', '.join(types[:_TYPES_NAMED])}{more}"


def _unread(knowledge: Knowledge, decision: Decision, facts: Facts, causes: _Causes) -> None:
    """What could not be read and might decide a warning, named by its own words; at a visit the running drugs alone."""
    has_orders = HOOKS[decision.hook].has_orders
    found = [
        (fact.id, item)
        for fact in facts
        if has_orders or fact.kind is FactKind.DRUG
        for item in decision.findings[fact.id].evidence
        if is_unread(decision.findings[fact.id], item) and may_be_ours(knowledge, item)
    ]
    entries = {item.resource: item for _, item in found}
    if not entries:
        return
    causes.facts.extend(name for name, _ in found)
    running = {item.resource for name, item in found if knowledge.facts[name].kind is FactKind.DRUG}
    running -= {item.resource for item in unrecognised_orders(knowledge, decision)}
    names = [_name(item, "a running drug" if item.resource in running else "an order") for item in entries.values()]
    causes.summaries.append(f"{_first_of(names)} not recognised, not checked")
    causes.lines.append(f"Not recognised: {unknown_line([_words(item) for item in entries.values()])}.")


def _doses(knowledge: Knowledge, decision: Decision, causes: _Causes) -> None:
    """Drugs whose dose was told and could not be read, where it is compared with a limit (decision 40)."""
    found = [
        (fact.id, item)
        for fact in knowledge.facts.values()
        if fact.measure == DAILY_MG and decision.findings[fact.id].high is None
        for item in decision.findings[fact.id].evidence
        if holds(item.note, _DOSE_NOT_READ)
    ]
    entries = {item.resource: item for _, item in found}
    if entries:
        causes.facts.extend(name for name, _ in found)
        causes.summaries.append(
            f"the dose of {_first_of([_name(item) for item in entries.values()])} could not be read"
        )
        causes.lines.append(f"Dose could not be read: {unknown_line([_words(item) for item in entries.values()])}.")


class _Doubt(Struct, frozen=True):
    """A reason for which entries leave facts of a kind open, by the codes of its notes, and how the card tells it."""

    kind: FactKind
    codes: frozenset[NoteCode]
    summary: str
    line: str


_MAY_BE_TAKEN = _Doubt(
    FactKind.DRUG, MAY_BE_TAKEN | {NoteCode.PLANNED}, "{} may still be taken, not checked", "May still be taken"
)
_SUSPECTED = _Doubt(FactKind.CODED, frozenset({NoteCode.PROVISIONAL}), "{} only suspected", "Suspected, not confirmed")
_UNDATED = _Doubt(
    FactKind.CODED,
    frozenset({NoteCode.UNDATED, NoteCode.INEXACT_DATE}),
    "the date of {} not on record",
    "No date, or none exact enough",
)


def _doubtful(decision: Decision, facts: Facts, doubt: _Doubt, causes: _Causes) -> None:
    """Entries that would decide a warning if they left no doubt, each once."""
    found = doubtful(decision, facts, doubt.kind, doubt.codes)
    if not found:
        return
    causes.facts.extend(name for name, _ in found)
    entries = list({item.resource: item for _, item in found}.values())
    named = _name if doubt.kind is FactKind.DRUG else _entry_name
    causes.summaries.append(doubt.summary.format(_first_of([named(item) for item in entries])))
    causes.lines.append(f"{doubt.line}: {unknown_line([_words(item) for item in entries])}.")


def _inexact(decision: Decision, facts: Facts, causes: _Causes) -> None:
    """Results of which it is not told on which side of a limit they lie, such as ">15"."""
    if found := inexact(decision, facts):
        causes.facts.extend(fact.id for fact, _ in found)
        titles = list(dict.fromkeys(fact.title for fact, _ in found))
        causes.summaries.append(f"{_first_of(titles)} not an exact number")
        lines = dict.fromkeys(f"{fact.title} ({_words(item)})" for fact, item in found)
        causes.lines.append(f"No exact number: {unknown_line(list(lines))}.")


@of_rule_set
def _counting_unread(knowledge: Knowledge) -> tuple[FactDefinition, ...]:
    facts = (fact for fact in knowledge.facts.values() if fact.kind is FactKind.NOT_READ)
    return tuple(fact for fact in facts if not fact.red_flags)


def _not_recognised(
    knowledge: Knowledge, decision: Decision, facts: Facts, causes: _Causes, *, is_alone: bool = True
) -> None:
    """Entries of a list whose words and codes say nothing here, where a warning goes by the silence of that list."""
    unread = [definition for definition in _counting_unread(knowledge) if decision.findings[definition.id].evidence]
    if not unread:
        return
    read = {kind for fact in facts for kind in types_read(fact)}
    for definition in unread:
        lists: Collection[str] = read.intersection(definition.lists)
        entries = list(decision.findings[definition.id].evidence)
        waiting = waiting_for_the_back(knowledge, decision) if lists and "Condition" in lists else []
        if not lists:
            # What is being entered is named at that moment, whatever hangs on it.
            entries = [item for item in entries if holds(item.note, _BEING_ENTERED)]
            lists = definition.lists
        elif not (HOOKS[decision.hook].brings_entries or waiting or (is_alone and is_of_the_back(knowledge, decision))):
            # A rare English word on the list of a patient who is only looked at is no reason for one more card (H-07).
            entries = [item for item in entries if is_of_no_known_language(item.text)]
        if entries:
            _name_entries(causes, entries, lists, waiting)
            causes.facts.extend(fact.id for fact in facts if not set(lists).isdisjoint(types_read(fact)))


def _name_entries(causes: _Causes, entries: Sequence[Evidence], lists: Collection[str], waiting: Sequence[str]) -> None:
    """Name entries that were not recognised, and which alarms wait for whether they are of the back."""
    said = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'} not recognised"
    # What is being entered comes first: whoever enters it can say it in other words.
    entries = sorted(entries, key=lambda item: not holds(item.note, _BEING_ENTERED))
    first = 0 if holds(entries[0].note, _BEING_ENTERED) else len(causes.lines)
    told = f"not recognised ({_some(sorted(lists))})"
    if waiting:
        told = "not recognised: urgent if it is back or leg pain"
    most = _room_for_each(len(entries), told)
    if first == 0 or not causes.summaries:
        causes.longest = most
    names = [_entry_name(item, most) for item in entries]
    causes.summaries.insert(first, f"{_first_of(names)} {told}")
    causes.lines.insert(first, f"{said}: {unknown_line([_words(item) for item in entries])}.")
    if waiting:
        causes.lines.insert(first + 1, f"Urgent if it is back or leg pain: {unknown_line(waiting)}.")


def _room_for_each(entries: int, told: str) -> int:
    """How long the words of each entry may be beside the name of one order; it goes by their number alone."""
    around = f"{_BEGIN}{'x' * _LONGEST_NAME}: {_first_of([''] * entries)} {told}."
    return min(_LONGEST_ENTRY, max(_LONGEST_NAME, (LONGEST - len(around)) // min(entries, _NAMED)))


def not_named(knowledge: Knowledge, decision: Decision, cards: Sequence[Json]) -> Iterator[str]:
    """Entries that were not recognised and that no card names: a line, for whatever arrives is read or named."""
    unread = [item for fact in _counting_unread(knowledge) for item in decision.findings[fact.id].evidence]
    if not unread or not concerns(knowledge, decision):
        return
    said = "\n".join(f"{card['summary']}\n{card['detail']}" for card in cards)
    found = {item.resource: item for item in unread if escaped(item.text or item.resource) not in said}
    if found:
        count = f"{len(found)} {'entry' if len(found) == 1 else 'entries'} not recognised"
        yield f"{count}: {unknown_line([_words(item) for item in found.values()])}."


def lacks_a_list(knowledge: Knowledge, decision: Decision, lacking: Lacking) -> bool:
    """Whether a list that an undecided warning reads did not come, or came in part."""
    causes = _Causes()
    _lists(wanted(knowledge, decision), decision, lacking, causes, is_alone=True)
    return bool(causes.lines)


def says_nothing_of_entries(knowledge: Knowledge, decision: Decision) -> bool:
    """Whether entries of a list that an undecided warning reads were not recognised."""
    causes = _Causes()
    _not_recognised(knowledge, decision, wanted(knowledge, decision), causes)
    return bool(causes.lines)


def _not_on_the_patient(knowledge: Knowledge, decision: Decision, facts: Facts, causes: _Causes) -> None:
    """Age and sex, where the Patient that was sent does not tell them and a warning hangs on them.

    At a visit the age alone: for some patients the sex is never recorded, and nobody needs to read that every time.
    """
    kinds = _OF_THE_PATIENT if HOOKS[decision.hook].has_orders else {FactKind.AGE}
    of_patient = [fact.id for fact in facts if fact.kind in kinds]
    unsaid = [name for name in of_patient if not NOT_ON_PATIENT.isdisjoint(decision.findings[name].notes)]
    phrases = asked(knowledge, unsaid)
    if any(not IMPOSSIBLE.isdisjoint(decision.findings[name].notes) for name in unsaid):
        causes.summaries.append("age not known, the birth date cannot be right")
        causes.lines.append("The birth date of the patient cannot be right: in the future, or too long ago.")
    elif phrases:
        causes.summaries.append(f"{' and '.join(phrases[:_NAMED])} not on record")
        causes.lines.append(f"Not on record of the patient: {unknown_line(phrases)}.")


def asked_first(knowledge: Knowledge, decision: Decision) -> Iterator[tuple[AskedFirst, Sequence[str]]]:
    """What the sources of an order ask for first, and what of it is not on record."""
    undecided = {*decision.not_assessed, *decision.wanted}
    for first in knowledge.asked_first:
        if decision.findings[first.order].status is not Status.PRESENT:
            continue
        phrases = asked(knowledge, [name for name in first.findings if name in undecided])
        if phrases:
            yield first, phrases


def _not_on_record(phrases: Sequence[str]) -> str:
    return f"Not on record: {unknown_line(phrases)}."


def _card(knowledge: Knowledge, decision: Decision, causes: _Causes) -> Json:
    lines = causes.lines[: LINES - 1]
    if causes.facts:
        lines.append(f"So not known: {unknown_line(asked(knowledge, dict.fromkeys(causes.facts)), _MOST_FACTS)}.")
    return {
        "uuid": id_of(decision.id, "not-assessed"),
        "summary": _summary(knowledge, decision, causes),
        "detail": write(Sections("", because=tuple(lines), end=closing(knowledge.not_clearance))),
        "indicator": "info",
        "source": {"label": knowledge.name, "topic": topic("not-assessed", "Not assessed")},
    }


def _summary(knowledge: Knowledge, decision: Decision, causes: _Causes) -> str:
    """What is being ordered, and the first cause: ``Naproxen: interactions not checked, allergies not received.``.

    How many names there are depends on what else is said and never on the names: the store does not hold them.
    """
    cause = f"{causes.summaries[0]}."
    room = LONGEST - len(_BEGIN) - len(replace_quoted(cause, "x" * causes.longest))
    about = list(_ordered(knowledge, decision, causes.order))[: min(_NAMED, max(0, room) // (_LONGEST_NAME + 2))]
    return f"{_BEGIN}{', '.join(about)}: {cause}" if about else _BEGIN + cause


def _ordered(knowledge: Knowledge, decision: Decision, only: str | None) -> Iterator[str]:
    """What is being ordered, by name, each once; ``only`` what one order fact found."""
    facts = (fact for fact in knowledge.facts.values() if fact.kind is FactKind.ORDER and only in (None, fact.id))
    found = (decision.findings[fact.id] for fact in facts)
    items = {item.resource: item for one in found if one.status is Status.PRESENT for item in one.evidence}
    return (_name(item) for item in items.values() if not holds(item.note, UNREAD))


def _name(item: Evidence, nameless: str = "an order") -> str:
    """The first words of an entry, or what it is where it has none; marked, as all that is quoted."""
    is_service = item.resource.partition("/")[0] in SERVICES
    if is_service and item.text not in ("", *SERVICES):
        return _entry_name(item)
    return mark_quoted(drug_name("" if is_service else item.text, nameless))


def _entry_name(item: Evidence, most: int = _LONGEST_NAME) -> str:
    """The first words of an entry that is no drug, or its code; marked, as all that is quoted."""
    return mark_quoted(short_words(item.text or item.resource, most))


def _words(item: Evidence) -> str:
    return mark_quoted(escaped(item.text)) if item.text else mark_quoted(escaped(item.resource))
