"""Danger: words of a problem that its match does not explain, and that may be what a drug must not meet.

An English text that no pattern finds says something else, as a rule. Where it names an organ, an event or a drug that
the rules ask about ("solitary kidney", "warfarin therapy"), that is not sure: then it was not read. What a pattern
found is explained; what is denied, or said of the family, is no danger. The words are content and stand in
``rules/danger_words.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from service.bounded import Bounded
from service.knowledge.model import DangerTerms, ValueSet
from service.record.values.caseless import Caseless, Span
from service.record.values.code_systems import RXNORM
from service.record.values.negation import Guards, is_denied

__all__ = ["DangerWords", "Dangers"]

_LETTERS = re.compile(r"[^\W_]+")
_SHORTEST_NAME = 6
_CACHED = 20_000
_NEVER = Caseless(r"(?!)")


def _names_of_drugs(value_sets: Mapping[str, ValueSet]) -> Iterator[str]:
    for name, value_set in value_sets.items():
        if name.startswith(("med-", "local-med-")):
            for code in value_set.codes:
                if code.system == RXNORM and code.display and code.display.isalpha():
                    yield code.display.casefold()


def _whole_words(pattern: str) -> Caseless:
    return Caseless(rf"\b(?:{pattern})\b")


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

    def __init__(self, value_sets: Mapping[str, ValueSet], terms: DangerTerms) -> None:
        """Those of all ``value_sets`` that begin with ``med-`` hold the drugs. Without terms nothing is a danger."""
        names = set(_names_of_drugs(value_sets)) - {*terms.harmless_drugs} if terms.problems else set()
        self._names = frozenset(one for one in names if len(one) >= _SHORTEST_NAME)
        drugs = "|".join((*terms.drugs, *sorted(self._names)))
        self._few_words = _whole_words("|".join((*terms.problems, *terms.drugs))) if terms.problems else _NEVER
        self._words = _whole_words(f"{'|'.join(terms.problems)}|(?P<drug>{drugs})") if terms.problems else _NEVER
        self._red_flags = _whole_words("|".join(terms.red_flags)) if terms.red_flags else _NEVER
        self._harmless = _whole_words("|".join(terms.harmless)) if terms.harmless else _NEVER
        self._known: Bounded[str, Dangers] = Bounded(_CACHED)

    def read(self, text: str, guards: Guards) -> Dangers:
        """The words of danger in a text, and what sounds like one; ``guards`` are those that may be found in it."""
        found = self._known.get(text)
        if found is None:
            words = self._words.finditer(text) if self._may_hold(text) else ()
            told = [(one.span(), one["drug"] is not None) for one in words]
            denied = [span for span, _ in told if is_denied(text, span, guards)]
            there = tuple([(span, is_drug) for span, is_drug in told if span not in denied])
            found = self._known[text] = Dangers(self._harmless.spans(text), tuple(denied), there)
        return found

    def red_flags_in(self, text: str, guards: Guards) -> Dangers:
        """The words of red flags in a text, and what sounds like a danger and is none."""
        spans = [one.span() for one in self._red_flags.finditer(text)]
        told = tuple((span, False) for span in spans if not is_denied(text, span, guards))
        return Dangers(self._harmless.spans(text) if told else (), told=told)

    def words_of(self, text: str) -> frozenset[str]:
        """The words of danger in a text, in small letters."""
        return frozenset(text[first:last].casefold() for (first, last), _ in self.read(text, Guards()).told)

    def _may_hold(self, text: str) -> bool:
        """Whether a text holds any of them at all."""
        # To look hundreds of names up is quicker than to try them all at every word.
        return not self._names.isdisjoint(_LETTERS.findall(text.casefold())) or self._few_words.search(text) is not None

    def names_red_flag(self, text: str, explained: Sequence[Span] = ()) -> bool:
        """Whether words that were not read speak of a red flag, outside the stretches that are explained."""
        found = (one.span() for one in self._red_flags.finditer(text))
        return any(all(last <= start or end <= first for start, end in explained) for first, last in found)
