"""Dosage words: the dose and the times a day that instructions in words tell. Never guessed.

Only plain instructions are read: one amount and one rhythm, or an amount for each of some times of the day. Every
number of a text must be accounted for, as an amount, a rhythm, a duration or a supply: where one is left over
("2 tablets, then 1", "may take an extra 800 mg"), nothing is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from service.record.medication.dosage_forms import (
    COMMA_LANGUAGE,
    EVENTS,
    NEEDED,
    NUMBER,
    NUMBERS,
    PIECES,
    RHYTHMS,
    STEPS,
    UNIT_WORDS,
    UNITS,
)
from service.record.medication.drug_spelling import plain
from service.record.values.interval import Interval

_LONGEST = 300
_CACHED = 4_000
_HOURS = Decimal(24)

_BRACKETS = re.compile(r"\([^)]*\)")
_PLURAL = re.compile(r"\(s\)")
_FRACTIONS = str.maketrans({"\u00bd": " 1/2", "\u00bc": " 1/4", "\u00be": " 3/4", "\u2044": "/", "\u00d7": "x"})
_GROUPED = re.compile(r"(?<![\d.,/])([1-9]\d{0,2}),(\d{3})(?![\d.,])")
_POINT_AND_THREE = re.compile(rf"(?<![\d.,/])[1-9]\d{{0,2}}\.\d{{3}}(?!\d)\s*(?:{UNITS})\b")
_SPACED = re.compile(rf"(?<![\d.,/-])([1-9]\d?) (000)(?=\s*(?:{UNITS})\b)")
_NEARLY_SPACED = re.compile(rf"(?<![\d.,/-])[1-9]\d? \d{{3}}\s*(?:{UNITS})\b(?!\s*(?:{PIECES})\b)")
_COMMA = re.compile(r"(?<![\d.,])(\d{1,3}),(\d{1,3})(?![\d,])")
_AND_A_HALF = re.compile(r"\b(\d|one|two|three)(?:\s+and\s+a?\s*half|\s+(?:and\s+|-\s*)?1/2|-1/2)\b(?:\s+a\b)?")
_HALF_A = re.compile(r"\bhalf\s+(?:an?|of\s+an?|one)\b")

_SUPPLY = re.compile(
    rf"\b(?:for|x|during|over|pendant|durante|fur)\s+(?:the\s+)?(?:next\s+)?(?:{NUMBER})(?:\s*(?:-|to)\s*(?:{NUMBER}))?\s*"
    r"(?:days?|d|weeks?|wks?|months?|tagen?|tage|wochen?|jours?|semaines?|dias?)\b"
    rf"|\b(?:{NUMBER})[- ]day (?:course|supply)\b"
    rf"|(?:#|\b(?:disp(?:ense)?|qty|quantity)[:.]?)\s*#?\s*(?:{NUMBER})\s*(?:{UNITS})?\b|#\s*\d+|\b\d+\s+refills?\b|\brefills?[:\s]+\d+"
    r"|\b(?:max(?:imum)?\s+)?duration\s+\d+\s+days?\b|\b[tls]\d{1,2}\b|\bpain (?:score|scale|level) .{0,12}$"
)
_MOST = re.compile(
    r"\b(?:max(?:imum)?(?: of| dose)?:?|(?:do )?not (?:to )?(?:exceed|more than)|no more than|nte)\s*"
    rf"(?P<low>{NUMBER})\s*(?P<unit>{UNITS})?\s*(?:/|per|a|in|in a|in any|each|pro|par|al)\s*"
    r"(?:day|d|24\s*(?:hours?|hrs?|h)|tag|jour|dia)\b"
)
_DAILY_TOTAL = re.compile(
    rf"(?<![\d./-])(?P<low>{NUMBER})\s*(?P<unit>{UNITS})\s*(?:/|per|a|pro|par)\s*(?:day|d|24\s*(?:hours?|h)|tag|jour|dia)\b"
    rf"(?:\s*,?\s*(?:in|as)\s+(?:{NUMBER})?\s*(?:equally )?(?:divided|separate)?\s*doses?)?"
)
_EQUAL = re.compile(
    rf"(?P<low>{NUMBER})\s*(?P<unit>mg|g|mcg)\s*=\s*(?:{NUMBER})\s*(?:{PIECES})\b"
    rf"|(?:{NUMBER})\s*(?:{PIECES})\s*=\s*(?P<low2>{NUMBER})\s*(?P<unit2>mg|g|mcg)\b"
)
_PRODUCT = re.compile(
    rf"(?<![\d./-])(?P<count>{NUMBER})\s*(?:(?:x|\*|of)\s*(?P<each>{NUMBER})\s*(?P<unit>mg|mcg|g)\b(?:\s*(?:{PIECES})\b)?"
    rf"|\s(?P<each2>{NUMBER})\s*(?P<unit2>mg|mcg|g)\s*(?:{PIECES})\b"
    rf"|\s*(?:{PIECES})\s*(?:of|a|@|at|\u00e0)\s*(?P<each3>{NUMBER})\s*(?P<unit3>mg|mcg|g)\b)"
)
_PRODUCT_AFTER = re.compile(
    rf"(?<![\d./-])(?P<each>{NUMBER})\s*(?P<unit>mg|mcg|g)\s*(?:{PIECES})?\s*x\s*(?P<count>{NUMBER})\b(?!\s*(?:{UNITS}|days?|d|weeks?|/|times|daily|a\b|per\b|tag))"
)
_AMOUNT = re.compile(
    rf"(?<![\d./-])(?P<low>{NUMBER})(?:\s*(?:-|to|bis|or)\s*(?P<high>{NUMBER}))?(?:\s+an?\b)?\s*(?P<unit>{UNITS})\b(?!\s*/)"
)
_BARE = re.compile(
    rf"^\s*(?:take|give|tomar|nehmen|prendre)?\s*(?P<low>{NUMBER})(?:\s*(?:-|to|or)\s*(?P<high>{NUMBER}))?"
    r"(?:\s+(?:to be (?:taken|given)|taken|po|by mouth|orally|oral))*"
    rf"(?=\s*,?\s*(?:@|(?:at|in the)\s|{EVENTS.pattern}))"
)
_BARE_DAILY = re.compile(
    rf"^\s*(?:take|give)?\s*(?P<low>{NUMBER})(?:\s+(?:po|by mouth|to be taken))?\s+"
    r"(?:daily|(?:a|per|every|each) day|od|qd)\b"
)
_SCHEME = re.compile(r"(?<![\d.-])(\d)\s?-\s?(\d)\s?-\s?(\d)(?:\s?-\s?(\d))?(?![\d.-])")
"""Morning, noon, evening, night, as written in Europe: "1-0-1"."""
_DUTCH = re.compile(r"\b(\d)\s?[dx]d?\s?d?\s?(\d)\s?t(?:abl?)?\b")
_LEFT = re.compile(rf"\d|\b(?:{NUMBER}|extra|additional|another|repeat|once|twice)\b")


class Amount(Struct, frozen=True):
    """One dose: how much, in a unit of ``dosage.py``."""

    amount: Interval
    unit: str


class _Instructions(Struct, frozen=True):
    """What a text tells: one dose, how often a day and the most a day."""

    amount: Amount | None = None
    times: Interval | None = None
    most: Amount | None = None


def amount_in_words(text: str) -> Amount | None:
    """The one dose that a text tells; None when it tells none, or several."""
    return _read(text[:_LONGEST]).amount


def times_in_words(text: str) -> Interval | None:
    """How often a day a text says that the drug is taken; None when it does not, or says two things."""
    return _read(text[:_LONGEST]).times


def most_in_words(text: str) -> Amount | None:
    """The most that may be taken in a day, as a text says it."""
    return _read(text[:_LONGEST]).most


def needed_in_words(text: str) -> bool:
    """Whether a text says that the drug is taken only when needed."""
    return NEEDED.search(plain(text[:_LONGEST])) is not None


def names_a_number(text: str) -> bool:
    """Whether a text tells any number, as a dose does."""
    return _LEFT.search(plain(text[:_LONGEST].translate(_FRACTIONS))) is not None


@lru_cache(_CACHED)
def _read(text: str) -> _Instructions:
    words = _numbers_written_out(text)
    if words is None or STEPS.search(words):
        return _Instructions()
    words = _SUPPLY.sub(" ", words)
    most, words = _most(words)
    read = _by_scheme(words) or _by_events(words) or _by_rhythm(words)
    if read is None:
        return _Instructions()
    return _Instructions(read.amount, read.times, most)


def _numbers_written_out(text: str) -> str | None:
    """The text with every number in one form; None where one may be either of two numbers ("1.000 mg")."""
    words = _BRACKETS.sub(" ", _PLURAL.sub("s", plain(text.translate(_FRACTIONS))))
    if COMMA_LANGUAGE.search(words):
        if "," in words and _GROUPED.search(words):
            return None
    elif "," in words:
        words = _GROUPED.sub(r"\1\2", words)
    if _POINT_AND_THREE.search(words):
        return None
    words = _SPACED.sub(r"\1\2", words)
    if _NEARLY_SPACED.search(words):
        return None
    words = _COMMA.sub(r"\1.\2", words) if "," in words else words
    words = _AND_A_HALF.sub(lambda found: f"{NUMBERS.get(found[1], found[1])}.5", words)
    return _HALF_A.sub("half", words)


def _most(words: str) -> tuple[Amount | None, str]:
    found = list(_MOST.finditer(words))
    if len(found) != 1:
        return None, words
    number = _decimal(found[0]["low"])
    unit = found[0]["unit"]
    most = Amount(Interval.exactly(number), UNIT_WORDS.get(unit, unit) if unit else "tablet") if number else None
    return most, f"{words[: found[0].start()]} {words[found[0].end() :]}"


def _by_scheme(words: str) -> _Instructions | None:
    """A scheme such as "2-0-2", of one piece each where no other amount is told; "4D2T" in Dutch."""
    dutch = _DUTCH.search(words)
    if dutch is not None:
        amount, times = Decimal(dutch[2]), Decimal(dutch[1])
        if not amount or not times or _LEFT.search(f"{words[: dutch.start()]} {words[dutch.end() :]}"):
            return None
        return _Instructions(Amount(Interval.exactly(amount), "tablet"), Interval.exactly(times))
    schemes = list(_SCHEME.finditer(words))
    if len(schemes) != 1:
        return None
    total = Decimal(sum(int(part) for part in schemes[0].groups() if part))
    left = f"{words[: schemes[0].start()]} {words[schemes[0].end() :]}"
    amounts, left = _taken_out(left)
    if not total or len(amounts) > 1 or _LEFT.search(left):
        return None
    return _Instructions(
        amounts[0] if amounts else Amount(Interval.exactly(Decimal(1)), "tablet"), Interval.exactly(total)
    )


def _by_events(words: str) -> _Instructions | None:
    """The doses of a day added, where each has its time: "2 tablets in the morning and 3 at night"."""
    if len(list(EVENTS.finditer(words))) < 2 or any(pattern.search(words) for _, pattern, _ in RHYTHMS):  # noqa: PLR2004
        return None
    total, unit, doses = Decimal(0), None, 0
    for part in re.split(r"\band\b|\bund\b|\bet\b|\by\b|[,;]", words):
        events = len({found.lastindex for found in EVENTS.finditer(part)})
        amounts, left = _taken_out(part)
        if not amounts and unit and (bare := re.search(rf"\b(?:{NUMBER})\b", part)):
            amounts = [Amount(Interval.exactly(_decimal(bare[0]) or Decimal(0)), unit)]
            left = part.replace(bare[0], " ", 1)
        if len(amounts) > 1 or _LEFT.search(left) or bool(amounts) != bool(events):
            return None
        for amount in amounts:
            if unit not in {None, amount.unit} or not amount.amount.is_exact or amount.amount.high is None:
                return None
            unit, doses = amount.unit, doses + 1
            total += amount.amount.high * events
    return (
        _Instructions(Amount(Interval.exactly(total), unit), Interval.exactly(Decimal(1)))
        if unit and doses > 1
        else None
    )


def _by_rhythm(words: str) -> _Instructions | None:
    """One amount and one rhythm, or either of them; nothing where a number is left over."""
    total = list(_DAILY_TOTAL.finditer(words))
    if len(total) == 1:
        number = _decimal(total[0]["low"])
        left = f"{words[: total[0].start()]} {words[total[0].end() :]}"
        if number is None or _LEFT.search(left) or any(pattern.search(left) for _, pattern, _ in RHYTHMS):
            return None
        unit = UNIT_WORDS.get(total[0]["unit"], total[0]["unit"])
        return _Instructions(Amount(Interval.exactly(number), unit), Interval.exactly(Decimal(1)))
    bare_daily = _BARE_DAILY.search(words)
    if (
        bare_daily is not None
        and (number := _decimal(bare_daily["low"]))
        and not _LEFT.search(words[bare_daily.end() :])
    ):
        return _Instructions(Amount(Interval.exactly(number), "tablet"), Interval.exactly(Decimal(1)))
    amounts, left = _taken_out(words)
    rhythms: set[tuple[Decimal, Decimal]] = set()
    for letters, pattern, rhythm in RHYTHMS:
        found = list(pattern.finditer(left)) if letters in left else []
        for match in found:
            span = _rhythm(match, rhythm)
            if span is None:
                return None
            rhythms.add(span)
        left = pattern.sub(" @ ", left) if found else left
    if not amounts and (bare := _BARE.search(left)):
        low, high = _decimal(bare["low"]), _decimal(bare["high"] or bare["low"])
        if low is not None and high is not None and low <= high:
            amounts, left = [Amount(Interval(low, high), "tablet")], left[bare.end() :]
    if _LEFT.search(left) or len(amounts) > 1:
        return None
    return _Instructions(amounts[0] if amounts else None, _times_of(rhythms, left))


def _times_of(rhythms: set[tuple[Decimal, Decimal]], left: str) -> Interval | None:
    events = Decimal(len({event.lastindex for event in EVENTS.finditer(left)}))
    if not rhythms and events:
        return Interval.exactly(events)
    if len(rhythms) != 1:
        return None
    low, high = next(iter(rhythms))
    # "Daily in the morning" is once; "three times a day and at bedtime" is not clear.
    is_clear = not events or events == low or (low == 1 and events == 1)
    return Interval(low, high) if is_clear and 0 < low <= high else None


def _taken_out(words: str) -> tuple[list[Amount], str]:
    """The different amounts of a text, and the text without them."""
    found: dict[tuple[Decimal | None, Decimal | None, str], Amount] = {}
    for letter, pattern, reading in _AMOUNTS:
        matches = list(pattern.finditer(words)) if letter in words else []
        for match in matches:
            for amount in reading(match):
                found[amount.amount.low, amount.amount.high, amount.unit] = amount
        words = pattern.sub(" ", words) if matches else words
    return list(found.values()), words


def _equal(match: re.Match[str]) -> Iterator[Amount]:
    number, unit = _decimal(match["low"] or match["low2"]), match["unit"] or match["unit2"]
    if number is not None:
        yield Amount(Interval.exactly(number), unit)


def _product(match: re.Match[str]) -> Iterator[Amount]:
    groups = match.groupdict()
    count = _decimal(groups["count"])
    each = _decimal(next(groups[name] for name in ("each", "each2", "each3") if groups.get(name)))
    unit = next(groups[name] for name in ("unit", "unit2", "unit3") if groups.get(name))
    if count is not None and each is not None:
        yield Amount(Interval.exactly(count * each), unit)


def _single(match: re.Match[str]) -> Iterator[Amount]:
    low, high = _decimal(match["low"]), _decimal(match["high"] or match["low"])
    if low is not None and high is not None and low <= high:
        yield Amount(Interval(low, high), UNIT_WORDS.get(match["unit"], match["unit"]))


_AMOUNTS = (
    ("=", _EQUAL, _equal),
    ("g", _PRODUCT, _product),
    ("x", _PRODUCT_AFTER, _product),
    ("", _AMOUNT, _single),
)
"""The ways to write an amount, each with a letter without which it is not found."""


def _rhythm(match: re.Match[str], rhythm: str) -> tuple[Decimal, Decimal] | None:
    if rhythm not in {"hours", "times"}:
        return Decimal(rhythm), Decimal(rhythm)
    low, high = _decimal(match["low"]), _decimal(match.groupdict().get("high") or match["low"])
    if low is None or high is None or not 0 < low <= high:
        return None
    return (_HOURS / high, _HOURS / low) if rhythm == "hours" else (low, high)


def _decimal(word: str) -> Decimal | None:
    number = NUMBERS.get(word, word)
    if "/" in number:
        top, _, bottom = number.partition("/")
        return Decimal(top) / Decimal(bottom) if int(bottom) else None
    return Decimal(number)
