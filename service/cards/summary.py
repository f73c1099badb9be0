"""The summary of a card for one patient: the approved words with the patient's own values, drugs and dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType

from service.cards.finding_words import amount, drug_name, is_answer, number, rounded, short_words
from service.cards.redaction import mark_quoted
from service.cards.writing import Writing
from service.decision import Advice
from service.finding import Evidence, Finding
from service.knowledge.model import CardText
from service.knowledge.summaries import LONGEST, Reference, filled, references, without_values
from service.note import NoteCode
from service.store.redaction import is_storable_date

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIRST_WORD = re.compile(r"\w+")
_ASIDE = re.compile(r",| \(")
_DAY = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?")
# A length of pregnancy is written in whole weeks, and advanced to today it may lie between two of them.
_WEEKS = "wk"
_DAYS_TO_WEEKS, _WEEKS_TO_MONTHS = 14, 26 * 7


def summary(advice: Advice, writing: Writing) -> str:
    """The summary, with marks around what is quoted from the record."""
    rule = advice.rule
    said = writing.summaries.get(rule.id)
    if said is None:
        assert rule.card is not None
        said = writing.summaries[rule.id] = summary_of(rule.card, advice, writing.today)
    return said


def also(advice: Advice, writing: Writing) -> list[str]:
    """The summaries of the dangers that a card names beside its own."""
    if not advice.also:
        return []
    there = (*advice.also_named, *advice.found, *advice.named)
    return [
        _summary_of(rule.card, there, advice.missing, writing.today) for rule in advice.also if rule.card is not None
    ]


def summary_of(card: CardText, advice: Advice, today: date) -> str:
    """The summary of a card with what its rule depends on; a value that decides nothing is never put in.

    The last drug that it names is followed by the number of other drugs of the same danger, where there is room.
    """
    return _summary_of(card, (*advice.found, *advice.named), advice.missing, today)


def _summary_of(card: CardText, there: Sequence[Finding], missing: Sequence[str], today: date) -> str:
    asked = _asked_for(card.summary)
    if not asked:
        return _without_slots(card.summary)
    slots = _Slots({finding.name: finding for finding in there if finding.name in asked}, missing, today)
    text = filled(card.summary, slots.fill)
    if slots.unnamed():
        text = filled(card.summary, slots.again().fill)
    return _as_sentence(text)


@cache
def _asked_for(summary: str) -> frozenset[str]:
    """The findings that a summary asks for."""
    return frozenset(reference.finding for reference in references(summary))


@cache
def _without_slots(summary: str) -> str:
    """A summary that asks for nothing."""
    return _as_sentence(without_values(summary))


class _Slots:
    """The words for the slots of one summary, and the entries that they name, in their order.

    ``more`` is how many drugs stay unnamed, and ``last`` the number of the drug that is to tell it.
    """

    def __init__(
        self, there: Mapping[str, Finding], missing: Sequence[str], today: date, last: int = -1, more: int = 0
    ) -> None:
        self._there, self._asked, self._today, self._last, self._more = there, missing, today, last, more
        self._named: dict[str, str] = {}
        self._drugs: list[Finding] = []

    def fill(self, references: Sequence[Reference]) -> Sequence[str] | None:
        """The words of all references; None, and nothing counts as named, where one has none."""
        before = len(self._drugs)
        words: list[str] = []
        for reference in references:
            word = self._words_of(reference)
            if word is None:
                self._forget(before)
                return None
            words.append(word)
        return words

    def _forget(self, before: int) -> None:
        """Name only the drugs that were named first; each names an entry of its own."""
        while len(self._drugs) > before:
            self._drugs.pop()
            self._named.popitem()

    def unnamed(self) -> int:
        """How many drugs the last one that is named stands for as well."""
        if not self._drugs or len(self._drugs[-1].evidence) == 1:
            return 0
        names = {drug_name(item.text).casefold() for item in self._drugs[-1].evidence if item.text}
        return len(names - {name.casefold() for name in self._named.values()})

    def again(self) -> _Slots:
        """The same slots, in which the last drug tells how many are not named."""
        return _Slots(self._there, self._asked, self._today, len(self._drugs) - 1, self.unnamed())

    def _words_of(self, reference: Reference) -> str | None:
        if reference.kind == "missing":
            return _missing(self._asked)
        finding = self._there.get(reference.finding)
        if finding is None:
            return None
        words = self._drug(finding) if reference.kind == "drug" else _KINDS[reference.kind](finding, self._today)
        return words if words is None or len(words) <= LONGEST[reference.kind] + 2 else None

    def _drug(self, finding: Finding) -> str | None:
        """A drug whose entry the summary does not name yet, if there is one, of another name if there is one.

        Whether there is any goes by the entries and not by their names: the store holds that there are some, and not
        which.
        """
        others = {
            item.resource: drug_name(item.text)
            for item in finding.evidence
            if item.text and item.resource not in self._named
        }
        if not others:
            return None
        chosen = next(iter(others))
        if self._named:
            known = {name.casefold() for name in self._named.values()}
            chosen = next((one for one, name in others.items() if name.casefold() not in known), chosen)
        self._named[chosen] = name = others[chosen]
        is_to_tell = len(self._drugs) == self._last
        self._drugs.append(finding)
        return mark_quoted(_and_more(name, self._more) if is_to_tell else name)


def _and_more(name: str, more: int) -> str:
    """A drug and how many others, without the last word of its name (hydrochloride) where there is no room for both."""
    count = f" (+{more})"
    begin = name.rpartition(" ")[0]
    return next((f"{words}{count}" for words in (name, begin) if words and len(words + count) <= LONGEST["drug"]), name)


def _missing(asked: Sequence[str]) -> str | None:
    """What has no answer, the first that fit and a count: bladder function, bowel control and 2 more."""
    words = list(dict.fromkeys(_ASIDE.split(phrase)[0] for phrase in asked))
    for count in range(len(words), 0, -1):
        more = f" and {len(words) - count} more" if count < len(words) else ""
        said = f"{', '.join(words[:count])}{more}"
        if len(said) <= LONGEST["missing"]:
            return said
    return None


def _as_sentence(text: str) -> str:
    """The text with a capital in front, unless its first word has capitals of its own, as eGFR has."""
    if text[:1].isupper():
        return text
    first = _FIRST_WORD.search(text)
    if first is None or not first[0].islower():
        return text
    return f"{text[: first.start()]}{first[0].capitalize()}{text[first.end() :]}"


def _number(finding: Finding, today: date) -> str | None:
    del today
    value = finding.value
    return None if value is None else number(rounded(value, finding.unit))


def _value(finding: Finding, today: date) -> str | None:
    del today
    if finding.value is None:
        return _weeks(finding)
    return f"up to {amount(finding)}" if holds_most(finding) else amount(finding)


def _weeks(finding: Finding) -> str | None:
    """A length of pregnancy that lies between two weeks; None where it has no two bounds, or is none."""
    if finding.unit != _WEEKS or finding.low is None or finding.high is None:
        return None
    first, last = (number(rounded(bound, _WEEKS)) for bound in (finding.low, finding.high))
    return f"{first} weeks" if first == last else f"{first} to {last} weeks"


def holds_most(finding: Finding) -> bool:
    """Whether a dose is the most that may be taken as needed, and not what is taken (section 2.1 of the evidence)."""
    return any(note.code is NoteCode.MOST_AS_NEEDED for note in finding.notes)


def _entry(finding: Finding, today: date) -> str | None:
    """The words of the first entry; an answer to a question is none, for its words are those of the form.

    Of entries that are counted, as those that could not be read are, the words are what an answer says.
    """
    del today
    counted = finding.value is not None
    entry = next((item for item in finding.evidence if item.text and (counted or not is_answer(item))), None)
    return None if entry is None else mark_quoted(short_words(entry.text))


def _date(finding: Finding, today: date) -> str | None:
    """The day of the newest entry in brackets; nothing where it has none or its date is somebody's birth.

    An answer to a question tells the day on which it was asked: its day stands only where there is nothing else.
    """
    return _day(finding, today) or _day_of(finding.evidence, today)


def _day(finding: Finding, today: date) -> str:
    """The same of what happened on a day: the day on which somebody answered a question is not it."""
    return _day_of([item for item in finding.evidence if not is_answer(item)], today)


def _day_of(entries: Sequence[Evidence], today: date) -> str:
    dated = [item for item in entries if item.date and is_storable_date(item.resource, item.date)]
    day = short_day(dated[0].date or "", today) if dated else None
    return "" if day is None else f" ({day})"


def short_day(text: str, today: date) -> str | None:
    """A recorded date as a clinician writes it: 3 Nov, of another year 3 Nov 2024; None when it cannot be read."""
    match = _DAY.match(text)
    if match is None:
        return text if re.fullmatch(r"\d{4}", text) else None
    year, month, day = match[1], int(match[2]), match[3]
    name = _MONTHS[month - 1] if 1 <= month <= len(_MONTHS) else match[2]
    shown = f"{int(day)} {name}" if day else name
    return shown if day and int(year) == today.year else f"{shown} {year}"


def _duration(finding: Finding, today: date) -> str | None:
    del today
    if finding.unit != "d" or finding.low is None or finding.low != finding.high:
        return None
    return duration(finding.low)


def duration(days: Decimal) -> str:
    """A number of days as it is said: 9 days, 7 weeks, 8 months."""
    number = int(days)
    if number < _DAYS_TO_WEEKS:
        return f"{number} day" if number == 1 else f"{number} days"
    if number < _WEEKS_TO_MONTHS:
        return f"{number // 7} weeks"
    return f"{int(number / 30.44)} months"


def _week(finding: Finding, today: date) -> str | None:
    """The number of the week, 0 for the first seven days; of a duration that is only bounded, the least it may be."""
    del today
    return None if finding.unit != "d" or finding.low is None else str(int(finding.low) // 7)


SCALES: Mapping[str, str] = MappingProxyType({"{score}": "Pain", "%": "ODI"})
"""For the unit of a change the scale as it is said."""
_SCORE = re.compile(r"\d+(?:\.\d+)?")
_TWO = 2


def scores_of(finding: Finding) -> list[str] | None:
    """The scores behind a change, the oldest first; None where it is no change of a known scale.

    Empty where the words of the record were not stored.
    """
    dated = sorted((item for item in finding.evidence if item.date), key=lambda item: item.date or "")
    if finding.value is None or finding.unit not in SCALES or len(dated) < _TWO:
        return None
    return [number(Decimal(match[0])) for item in dated if (match := _SCORE.search(item.text)) is not None]


def course(finding: Finding, today: date) -> str | None:
    """A change as it is said: Pain 8 to 7 since 5 Jan. Quoted, as the store holds the change and not the scores."""
    scores = scores_of(finding)
    if scores is None or finding.unit is None:
        return None
    day = short_day(min(item.date for item in finding.evidence if item.date), today)
    course = f"{scores[0]} to {scores[-1]}" if scores else ""
    return mark_quoted(f"{SCALES[finding.unit]} {course}{f' since {day}' if day else ''}")


_KINDS: Mapping[str, Callable[[Finding, date], str | None]] = MappingProxyType(
    {
        "number": _number,
        "value": _value,
        "entry": _entry,
        "date": _date,
        "day": _day,
        "duration": _duration,
        "week": _week,
        "course": course,
    }
)
