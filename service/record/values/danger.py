"""Danger: words of a problem that its match does not explain, and that may be what a drug must not meet.

An English text that no pattern finds says something else, as a rule. Where it names an organ, an event or a drug that
the rules ask about ("solitary kidney", "warfarin therapy"), that is not sure: then it was not read. What a pattern
found is explained; what is denied, or said of the family, is no danger. The words are content and stand in
``rules/danger_words.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from service.knowledge.model import DangerTerms, ValueSet
from service.record.values.code_systems import RXNORM
from service.record.values.negation import is_denied

__all__ = ["DangerWords", "Span"]

Span = tuple[int, int]

_LETTERS = re.compile(r"[^\W_]+")
_SHORTEST_NAME = 6
_NEVER = re.compile(r"(?!)")


def _names_of_drugs(value_sets: Mapping[str, ValueSet]) -> Iterator[str]:
    for name, value_set in value_sets.items():
        if name.startswith(("med-", "local-med-")):
            for code in value_set.codes:
                if code.system == RXNORM and code.display and code.display.isalpha():
                    yield code.display.casefold()


def _whole_words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


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

    def may_hold(self, text: str) -> bool:
        """Whether a text holds any of them at all, explained or not."""
        # To look hundreds of names up is quicker than to try them all at every word.
        return not self._names.isdisjoint(_LETTERS.findall(text.casefold())) or self._few_words.search(text) is not None

    def names_red_flag(self, text: str) -> bool:
        """Whether words that were not read speak of a red flag."""
        return self._red_flags.search(text) is not None

    def harmless_in(self, text: str) -> Iterator[Span]:
        """The stretches that sound like a danger and are none, and the words of danger that are denied."""
        yield from (one.span() for one in self._harmless.finditer(text))
        if self.may_hold(text):
            yield from (one.span() for one in self._words.finditer(text) if is_denied(text, *one.span()))

    def unexplained(self, text: str, explained: Iterable[Span]) -> tuple[bool, bool]:
        """Whether a word of danger stands outside the stretches that are explained, and whether one names a drug."""
        spans = [*explained, *(one.span() for one in self._harmless.finditer(text))]
        found = [
            one
            for one in self._words.finditer(text)
            if not any(one.start() < end and start < one.end() for start, end in spans)
            and not is_denied(text, one.start(), one.end())
        ]
        return bool(found), any(one["drug"] for one in found)
