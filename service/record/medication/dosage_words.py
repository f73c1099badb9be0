"""Dosage words: the dose and the times a day that instructions in words tell. Never guessed.

Only plain instructions are read: one amount and one rhythm. Where a text tells two of either ("2 tablets, then 1"),
nothing is read.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from service.record.medication.drug_spelling import plain
from service.record.values.interval import Interval

_LONGEST = 300
_CACHED = 4_000
_NUMBERS = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "half": "0.5",
    "1/2": "0.5",
    "ein": "1",
    "eine": "1",
    "zwei": "2",
    "drei": "3",
    "un": "1",
    "une": "1",
    "una": "1",
    "deux": "2",
    "dos": "2",
    "trois": "3",
    "tres": "3",
    "once": "1",
    "twice": "2",
    "a": "1",
}
_NUMBER_WORDS = "half|one|two|three|four|five|six|eine?|zwei|drei|une?|una|deux|dos|trois|tres"
_NUMBER = rf"(?:\d+/\d+|\d{{1,5}}(?:\.\d{{1,3}})?|{_NUMBER_WORDS})"
_AMOUNT = re.compile(
    rf"(?<![\d./-])(?P<low>{_NUMBER})(?:\s*(?:-|to|bis|or|a)\s*(?P<high>{_NUMBER}))?(?:\s+a)?\s*"
    r"(?P<unit>mg|mcg|ug|g|grams?|milligrams?|ml|milliliters?|tablets?|tabs?|tabletten?|tbl|capsules?|caps?|kapseln?|caplets?"
    r"|comprimes?|comprimidos?|gelules?|pills?|puffs?|sprays?|patch(?:es)?|suppositor(?:y|ies)|lozenges?)\b(?!\s*(?:/|per\b))"
)
_UNIT_WORDS = {
    **dict.fromkeys(("tabletten", "tablette", "comprime", "comprimes", "comprimido", "comprimidos"), "tablet"),
    **dict.fromkeys(("kapsel", "kapseln", "gelule", "gelules"), "capsule"),
    "suppository": "suppository",
    "suppositories": "suppositories",
    "mcg": "mcg",
}
_SCHEME = re.compile(r"(?<![\d.-])(\d)\s?-\s?(\d)\s?-\s?(\d)(?:\s?-\s?(\d))?(?![\d.-])")
"""Morning, noon, evening, night, as written in Europe: "1-0-1"."""
_TIMES_A_DAY = (
    rf"(?<![\d./-])\b(?P<low>{_NUMBER}|once|twice)(?:\s*(?:-|to)\s*(?P<high>{_NUMBER}))?\s*(?:x|times?|mal|fois|veces)?"
    r"\s*(?:a|per|each|every|/|par|al|pro)?\s*(?:day|daily|d\b|taglich|tag|jour|dia)\b"
)
_TIMES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), rhythm)
    for pattern, rhythm in (
        (rf"\bevery\s+(?P<low>{_NUMBER})(?:\s*(?:-|to)\s*(?P<high>{_NUMBER}))?\s*(?:hours?|hrs?|h)\b", "hours"),
        (r"\bq\.?\s?(?P<low>\d{1,2})(?:\s?-\s?(?P<high>\d{1,2}))?\s?(?:hours?|hrs?|h)\b", "hours"),
        (rf"\b(?:alle|toutes\s+les|cada)\s+(?P<low>{_NUMBER})\s*(?:stunden|heures?|horas?|h)\b", "hours"),
        (_TIMES_A_DAY, "times"),
        (r"\bb\.?i\.?d\b", "2"),
        (r"\bt\.?i\.?d\b", "3"),
        (r"\bq\.?i\.?d\b", "4"),
        (r"\bevery\s+other\s+day\b|\bqod\b", "0.5"),
        (r"(?<!twice\s)(?<!times\s)(?<!once\s)(?:\bdaily\b|\b(?:every|each)\s+day\b)|\bq\.?d\b", "1"),
    )
)
_EVENTS = re.compile(
    r"\b(?:(morning|breakfast|qam)|(noon|lunch)|(evening|dinner|supper|qpm)|(bedtime|night|nightly|qhs))\b"
)
"""Times of the day: each named is one dose."""
_NEEDED = re.compile(r"\bprn\b|\b(?:as|if|when|only)\s+(?:needed|required|necessary)\b|\bbei\s+bedarf|\bsi\s+besoin\b")
_STEPS = re.compile(r"\b(?:then|followed\s+by|dann|puis|luego|taper|increase|reduce|titrate)\b")
_BRACKETS = re.compile(r"\([^)]*\)")
_HOURS = Decimal(24)


class Amount(Struct, frozen=True):
    """One dose: how much, in a unit of ``dosage.py``."""

    amount: Interval
    unit: str


def amount_in_words(text: str) -> Amount | None:
    """The one dose that a text tells; None when it tells none, or several."""
    return _amount(_plain(text[:_LONGEST]))


def times_in_words(text: str) -> Interval | None:
    """How often a day a text says that the drug is taken; None when it does not, or says two things."""
    return _times(_plain(text[:_LONGEST]))


def needed_in_words(text: str) -> bool:
    """Whether a text says that the drug is taken only when needed."""
    return _NEEDED.search(_plain(text[:_LONGEST])) is not None


@lru_cache(_CACHED)
def _amount(words: str) -> Amount | None:
    found = {(match["low"], match["high"], match["unit"]) for match in _AMOUNT.finditer(words)}
    if len(found) != 1 or _STEPS.search(words):
        return None
    low, high, unit = found.pop()
    bottom, top = _decimal(low), _decimal(high or low)
    if bottom is None or top is None or bottom > top:
        return None
    return Amount(Interval(bottom, top), _UNIT_WORDS.get(unit, unit))


@lru_cache(_CACHED)
def _times(words: str) -> Interval | None:
    if _STEPS.search(words):
        return None
    rhythms: set[tuple[Decimal, Decimal]] = set()
    for scheme in _SCHEME.finditer(words):
        total = Decimal(sum(int(part) for part in scheme.groups() if part))
        rhythms.add((total, total))
    for pattern, rhythm in _TIMES:
        for match in pattern.finditer(words):
            span = _rhythm(match, rhythm)
            if span is None:
                return None
            rhythms.add(span)
    events = Decimal(len({event.lastindex for event in _EVENTS.finditer(words)}))
    if not rhythms and events:
        return Interval.exactly(events)
    if len(rhythms) != 1:
        return None
    low, high = rhythms.pop()
    # "Daily in the morning" is once; "three times a day and at bedtime" is not clear.
    is_clear = not events or events == low or (low == 1 and events == 1)
    return Interval(low, high) if is_clear and 0 < low <= high else None


def _rhythm(match: re.Match[str], rhythm: str) -> tuple[Decimal, Decimal] | None:
    if rhythm not in {"hours", "times"}:
        return Decimal(rhythm), Decimal(rhythm)
    low, high = _decimal(match["low"]), _decimal(match.groupdict().get("high") or match["low"])
    if low is None or high is None or not 0 < low <= high:
        return None
    return (_HOURS / high, _HOURS / low) if rhythm == "hours" else (low, high)


@lru_cache(_CACHED)
def _plain(text: str) -> str:
    # "Take 2 tablets (20 mg total) by mouth 3 (three) times a day": brackets say the same again.
    return _BRACKETS.sub(" ", plain(text))


def _decimal(word: str) -> Decimal | None:
    number = _NUMBERS.get(word, word)
    if "/" in number:
        top, _, bottom = number.partition("/")
        return Decimal(top) / Decimal(bottom) if int(bottom) else None
    return Decimal(number)
