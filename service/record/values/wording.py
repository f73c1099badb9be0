"""Wording: what one wording of the record says of the value sets, worked out once for each text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from service.bounded import Bounded
from service.knowledge.cache import Cached
from service.knowledge.model import ValueSet
from service.record.values.caseless import Caseless, Span
from service.record.values.code_sets import CodeSets
from service.record.values.code_systems import ICD_10, ICD_10_CM, codes_written_in
from service.record.values.english import is_english
from service.record.values.negation import GUARDS, NO_GUARDS, Guards, Said, said
from service.record.values.pattern_literals import LiteralIndex, literals_of, within
from service.record.values.set_names import ORDERS, PLACES, QUESTIONS

__all__ = ["Named", "Wording", "Wordings"]

Named = tuple[str, tuple[Span, ...]]
"""A value set and the stretches of a text that name what is in it."""

_CACHED = 20_000
_ACTIONS = (*ORDERS, "procedure-", "proc-", "med-")
"""Value sets of what one orders or does, by the beginning of their name."""
_NOTHING: frozenset[str] = frozenset()


class Wording(Struct, frozen=True):
    """One text: the value sets that its words name, and whether it speaks of now or of the past, or only asks.

    ``named`` are those whose patterns find something, whatever is said of it, ``codes`` those of ICD-10 that stand in
    it. Of ``doubtful`` ones it may say yes or no. ``guards`` are those whose words stand in it.
    """

    text: str
    guards: Guards
    named: tuple[Named, ...] = ()
    codes: tuple[str, ...] = ()
    now: frozenset[str] = _NOTHING
    past: frozenset[str] = _NOTHING
    suspected: frozenset[str] = _NOTHING
    doubtful: frozenset[str] = _NOTHING

    @property
    def is_english(self) -> bool:
        """Whether it could be understood: it names something, if to deny it, or is English about something else.

        A place alone ("Lumbalbereich") does not tell what is there.
        """
        named = (*self.now, *(name for name, _ in self.named))
        return any(not name.startswith(PLACES) for name in named) or is_english(self.text)

    @property
    def spans_of_codes(self) -> Iterator[Span]:
        """Where the codes of ICD-10 stand."""
        for code in self.codes:
            start = self.text.find(code)
            yield start, start + len(code)


class Wordings:
    """The patterns of some value sets, prepared once."""

    def __init__(self, value_sets: Mapping[str, ValueSet], codes: CodeSets, cached: Cached) -> None:
        """``cached`` holds what is worked out from the patterns."""
        patterns = [(name, text) for name, value_set in value_sets.items() for text in value_set.patterns]
        self._patterns = [(name, Caseless(text)) for name, text in patterns]
        needed = cached(
            "literals",
            lambda: [
                *(within(literals_of(guard.pattern)) for guard in GUARDS),
                *(literals_of(text) for _, text in patterns),
            ],
        )
        self._which = LiteralIndex(needed)
        self._unless = {
            name: Caseless("|".join(f"(?:{text})" for text in one.unless))
            for name, one in value_sets.items()
            if one.unless
        }
        self._own_questions = _own_questions(value_sets)
        self._lasting = frozenset(name for name, one in value_sets.items() if one.lasts)
        self._codes = codes
        self._known: Bounded[str, Wording] = Bounded(_CACHED)

    def read(self, text: str) -> Wording:
        """What one text says."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._read(text)
        return found

    def _read(self, text: str) -> Wording:
        may_match = sorted(self._which.indexes(text))
        saying = [GUARDS[index] for index in may_match if index < len(GUARDS)]
        guards = Guards(saying) if saying else NO_GUARDS
        named = tuple(self._named_in(text, (index - len(GUARDS) for index in may_match if index >= len(GUARDS))))
        codes = tuple(codes_written_in(text))
        now = self._own_questions.get(_bare(text), _NOTHING).union(*map(self._sets_of, codes))
        if not named:
            return Wording(text, guards, codes=codes, now=now)
        told = [(self._answer(text, name, spans, guards), name) for name, spans in named]
        now = now.union(name for answer, name in told if answer is Said.PRESENT)
        return Wording(
            text,
            guards,
            named,
            codes,
            now,
            past=frozenset(name for answer, name in told if answer is Said.PAST),
            suspected=frozenset(name for answer, name in told if answer is Said.SUSPECTED),
            doubtful=frozenset(name for answer, name in told if answer is Said.DOUBTFUL) - now,
        )

    def _answer(self, text: str, name: str, spans: Sequence[Span], guards: Guards) -> Said:
        answer = said(text, spans, guards, of_action=name.startswith(_ACTIONS))
        return Said.PRESENT if answer is Said.PAST and name in self._lasting else answer

    def _named_in(self, text: str, indexes: Iterable[int]) -> Iterator[Named]:
        for index in indexes:
            name, pattern = self._patterns[index]
            spans = pattern.spans(text)
            if spans and not self._means_else(name, text):
                yield name, spans

    def _means_else(self, name: str, text: str) -> bool:
        unless = self._unless.get(name)
        return unless is not None and unless.search(text) is not None

    def _sets_of(self, code: str) -> frozenset[str]:
        """The value sets of a code in words: of either edition, for words do not tell which."""
        return self._codes.sets_of(ICD_10_CM, code) | self._codes.sets_of(ICD_10, code)


def _bare(text: str) -> str:
    return text.casefold().replace("-", " ").strip(" ?.:")


def _own_questions(value_sets: Mapping[str, ValueSet]) -> Mapping[str, frozenset[str]]:
    """The questions of ours in our own words or codes, which say the same under a code of somebody else."""
    found: dict[str, set[str]] = {}
    for name, value_set in value_sets.items():
        if name.startswith(QUESTIONS):
            for code in value_set.codes:
                for words in (code.display, code.code, code.code.removeprefix("answer-")):
                    found.setdefault(_bare(words), set()).add(name)
    return {words: frozenset(names) for words, names in found.items()}
