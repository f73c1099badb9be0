"""Danger: words of a problem that its match does not explain, and that may be what a drug must not meet.

An English text that no pattern finds says something else, as a rule. Where it names an organ, an event or a drug that
the rules ask about ("solitary kidney", "warfarin therapy"), that is not sure: then it was not read. What a pattern
found is explained; what is denied, or said of the family, is no danger. The words are content and stand in
``rules/danger_words.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from service.bounded import Bounded
from service.knowledge.cache import Cached, uncached
from service.knowledge.model import DangerTerms, ValueSet
from service.record.values.caseless import Span
from service.record.values.code_systems import RXNORM
from service.record.values.negation import Guards, is_denied
from service.record.values.pattern_literals import LiteralIndex
from service.record.values.set_names import DRUGS
from service.record.values.whole_words import Alternative, WholeWords, read_alternatives

__all__ = ["DangerWords", "Dangers"]

_SHORTEST_NAME = 6
_CACHED = 20_000


def _names_of_drugs(value_sets: Mapping[str, ValueSet]) -> Iterator[str]:
    for name, value_set in value_sets.items():
        if name.startswith(DRUGS):
            for code in value_set.codes:
                if code.system == RXNORM and code.display and code.display.isalpha():
                    yield code.display.casefold()


def _vocabularies(value_sets: Mapping[str, ValueSet], terms: DangerTerms) -> tuple[list[Alternative], ...]:
    """The words of danger, drugs marked; those of red flags; and those that only sound like a danger."""
    names = set(_names_of_drugs(value_sets)) - {*terms.harmless_drugs} if terms.problems else set()
    drugs = [*terms.drugs, *sorted(one for one in names if len(one) >= _SHORTEST_NAME)] if terms.problems else []
    words = read_alternatives(terms.problems, drugs)
    return words, read_alternatives(terms.red_flags), read_alternatives(terms.harmless)


class Dangers(Struct, frozen=True):
    """Where words of a text sound like a danger and are ``harmless``, are ``denied``, or tell it: and if of a drug."""

    harmless: tuple[Span, ...] = ()
    denied: tuple[Span, ...] = ()
    told: tuple[tuple[Span, bool], ...] = ()

    def unexplained(self, explained: Iterable[Span]) -> tuple[bool, bool]:
        """Whether a word of danger stands outside the stretches that are explained, and whether one names a drug."""
        if not self.told:
            return False, False
        spans = [*explained, *self.harmless]
        found = [
            is_drug
            for (first, last), is_drug in self.told
            if not any(first < end and start < last for start, end in spans)
        ]
        return bool(found), any(found)


class DangerWords:
    """The words of danger, with the names of the drugs that some value sets judge."""

    def __init__(self, value_sets: Mapping[str, ValueSet], terms: DangerTerms, cached: Cached = uncached) -> None:
        """Those of all ``value_sets`` that begin with ``med-`` hold the drugs. Without terms nothing is a danger.

        ``cached`` holds what is worked out from the words.
        """
        words, red_flags, harmless = cached("danger-words", lambda: _vocabularies(value_sets, terms))
        self._words = WholeWords(words)
        self._red_flags = WholeWords(red_flags)
        self._harmless = WholeWords(harmless)
        literals = [one.literals for one in (*words, *red_flags)]
        self._needed = None if None in literals else tuple({one for each in literals for one in each or ()})
        self._known: Bounded[str, Dangers] = Bounded(_CACHED)

    @cached_property
    def _any(self) -> LiteralIndex:
        return LiteralIndex([self._needed])

    def may_stand_in(self, text: str) -> bool:
        """Whether a text may hold a word of danger or of a red flag: one look tells it of most that hold none."""
        return bool(self._any.indexes(text))

    def read(self, text: str, guards: Guards) -> Dangers:
        """The words of danger in a text, and what sounds like one; ``guards`` are those that may be found in it."""
        found = self._known.get(text)
        if found is None:
            told = list(self._words.told_apart(text))
            denied = [span for span, _ in told if is_denied(text, span, guards)]
            there = tuple([(span, is_drug) for span, is_drug in told if span not in denied])
            found = self._known[text] = Dangers(tuple(self._harmless.spans(text)), tuple(denied), there)
        return found

    def red_flags_in(self, text: str, guards: Guards) -> Dangers:
        """The words of red flags in a text, and what sounds like a danger and is none."""
        told = tuple((span, False) for span in self._red_flags.spans(text) if not is_denied(text, span, guards))
        return Dangers(tuple(self._harmless.spans(text)) if told else (), told=told)

    def words_of(self, text: str) -> frozenset[str]:
        """The words of danger in a text, in small letters."""
        return frozenset(text[first:last].casefold() for (first, last), _ in self.read(text, Guards()).told)

    def names_red_flag(self, text: str, explained: Sequence[Span] = ()) -> bool:
        """Whether words that were not read speak of a red flag, outside the stretches that are explained."""
        return any(
            all(last <= start or end <= first for start, end in explained)
            for first, last in self._red_flags.spans(text)
        )
