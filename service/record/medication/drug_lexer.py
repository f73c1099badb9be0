"""Drug lexer: a drug's text as items: names, brands, strengths, words that name nothing, words not known, joiners.

Names are found as whole words, case-blind, the longest first, and in several spellings (see ``drug_spelling.py``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import IntEnum, auto
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import TypeVar

from msgspec import Struct

from service.record.medication.drug_spelling import SHORTEST_KEY, consonants, key, plain, without_salt
from service.record.medication.drug_words import (
    COMPANIES,
    EXPLAINED,
    INSTRUCTIONS,
    SALTS,
    STRONG_JOINERS,
    UNITS,
    VOLUMES,
    WEAK_JOINERS,
)
from service.record.values.negation import DRUG_NEGATIONS

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*|[^\sa-z0-9]")
_SHORTEST_BRAND = 4
_SHORTEST_BEGINNING = 7
_SHORTEST_SKELETON = 5
_SHORTEST_UNKNOWN = 3
_PREFIXES = frozenset({"n", "d", "l", "dl", "o", "r", "s", "p", "m", "nor", "des", "cis"})
"""Before a hyphen, these make another substance of the name after it."""

_LONGEST_NUMBER = 12
_CACHED = 20_000
MOST_STRANGE = 12
"""After so many words that are not known, names are no longer looked for in other spellings, which is costly."""
_PARTS = 2
_MEANS_MORE = DRUG_NEGATIONS | STRONG_JOINERS | WEAK_JOINERS
_EITHER = re.compile(r"[1-9]\d{0,2}\.\d{3}")
"""A thousand in one language and a one with three decimals in another."""
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_MILLIGRAMS = {
    **dict.fromkeys(("mg", "mgs", "milligram", "milligrams"), Decimal(1)),
    **dict.fromkeys(("mcg", "ug", "mug", "microgram", "micrograms"), Decimal("0.001")),
    **dict.fromkeys(("g", "gm", "gram", "grams"), Decimal(1000)),
}
_OTHER = "OTHER"
_PER = {
    **dict.fromkeys(("ml", "cc", "milliliter", "milliliters"), "ML"),
    **dict.fromkeys(("hr", "h", "hour", "hours"), "HR"),
    **dict.fromkeys(("actuat", "actuation", "puff", "spray"), "ACTUAT"),
}

Codes = frozenset[str]
Products = Sequence[Codes]
_Meaning = TypeVar("_Meaning")


class Kind(IntEnum):
    """What one item of a text is."""

    NAME = auto()
    BRAND = auto()
    STRENGTH = auto()
    UNKNOWN = auto()
    PLAIN = auto()
    JOINER = auto()
    BREAK = auto()


class Item(Struct, frozen=True, gc=False):
    """One item: its words, the ingredients a name means, the brand and its products, the strength and per what."""

    kind: Kind
    text: str
    codes: Codes = frozenset()
    brand: str = ""
    products: Products = ()
    strength_mg: Decimal | None = None
    per: str = ""


class DrugLexer:
    """Takes texts apart. ``names`` leads from a name to codes; ``brands`` from a brand to its products."""

    def __init__(self, names: Mapping[str, Codes], brands: Mapping[str, Products]) -> None:
        self._names = {tuple(_TOKEN.findall(plain(name))): codes for name, codes in names.items()}
        self._brands: dict[tuple[str, ...], tuple[str, Products]] = {}
        for brand, products in brands.items():
            words = tuple(_TOKEN.findall(plain(brand)))
            # "Alka-Seltzer" is also written "Alka Seltzer".
            for form in (words, tuple(word for word in words if word != "-")):
                if form not in self._names and not all(word in EXPLAINED for word in form):
                    self._brands.setdefault(form, (brand, products))
        self._longest: dict[str, int] = {}
        for tokens in (*self._names, *self._brands):
            if tokens:
                self._longest[tokens[0]] = max(self._longest.get(tokens[0], 0), len(tokens))
        self._respelt = lru_cache(_CACHED)(self._other_spelling)
        plain_words = EXPLAINED - self._longest.keys() - _MEANS_MORE
        self._explained = {word: Item(Kind.PLAIN, word) for word in plain_words if word[0].isalpha()}

    def items(self, text: str) -> list[Item]:
        """The items of a plain text (see ``plain``), up to where its instructions begin."""
        return list(_Scan(self, text).items())

    def at(self, tokens: Sequence[str], position: int, *, after_name: bool, respells: bool) -> tuple[int, Item | None]:
        """The longest name or brand that begins at a position, in another spelling too, and its number of tokens."""
        first = tokens[position]
        for length in range(min(self._longest.get(first, 0), len(tokens) - position), 0, -1):
            words = tuple(tokens[position : position + length])
            codes = self._names.get(words)
            if codes is not None:
                # "losartan potassium": a salt of what stands before it.
                is_salt = length == 1 and first in SALTS and after_name
                return (0, None) if is_salt else (length, Item(Kind.NAME, " ".join(words), codes))
            brand = self._brands.get(words)
            if brand is not None and (len("".join(words)) >= _SHORTEST_BRAND or position == 0):
                return length, Item(Kind.BRAND, " ".join(words), brand=brand[0], products=brand[1])
        respelt = self._respelt(first) if respells and first not in EXPLAINED else None
        return (1, Item(Kind.NAME, first, respelt)) if respelt else (0, None)

    def plainly(self, word: str, *, respells: bool) -> Item | None:
        """What a word is that begins no name, joins nothing and denies nothing; None for every other word."""
        item = self._explained.get(word)
        if item is not None:
            return item
        if word in self._longest or word in _MEANS_MORE or not word[0].isalpha():
            return None
        if len(word) < _SHORTEST_UNKNOWN:
            return Item(Kind.PLAIN, word)
        return None if respells and self._respelt(word) else Item(Kind.UNKNOWN, word)

    def _other_spelling(self, word: str) -> Codes | None:
        """An ingredient in another spelling, with a joined salt, or cut short ("hydrochlorothiaz")."""
        for form in (word, without_salt(word)):
            if form is None:
                continue
            found = self._names.get((form,)) or (self._keys.get(key(form)) if len(form) >= SHORTEST_KEY else None)
            if found:
                return found
        if len(word) < _SHORTEST_BEGINNING:
            return None
        # Unique among all names, not only among those of our classes.
        longer = {codes for name, codes in self._beginning_with(word) if len(name) <= 2 * len(word)}
        if longer:
            return longer.pop() if len(longer) == 1 else None
        return self._without_vowels(word)

    def _without_vowels(self, word: str) -> Codes | None:
        """An ingredient whose name lost vowels ("acetaminophn"); one with other vowels is a misspelling and is not."""
        skeleton = consonants(word)
        found = self._skeletons.get(skeleton) if len(skeleton) >= _SHORTEST_SKELETON else None
        if found is None:
            return None
        name, codes = found
        letters = iter(name)
        return codes if all(letter in letters for letter in word) else None

    def _beginning_with(self, word: str) -> Iterator[tuple[str, Codes]]:
        """The names of one word that begin with another."""
        for position in range(bisect_left(self._single_names, word), len(self._single)):
            if not self._single_names[position].startswith(word):
                return
            yield self._single[position]

    @cached_property
    def _single_names(self) -> Sequence[str]:
        return [name for name, _ in self._single]

    @cached_property
    def _single(self) -> Sequence[tuple[str, Codes]]:
        """The names of one word."""
        found = ((tokens[0], codes) for tokens, codes in self._names.items() if len(tokens) == 1)
        return sorted(found, key=itemgetter(0))

    @cached_property
    def _keys(self) -> Mapping[str, Codes]:
        return _unique((key(name), codes) for name, codes in self._single)

    @cached_property
    def _skeletons(self) -> Mapping[str, tuple[str, Codes]]:
        return _unique((consonants(name), (name, codes)) for name, codes in self._single)


class _Scan:
    """One pass over one text."""

    def __init__(self, lexer: DrugLexer, text: str) -> None:
        self._lexer = lexer
        self._text = text
        self._tokens: list[str] = _TOKEN.findall(text)
        self._position = 0
        self._previous = Kind.BREAK
        self._negated = False
        self._strange = 0

    @cached_property
    def _glued(self) -> Sequence[bool]:
        """Which tokens follow the one before them without a blank."""
        ends = [0, *(match.end() for match in _TOKEN.finditer(self._text))]
        starts = (match.start() for match in _TOKEN.finditer(self._text))
        return [position > 0 and start == end for position, (start, end) in enumerate(zip(starts, ends, strict=False))]

    def items(self) -> Iterator[Item]:
        tokens, plainly = self._tokens, self._lexer.plainly
        while self._position < len(tokens):
            word = tokens[self._position]
            if word in INSTRUCTIONS and self._previous is not Kind.BREAK:
                return
            item = plainly(word, respells=self._strange < MOST_STRANGE)
            if item is None:
                item = self._number() if word[0].isdigit() else self._named() or self._other()
            else:
                self._position += 1
            self._strange += item.kind is Kind.UNKNOWN
            if item.kind is not Kind.PLAIN or self._previous is Kind.BREAK:
                self._previous = item.kind
            yield item

    def _ahead(self, count: int = 0) -> str:
        position = self._position + count
        return self._tokens[position] if position < len(self._tokens) else ""

    def _number(self) -> Item:
        number, unit = self._ahead(), self._ahead(1)
        if unit not in UNITS and unit != "%":
            self._position += 1
            return Item(Kind.PLAIN, number)
        self._position += 2
        strength, per = _milligrams(number, unit), ""
        if self._ahead() in {"/", "-"}:
            # "/5 mL", "/mL", "-mcg" belong to the strength.
            amount = self._ahead(1) if self._ahead(1)[:1].isdigit() else ""
            after = self._ahead(2 if amount else 1)
            if after in VOLUMES | UNITS:
                self._position += 3 if amount else 2
                per = _PER.get(after, _OTHER)
                divisor = _decimal(amount) if amount else Decimal(1)
                strength = strength / divisor if strength is not None and divisor and per != _OTHER else None
        return Item(Kind.STRENGTH, number, strength_mg=strength, per=per)

    def _named(self) -> Item | None:
        """The name or brand here, taken for a plain word where it is said not to be in the product."""
        if self._position and self._changes_name():
            return None
        after_name = self._previous in {Kind.NAME, Kind.BRAND}
        length, item = self._lexer.at(
            self._tokens, self._position, after_name=after_name, respells=self._strange < MOST_STRANGE
        )
        if item is None:
            return None
        self._position += length
        if self._ahead() == "-" and self._ahead(1) == "free":
            self._position += 2
            return Item(Kind.PLAIN, item.text)
        return Item(Kind.PLAIN, item.text) if self._negated or self._ahead() == "free" else item

    def _changes_name(self) -> bool:
        """Whether the hyphen and what stands before it make another substance: "n-codeine", "5-ASA"."""
        if self._ahead(-1) != "-" or not self._glued[self._position]:
            return False
        before = self._tokens[self._position - 2] if self._position > 1 else ""
        return before not in COMPANIES and (not before or before[0].isdigit() or before in _PREFIXES)

    def _other(self) -> Item:
        word = self._ahead()
        kind = self._kind(word)
        if word in DRUG_NEGATIONS:
            following = next((token for token in self._tokens[self._position + 1 :] if token not in {".", "#"}), "")
            # "Tylenol No. 3"
            self._negated = not following[:1].isdigit()
        elif kind in {Kind.BREAK, Kind.JOINER}:
            self._negated = False
        self._position += 1
        return Item(kind, word)

    def _kind(self, word: str) -> Kind:
        if word in WEAK_JOINERS:
            return Kind.BREAK
        if word == "-":
            joins = self._previous in {Kind.NAME, Kind.BRAND} and self._glued[self._position] and self._ahead(1)
            return Kind.JOINER if joins else Kind.PLAIN
        if word == "/":
            before = self._tokens[self._position - 1] if self._position else ""
            return Kind.PLAIN if before[:1].isdigit() else Kind.JOINER
        if word in STRONG_JOINERS:
            return Kind.JOINER
        if not word[0].isalpha() or len(word) < _SHORTEST_UNKNOWN or word in EXPLAINED:
            return Kind.PLAIN
        return Kind.UNKNOWN


def _milligrams(number: str, unit: str) -> Decimal | None:
    factor, value = _MILLIGRAMS.get(unit), _decimal(number)
    return value * factor if factor is not None and value is not None else None


def _decimal(number: str) -> Decimal | None:
    """The number, with a comma for the decimal point or between thousands; None when it may be either ("1.000")."""
    if len(number) > _LONGEST_NUMBER or _EITHER.fullmatch(number):
        return None
    digits = _THOUSANDS.sub("", number)
    parts = digits.replace(",", ".").split(".")
    return Decimal(".".join(parts)) if len(parts) <= _PARTS else None


def _unique(pairs: Iterable[tuple[str, _Meaning]]) -> dict[str, _Meaning]:
    """Keys with the one thing they mean; those with several are left out."""
    found: dict[str, _Meaning] = {}
    doubtful = set()
    for word, meaning in pairs:
        if found.setdefault(word, meaning) != meaning:
            doubtful.add(word)
    return {word: meaning for word, meaning in found.items() if word not in doubtful}
