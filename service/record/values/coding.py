"""Coding: a CodeableConcept against the value sets (terminology.md section 3).

Every coding counts, not only the first; the system is normalised; ICD-10-CM and ATC descend by prefix; a
LOINC or SNOMED code with a wrong check digit is a typing error and matches nothing. ICD-10 of the WHO and its national
relatives are read by their categories, words by patterns: both are flagged, because they may raise an alarm and never
lift one. What neither code nor words can tell was not read, and that is not the same as something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from msgspec import Struct

from service.bounded import Bounded
from service.knowledge.cache import Cached, uncached
from service.knowledge.model import DangerTerms, OtherWords, ValueSet
from service.note import Note, NoteCode
from service.record.values.caseless import Caseless, Span
from service.record.values.code_sets import CodeSets
from service.record.values.code_systems import ICD_10, ICD_10_CM, canonical_system, check_digit_fault, is_fully_listed
from service.record.values.concept import (
    SPOKEN_SYSTEMS,
    concept_text,
    own_words,
    raw_codes,
    single_key,
    wordings,
)
from service.record.values.danger import DangerWords
from service.record.values.english import is_english
from service.record.values.negation import is_denied
from service.record.values.other_words import KnownWords
from service.record.values.set_names import ORDERS, PLACES, PROBLEMS, PROCEDURES
from service.record.values.wording import Wording, Wordings

__all__ = ["CodeIndex", "Danger", "Match", "canonical_system"]

_CACHED = 20_000
_LONGEST_TEXT = 400
_OF_PROBLEMS = (*PROBLEMS, "device-", "local-problem-", "local-no-information", "local-pregnancy-ended")
"""Value sets of what somebody has, by the beginning of their name: words that name it are understood as a problem."""
_OF_ACTIONS = (*ORDERS, *PROCEDURES)
_CONDITION = "Condition"
_SENTENCE = re.compile(r"(?<=[.;!])\s+|\n+")
_END = re.compile(r"[.;!\n]")
_MOST_SENTENCES = 40
_NORMAL = Caseless(r"\b(?:normal|unremarkable|within normal limits|intact)\b")
_ALLERGY = Caseless(r"\ballerg\w*|\banaphyla\w*|\bintoleran\w*|\bhypersensitiv\w*|\bbronchospasm|\bangio-?o?edema")
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """The value sets a concept lies in.

    ``by_text`` says that no coding matched and only the words did: lower confidence, never reason enough
    to make anything absent; ``by_category`` the same of a code of ICD-10 that is not the clinical modification.
    ``said_too`` are sets that only the words name although a coding matched another. ``past_sets`` are those whose
    words are about the past ("history of ..."): they count as history, not as present, and are not in ``sets``; nor are
    ``suspected_sets``, which the words only ask about ("rule out ...").
    ``text`` is what the concept says in words; ``notes`` caveats such as a wrong check digit. ``is_read`` is False when
    neither codes nor words could be understood, or they say that nothing is known: then it may be anything.
    """

    sets: frozenset[str]
    by_text: bool
    text: str
    notes: tuple[Note, ...] = ()
    past_sets: frozenset[str] = _NOTHING
    suspected_sets: frozenset[str] = _NOTHING
    said_too: frozenset[str] = _NOTHING
    by_category: bool = False
    is_read: bool = True

    @property
    def all_sets(self) -> frozenset[str]:
        """The value sets that codes or words name, whatever the words say of now or of the past."""
        return self.sets | self.past_sets | self.suspected_sets | self.said_too


NOTHING_KNOWN = "nothing-known"
"""What a value set says whose entries leave their list unanswered."""
BY_CATEGORY = Note(NoteCode.BY_CATEGORY)
_EMPTY = Match(_NOTHING, by_text=False, text="", is_read=False)


class _Code(Struct, frozen=True):
    """What one coding says: its value sets, whether by category only, or that it is known to be something else.

    ``is_public``: it is a code of a public system, well formed, whose words are those of the system.
    """

    system: str | None
    code: str
    sets: frozenset[str] = _NOTHING
    by_category: bool = False
    is_else: bool = False
    is_public: bool = False
    note: Note | None = None


class _Read(Struct, frozen=True):
    """What was read of one concept: each coding, each wording, and the match that they make together."""

    codes: tuple[_Code, ...]
    wordings: tuple[Wording, ...]
    match: Match


class Danger(Struct, frozen=True):
    """What words or codes outside the lists name of what the rules ask about.

    ``sets`` are value sets of problems; ``is_word`` and ``names_drug`` tell of words that no set explains.
    """

    words: str
    sets: frozenset[str] = _NOTHING
    is_word: bool = False
    names_drug: bool = False
    is_allergy: bool = False


class CodeIndex(CodeSets):
    """The value sets with the words that name what is in them, asked often."""

    def __init__(
        self,
        value_sets: Mapping[str, ValueSet],
        terms: DangerTerms,
        other: OtherWords,
        cached: Cached = uncached,
        asked: Mapping[str, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        """``terms`` leave a problem unread, ``other`` are words of what no rule judges.

        ``cached`` holds what is worked out from the patterns; ``asked`` are, by type, the sets that the facts look for.
        """
        super().__init__(value_sets)
        self.known_words = KnownWords(other, cached)
        self._asked = asked
        self._wordings = Wordings(value_sets, self, cached)
        self._danger = DangerWords(value_sets, terms, cached)
        self._says_nothing = frozenset(name for name, one in value_sets.items() if one.says == NOTHING_KNOWN)
        self._by_code: Bounded[tuple[object, str], _Code] = Bounded(_CACHED)
        self._by_concept: Bounded[tuple[object, ...], _Read] = Bounded(_CACHED)
        self._entries_read: Bounded[tuple[object, ...], bool] = Bounded(_CACHED)
        self._texts_known: Bounded[tuple[str, str], bool] = Bounded(_CACHED)
        self._harmless_sets = frozenset(terms.harmless_sets)
        self._dangers: Bounded[str, Danger | None] = Bounded(_CACHED)

    def match(self, concept: object) -> Match:
        """The value sets that a CodeableConcept (or Coding, or list of CodeableConcepts) lies in."""
        return self._read(concept).match if concept else _EMPTY

    def _read(self, concept: object) -> _Read:
        key = single_key(concept)
        if key is None:
            return self._read_anew(concept)
        found = self._by_concept.get(key)
        if found is None:
            found = self._by_concept[key] = self._read_anew(concept)
        return found

    def _read_anew(self, concept: object) -> _Read:
        codes = tuple([self._of_coding(raw.get("system"), code) for raw, code in raw_codes(concept)])
        texts = list(wordings(concept))
        words = tuple([self._wordings.read(text[:_LONGEST_TEXT]) for text in texts])
        sure = categories = now = past = suspected = _NOTHING
        for code in codes:
            if code.by_category:
                categories |= code.sets
            else:
                sure |= code.sets
        for one in words:
            if one.named or one.now:
                now |= one.now
                past |= one.past
                suspected |= one.suspected
        coded = sure or categories
        sets = coded or now
        said = categories | now | suspected | past
        match = Match(
            sets,
            by_text=not coded and bool(said),
            text=self._text_of(codes, texts),
            notes=tuple(dict.fromkeys(code.note for code in codes if code.note)),
            past_sets=past - now - sets,
            suspected_sets=suspected - now - sets,
            said_too=(now | categories) - sets,
            by_category=bool(categories) and not sure,
            is_read=self._is_read(sets | said, codes, words),
        )
        return _Read(codes, words, match)

    def is_entry_read(self, kind: str, concept: object) -> bool:
        """Whether what an entry of a list says was understood: by a code, or by every part of its words.

        ``kind`` is the type of the entry. A problem in which a word of danger stands that nothing explains is not read.
        """
        key = single_key(concept)
        if key is None:
            return self._is_entry_read(kind, concept)
        found = self._entries_read.get((kind, *key))
        if found is None:
            found = self._entries_read[kind, *key] = self._is_entry_read(kind, concept)
        return found

    def _is_entry_read(self, kind: str, concept: object) -> bool:
        read = self._read(concept)
        if not read.match.sets.isdisjoint(self._says_nothing) or self._is_doubtful(kind, read, concept):
            return False
        if kind == _CONDITION:
            unexplained = [self._unexplained(wording, read.codes) for wording in read.wordings]
            if any(names_drug for _, names_drug in unexplained):
                return False  # a code never explains a drug
            if any(holds_danger for holds_danger, _ in unexplained) and not _is_known(read.codes):
                return False
        # A category of ICD-10 in a value set reads an entry too: it alarms, and hides nothing.
        if any(code.is_else or code.sets for code in read.codes):
            return True
        # In none of our sets, but a code of a public system says what it is by its words. A place alone says nothing.
        sets = frozenset(name for name in read.match.all_sets if not name.startswith(PLACES))
        is_named = any(code.is_public for code in read.codes) and self._is_read(sets, read.codes, read.wordings)
        return is_named or self._are_words_known(kind, read.wordings)

    def is_doubtful(self, kind: str, concept: object) -> bool:
        """Whether words that are not those of a public code name something of which they may say yes or no."""
        return self._is_doubtful(kind, self._read(concept), concept)

    def _is_doubtful(self, kind: str, read: _Read, concept: object) -> bool:
        if not any(wording.doubtful for wording in read.wordings):
            return False
        asked = self._asked.get(kind, _NOTHING)
        own = {text[:_LONGEST_TEXT] for text in own_words(concept)}
        return any(
            name in asked or name.startswith(_OF_PROBLEMS)
            for wording in read.wordings
            if wording.text in own
            for name in wording.doubtful
        )

    def _are_words_known(self, kind: str, words: tuple[Wording, ...]) -> bool:
        """Whether a wording is known, and none that is English is not."""
        known = [self._is_text_known(kind, wording) for wording in words]
        return any(known) and all(
            is_known or not is_english(wording.text) for is_known, wording in zip(known, words, strict=True)
        )

    def _is_text_known(self, kind: str, wording: Wording) -> bool:
        text = wording.text
        found = self._texts_known.get((kind, text))
        if found is None:
            words = self.known_words
            dangers = self._danger.read(text, wording.guards)
            denied = [*dangers.harmless, *dangers.denied]
            explained: list[Span] = []
            for span in self._explained(wording, kind):
                (denied if is_denied(text, span, wording.guards) else explained).append(span)
            found = words.are_all_known(text, explained, denied)
            found = found or (kind != _CONDITION and words.is_order(text))
            self._texts_known[kind, text] = found
        return found

    def danger_in(self, concept: object) -> Danger | None:
        """What a concept names that may forbid a drug or be a red flag, in the first sentence that does; else None."""
        codes = (self._of_coding(raw.get("system"), code) for raw, code in raw_codes(concept))
        if coded := self._dangerous(frozenset[str]().union(*(code.sets for code in codes))):
            return Danger(concept_text(concept), coded)
        for text in wordings(concept):
            for sentence in _SENTENCE.split(text)[:_MOST_SENTENCES] if _END.search(text) else (text,):
                found = self._danger_of(sentence[:_LONGEST_TEXT])
                if found is not None:
                    return found
        return None

    def drugs_named(self, text: str) -> frozenset[str]:
        """The drugs and classes of drugs that a text names by words of danger and does not deny, in small letters."""
        text = text[:_LONGEST_TEXT]
        told = self._danger.read(text, self._wordings.read(text).guards).told
        return frozenset(text[start:end].casefold() for (start, end), is_drug in told if is_drug)

    def names_red_flag(self, concept: object, *, is_listed: bool) -> bool:
        """Whether the words of an entry that was not read speak of a red flag.

        Of a problem that ``is_listed`` those do not count that its value sets explain beyond doubt: they were read.
        """
        texts = [text[:_LONGEST_TEXT] for text in wordings(concept)]
        return any(self._danger.names_red_flag(text, self._sure_spans(text) if is_listed else ()) for text in texts)

    def _sure_spans(self, text: str) -> Sequence[Span]:
        wording = self._wordings.read(text)
        sure = (
            spans for name, spans in wording.named if name.startswith(_OF_PROBLEMS) and name not in wording.doubtful
        )
        return [span for spans in sure for span in spans]

    def _dangerous(self, sets: frozenset[str]) -> frozenset[str]:
        asked = self._asked.get(_CONDITION, _NOTHING)
        return (sets & asked) - self._harmless_sets

    def _danger_of(self, sentence: str) -> Danger | None:
        if sentence in self._dangers:
            return self._dangers[sentence]
        wording = self._wordings.read(sentence)
        sets = self._dangerous(wording.now | wording.suspected | wording.doubtful)
        is_word, names_drug = self._is_told(wording) if self._danger.may_stand_in(sentence) else (False, False)
        is_word = is_word and _NORMAL.search(sentence) is None
        is_danger = bool(sets) or is_word or names_drug
        is_allergy = is_danger and _ALLERGY.search(sentence) is not None
        found = Danger(sentence, sets, is_word, names_drug, is_allergy) if is_danger else None
        self._dangers[sentence] = found
        return found

    def says_nothing(self, concept: object) -> bool:
        """Whether a concept says that nothing is known, or that nobody asked."""
        return not self.match(concept).sets.isdisjoint(self._says_nothing)

    def is_known_by_code(self, concept: object) -> bool:
        """Whether a code alone tells what is meant: it lies in a value set, or is known to be something else."""
        return _is_known(self._read(concept).codes)

    def _text_of(self, codes: Sequence[_Code], texts: Sequence[str]) -> str:
        """What a concept says in words; where it has none, what the value sets call its code."""
        text = next(iter(texts), None) or next((one.code for one in codes), "")
        for one in codes:
            if one.code == text and one.system is not None:
                return self.display_of(one.system, text) or text
        return text

    def _is_read(self, sets: frozenset[str], codes: Sequence[_Code], words: Sequence[Wording]) -> bool:
        """Whether it was understood: something matched, it is known to be something else, or its words are English."""
        if not sets.isdisjoint(self._says_nothing):
            return False
        return bool(sets) or any(code.is_else for code in codes) or any(one.is_english for one in words)

    def _of_coding(self, raw_system: object, code: str) -> _Code:
        key = (raw_system if isinstance(raw_system, str) else None, code)
        found = self._by_code.get(key)
        if found is None:
            system = canonical_system(raw_system)
            note = check_digit_fault(system, code) if system else None
            is_public = system in SPOKEN_SYSTEMS and not note
            if system is None or note:
                found = _Code(system, code, note=note)
            elif system == ICD_10:
                sets = self.sets_of(system, code)
                by_category = BY_CATEGORY if sets else None
                found = _Code(system, code, sets, by_category=True, is_public=not sets, note=by_category)
            else:
                is_else = is_fully_listed(system, code)
                found = _Code(system, code, self.sets_of(system, code), is_else=is_else, is_public=is_public)
            self._by_code[key] = found
        return found

    def _unexplained(self, wording: Wording, codes: Sequence[_Code] = ()) -> tuple[bool, bool]:
        """Whether a word of danger is left that no pattern explains, and whether such a word names a drug.

        What a category of ICD-10 is called here ("Cauda equina syndrome") explains the same word in another language.
        """
        there = self._danger.read(wording.text, wording.guards)
        names = [self.display_of(ICD_10_CM, code.code) for code in codes if code.by_category and code.sets]
        words = frozenset[str]().union(*(self._danger.words_of(name) for name in names if name))
        of_code = [(first, last) for (first, last), _ in there.told if wording.text[first:last].casefold() in words]
        return there.unexplained([*self._explained(wording, _CONDITION), *of_code])

    def _is_told(self, wording: Wording) -> tuple[bool, bool]:
        """The same off the lists: words of red flags count too there, and the back problem explains none."""
        explained = [*self._explained(wording, _CONDITION, but=self._harmless_sets)]
        is_word, names_drug = self._danger.read(wording.text, wording.guards).unexplained(explained)
        is_flag, _ = self._danger.red_flags_in(wording.text, wording.guards).unexplained(explained)
        return is_word or is_flag, names_drug

    def _explained(self, wording: Wording, kind: str, but: frozenset[str] = _NOTHING) -> Iterator[Span]:
        """The stretches of a text that name what is looked for on lists of a type, whatever is said of it."""
        asked = self._asked.get(kind, _NOTHING)
        beginnings = _OF_PROBLEMS if kind == _CONDITION else _OF_ACTIONS
        for name, spans in wording.named:
            if name not in but and (name in asked or name.startswith(beginnings)):
                yield from spans
        yield from wording.spans_of_codes


def _is_known(codes: Iterable[_Code]) -> bool:
    return any(code.is_else or (code.sets and not code.by_category) for code in codes)
