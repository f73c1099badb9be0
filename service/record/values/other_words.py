"""Other words: whether the words of an entry name something that is known, and that no rule judges.

A list proves that something is not there only by entries that are understood. English words alone do not make an
entry understood: "legs giving way" and "pain pills" are plain English, match no value set, and may mean what the rules
ask about. So an entry without a code that tells counts as read when each of its parts names something known: what a
value set finds, or one of the words in ``rules/other_words.yaml``. A word too few there makes a fact unknown and is
named; a word too many is silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from service.knowledge.cache import Cached, uncached
from service.knowledge.model import OtherWords
from service.record.values.caseless import Span
from service.record.values.code_systems import ICD_10_CM, plain_code
from service.record.values.concept import Coding
from service.record.values.english import is_known
from service.record.values.foreign import is_foreign
from service.record.values.rare import Rare
from service.record.values.whole_words import Alternative, WholeWords, read_alternatives

__all__ = ["KnownWords", "has_strange_words", "parts_of", "says_nothing"]

_PART = Rare(
    r"\s*(?:[,;&+\n]|(?<=[a-z]{2})/(?=[a-z]{2})|\.(?=\s)|:(?=\s)|(?<=[a-z])\s+-+\s+"
    r"|\b(?:and|or|plus|with|due to|secondary to|because of|but)\b)\s*"
)
_PART_OF_ALLERGY = Rare(r"\s*(?:[,;&+/\n()]|\band\b|\bor\b|\bplus\b)\s*")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_FEW = 3
"""One word in so many may be left over beside what a part names."""
_LEAST_LETTERS = 3
"""Shorter ones are levels of the spine, sides and small words."""
_STRANGE = 2
"""So many words of no language that is read here are more than a name."""
_STATEMENT = 4
"""So many words left over beside what a value set finds say something of their own."""


def parts_of(text: str) -> Iterator[Span]:
    """Where the parts of a text stand that say one thing each."""
    start = 0
    for cut in _PART.finditer(text):
        if text[start : cut.start()].strip():
            yield start, cut.start()
        start = cut.end()
    if text[start:].strip():
        yield start, len(text)


class KnownWords:
    """The words of what no rule judges, prepared once."""

    def __init__(self, words: OtherWords, cached: Cached = uncached) -> None:
        """``cached`` holds what is worked out from the words."""
        read = cached("other-words", lambda: _vocabularies(words))
        self._substances, self._known, self._orders, self._filling, self._beside = map(WholeWords, read)
        self._reactions = frozenset(words.reactions)
        self._of_no_substance = tuple(plain_code(ICD_10_CM, code) for code in words.codes_of_no_substance)
        self._ours_perhaps = Rare("|".join(words.orders_perhaps_ours) or "(?!)")
        self._other_words = words

    def substances_of(self, text: str) -> list[str]:
        """What the text of an allergy lists, one by one, without parts that only say how somebody reacts."""
        parts = (part for part in _PART_OF_ALLERGY.apart(text) if part)
        return [part for part in parts if not all(word.casefold() in self._reactions for word in _WORD.findall(part))]

    def is_of_no_substance(self, coding: Coding) -> bool:
        """Whether the code of an allergy does not tell what it is to."""
        return coding.system == ICD_10_CM and plain_code(ICD_10_CM, coding.code).startswith(self._of_no_substance)

    def is_substance(self, part: str) -> bool:
        """Whether a part names a food, something in the surroundings, or a class of drugs that no rule judges."""
        return self._substances.are_in(part)

    def is_order(self, text: str) -> bool:
        """Whether the words of an order show that it is something no rule judges, such as a blood count.

        Product choice: a false "something else" hides an order, so words that may speak of the spine, an injection or a
        device win over these.
        """
        return self._orders.are_in(text) and self._ours_perhaps.search(text) is None

    def is_plainly_another_order(self, text: str) -> bool:
        """Whether each word of an order is English, and none may speak of what the rules judge."""
        return self._ours_perhaps.search(text) is None and not has_strange_words(text) and not self.says_nothing(text)

    def says_nothing(self, text: str) -> bool:
        """Whether the words of an order do not tell what is ordered: "other", "see note"."""
        return says_nothing(text, self._other_words)

    def are_all_known(self, text: str, explained: Sequence[Span], denied: Sequence[Span] = ()) -> bool:
        """Whether every part of a text names something: by a stretch that a value set explains, or by a known word.

        A part of which a danger that is ``denied`` is the whole ("no kidney disease") names that. Parts
        that name nothing by themselves ("left", "since 2019") are passed over; a text of such parts alone is not read.
        """
        named = 0
        for start, end in parts_of(text):
            spans = [one for one in explained if one[0] < end and start < one[1]]
            most = _STATEMENT - 1
            if not spans:
                spans = list(self._known.spans(text, start, end))
                most = len(_WORD.findall(text, start, end)) // _FEW if spans else 0
            if not spans:
                spans = [one for one in denied if one[0] < end and start < one[1]]
            left = list(islice(self._left_over(text, start, end, spans), most + 1))
            if len(left) > most or _strange(left) >= _STRANGE:
                return False
            named += bool(spans)
        return named > 0

    def _left_over(self, text: str, start: int, end: int, spans: Sequence[Span]) -> Iterator[str]:
        """The words of a part that neither a stretch nor a filling word covers."""
        filling = self._beside if spans else self._filling
        covered = [*spans, *filling.spans(text, start, end)]
        for word in _WORD.finditer(text, start, end):
            if not (_is_within(word.span(), covered) or _meets(word.span(), spans)):
                yield word[0]


def _is_within(span: Span, others: Iterable[Span]) -> bool:
    first, last = span
    for start, end in others:  # noqa: SIM110  # the quickest way to ask it for every word of a text
        if start <= first and last <= end:
            return True
    return False


def _meets(span: Span, others: Iterable[Span]) -> bool:
    first, last = span
    for start, end in others:  # noqa: SIM110
        if start < last and first < end:
            return True
    return False


def _vocabularies(words: OtherWords) -> tuple[list[Alternative], ...]:
    problems, filling = (*words.problems, *words.procedures), words.filling
    return tuple(map(read_alternatives, (words.substances, problems, words.orders, filling, (*filling, *words.beside))))


def says_nothing(text: str, words: OtherWords) -> bool:
    """Whether the words of an order, or its want of words, do not tell what is ordered: "other", "see note", "1"."""
    return all(word.casefold() in words.orders_saying_nothing for word in _WORD.findall(text))


def has_strange_words(text: str) -> bool:
    """Whether a word is in another language or a short form that nobody here knows; True for a text without words."""
    words = [word for found in _WORD.findall(text) if len(word := found.casefold()) >= _LEAST_LETTERS]
    return is_foreign(text) or not words or not all(map(is_known, words))


def _strange(words: Iterable[str]) -> int:
    """How many words are not English, or are an abbreviation that may be anything."""
    return sum(1 for word in words if (word.isupper() and len(word) > 1) or not is_known(word.casefold()))
