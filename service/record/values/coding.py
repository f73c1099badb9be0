"""Coding: a CodeableConcept against the value sets (terminology.md section 3).

Every coding counts, not only the first; the system is normalised; ICD-10-CM and ATC descend by prefix; a
LOINC or SNOMED code with a wrong check digit is a typing error and matches nothing. ICD-10 of the WHO and its national
relatives are read by their categories, words by patterns: both are flagged, because they may raise an alarm and never
lift one. What neither code nor words can tell was not read, and that is not the same as something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from msgspec import Struct

from service.bounded import Bounded
from service.knowledge.cache import Cached, uncached
from service.knowledge.model import DangerTerms, OtherWords, ValueSet
from service.note import Note, NoteCode
from service.record.values.code_sets import CodeSets
from service.record.values.code_systems import (
    ICD_10,
    ICD_10_CM,
    canonical_system,
    check_digit_fault,
    codes_written_in,
    is_fully_listed,
)
from service.record.values.concept import (
    SPOKEN_SYSTEMS,
    concept_text,
    own_words,
    raw_codes,
    single_key,
    wordings,
)
from service.record.values.danger import DangerWords, Span
from service.record.values.english import is_english
from service.record.values.negation import Said, is_denied, said
from service.record.values.other_words import KnownWords
from service.record.values.pattern_literals import LiteralIndex, compiled, literals_of

__all__ = ["CodeIndex", "Danger", "Match", "canonical_system"]

_CACHED = 20_000
_LONGEST_TEXT = 400
_ACTIONS = ("order-", "referral-", "procedure-", "proc-", "med-")
"""Value sets of what one orders or does, by the beginning of their name."""
_OF_PROBLEMS = ("cond-", "local-cond-", "device-", "local-problem-", "local-no-information", "local-pregnancy-ended")
"""Value sets of what somebody has, by the beginning of their name: words that name it are understood as a problem."""
_OF_ACTIONS = ("order-", "referral-", "procedure-", "proc-", "local-order-", "local-proc-")
_CONDITION = "Condition"
_SENTENCE = re.compile(r"(?<=[.;!])\s+|\n+")
_MOST_SENTENCES = 40
_NORMAL = re.compile(r"\b(?:normal|unremarkable|within normal limits|intact)\b", re.IGNORECASE)
_ALLERGY = re.compile(
    r"\ballerg\w*|\banaphyla\w*|\bintoleran\w*|\bhypersensitiv\w*|\bbronchospasm|\bangio-?o?edema", re.IGNORECASE
)
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


@dataclass(frozen=True, slots=True)
class _Code:
    """What one coding says: its value sets, whether by category only, or that it is known to be something else."""

    sets: frozenset[str] = _NOTHING
    by_category: bool = False
    is_else: bool = False
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class _Words:
    """What one wording says of now and of the past, and whether it could be understood."""

    now: frozenset[str]
    past: frozenset[str]
    suspected: frozenset[str]
    doubtful: frozenset[str]
    is_english: bool


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
        self.known_words = KnownWords(other)
        self._asked = asked
        self._patterns = [(name, text) for name, value_set in value_sets.items() for text in value_set.patterns]
        self._which = LiteralIndex(cached("literals", lambda: [literals_of(text) for _, text in self._patterns]))
        self._unless = {
            name: "|".join(f"(?:{text})" for text in one.unless) for name, one in value_sets.items() if one.unless
        }
        self._own_questions = _own_questions(value_sets)
        self._danger = DangerWords(value_sets, terms)
        self._lasting = frozenset(name for name, one in value_sets.items() if one.lasts)
        self._says_nothing = frozenset(name for name, one in value_sets.items() if one.says == NOTHING_KNOWN)
        self._by_code: Bounded[tuple[object, str], _Code] = Bounded(_CACHED)
        self._by_concept: Bounded[tuple[object, ...], Match] = Bounded(_CACHED)
        self._by_text: Bounded[str, _Words] = Bounded(_CACHED)
        self._entries_read: Bounded[tuple[object, ...], bool] = Bounded(_CACHED)
        self._texts_known: Bounded[tuple[str, str], bool] = Bounded(_CACHED)
        self._danger_in: Bounded[str, tuple[bool, bool]] = Bounded(_CACHED)
        self._harmless_sets = frozenset(terms.harmless_sets)
        dangerous = self._dangerous(frozenset(value_sets))
        self._dangerous_patterns = frozenset(
            index for index, (name, _) in enumerate(self._patterns) if name in dangerous
        )
        self._dangers: Bounded[str, Danger | None] = Bounded(_CACHED)

    def match(self, concept: object) -> Match:
        """The value sets that a CodeableConcept (or Coding, or list of CodeableConcepts) lies in."""
        if not concept:
            return _EMPTY
        key = single_key(concept)
        if key is None:
            return self._match(concept)
        found = self._by_concept.get(key)
        if found is None:
            found = self._by_concept[key] = self._match(concept)
        return found

    def _match(self, concept: object) -> Match:
        codes = [self._of_coding(raw.get("system"), code) for raw, code in raw_codes(concept)]
        words = [self._of_text(text[:_LONGEST_TEXT]) for text in wordings(concept)]
        sure = _NOTHING.union(*(code.sets for code in codes if not code.by_category))
        categories = _NOTHING.union(*(code.sets for code in codes if code.by_category))
        now = _NOTHING.union(*(one.now for one in words))
        coded = sure or categories
        sets = coded or now
        suspected = _NOTHING.union(*(one.suspected for one in words))
        said = categories | now | suspected.union(*(one.past for one in words))
        notes = dict.fromkeys(code.note for code in codes if code.note)
        is_read = self._is_read(sets | said, codes, words)
        return Match(
            sets,
            by_text=not coded and bool(said),
            text=self._text_of(concept),
            notes=tuple(notes),
            past_sets=_NOTHING.union(*(one.past for one in words)) - now - sets,
            suspected_sets=suspected - now - sets,
            said_too=(now | categories) - sets,
            by_category=bool(categories) and not sure,
            is_read=is_read,
        )

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
        if self.says_nothing(concept):
            return False
        is_told = self._is_read_by_code(concept)
        if self.is_doubtful(kind, concept):
            return False
        if kind == _CONDITION:
            unexplained = [self._unexplained(text[:_LONGEST_TEXT]) for text in wordings(concept)]
            if any(names_drug for _, names_drug in unexplained):
                return False  # a code never explains a drug
            if any(holds_danger for holds_danger, _ in unexplained) and not self.is_known_by_code(concept):
                return False
        is_named = self._has_public_code(concept) and self.match(concept).is_read
        return is_told or is_named or self._are_words_known(kind, concept)

    def is_doubtful(self, kind: str, concept: object) -> bool:
        """Whether words that are not those of a public code name something of which they may say yes or no."""
        asked = self._asked.get(kind, _NOTHING)
        return any(
            name in asked or name.startswith(_OF_PROBLEMS)
            for text in own_words(concept)
            for name in self._of_text(text[:_LONGEST_TEXT]).doubtful
        )

    def _has_public_code(self, concept: object) -> bool:
        """Whether a code of a public system stands there whose words are those of the system: in none of our sets."""
        return any(
            canonical_system(raw.get("system")) in SPOKEN_SYSTEMS and not self._of_coding(raw.get("system"), code).note
            for raw, code in raw_codes(concept)
        )

    def _are_words_known(self, kind: str, concept: object) -> bool:
        """Whether a wording is known, and none that is English is not."""
        texts = [text[:_LONGEST_TEXT] for text in wordings(concept)]
        known = [self._is_text_known(kind, text) for text in texts]
        return any(known) and all(is_known or not is_english(text) for is_known, text in zip(known, texts, strict=True))

    def _is_text_known(self, kind: str, text: str) -> bool:
        found = self._texts_known.get((kind, text))
        if found is None:
            words = self.known_words
            denied = list(self._danger.harmless_in(text))
            explained: list[Span] = []
            for span in self._explained(text, kind):
                (denied if is_denied(text, *span) else explained).append(span)
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
            for sentence in _SENTENCE.split(text)[:_MOST_SENTENCES]:
                found = self._danger_of(sentence[:_LONGEST_TEXT])
                if found is not None:
                    return found
        return None

    def names_red_flag(self, concept: object) -> bool:
        """Whether the words of an entry that was not read speak of a red flag."""
        return any(self._danger.names_red_flag(text) for text in wordings(concept))

    def _dangerous(self, sets: frozenset[str]) -> frozenset[str]:
        asked = self._asked.get(_CONDITION, _NOTHING)
        return (sets & asked) - self._harmless_sets

    def _may_name_danger(self, text: str) -> bool:
        """Whether a pattern of a dangerous set, or a code, stands in it: most prose holds none."""
        return any(
            compiled(self._patterns[index][1]).search(text) is not None
            for index in self._which.indexes(text)
            if index in self._dangerous_patterns
        ) or any(codes_written_in(text))

    def _danger_of(self, sentence: str) -> Danger | None:
        if sentence in self._dangers:
            return self._dangers[sentence]
        sets = _NOTHING
        if self._may_name_danger(sentence):
            said_of = self._of_text(sentence)
            sets = self._dangerous(said_of.now | said_of.suspected | said_of.doubtful)
        is_word, names_drug = self._unexplained(sentence)
        is_word = is_word and _NORMAL.search(sentence) is None
        is_danger = bool(sets) or is_word or names_drug
        is_allergy = is_danger and _ALLERGY.search(sentence) is not None
        found = Danger(sentence, sets, is_word, names_drug, is_allergy) if is_danger else None
        self._dangers[sentence] = found
        return found

    def says_nothing(self, concept: object) -> bool:
        """Whether a concept says that nothing is known, or that nobody asked."""
        return not self.match(concept).sets.isdisjoint(self._says_nothing)

    def _is_read_by_code(self, concept: object) -> bool:
        """The same for an entry, which a category of ICD-10 in a value set reads too: it alarms, and hides nothing."""
        codes = (self._of_coding(raw.get("system"), code) for raw, code in raw_codes(concept))
        return any(code.is_else or code.sets for code in codes)

    def is_known_by_code(self, concept: object) -> bool:
        """Whether a code alone tells what is meant: it lies in a value set, or is known to be something else."""
        codes = (self._of_coding(raw.get("system"), code) for raw, code in raw_codes(concept))
        return any(code.is_else or (code.sets and not code.by_category) for code in codes)

    def _text_of(self, concept: object) -> str:
        """What a concept says in words; where it has none, what the value sets call its code."""
        text = concept_text(concept)
        for raw, code in raw_codes(concept) if text else ():
            system = canonical_system(raw.get("system"))
            if code == text and system is not None:
                return self.display_of(system, code) or text
        return text

    def _is_read(self, sets: frozenset[str], codes: Sequence[_Code], words: Sequence[_Words]) -> bool:
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
            if system is None or note:
                found = _Code(note=note)
            elif system == ICD_10:
                sets = self.sets_of(system, code)
                found = _Code(sets, by_category=True, note=BY_CATEGORY if sets else None)
            else:
                found = _Code(self.sets_of(system, code), is_else=is_fully_listed(system, code))
            self._by_code[key] = found
        return found

    def _means_else(self, name: str, text: str) -> bool:
        unless = self._unless.get(name)
        return unless is not None and compiled(unless).search(text) is not None

    def _of_text(self, text: str) -> _Words:
        found = self._by_text.get(text)
        if found is None:
            answers: dict[Said, set[str]] = {kind: set() for kind in Said}
            for index in self._which.indexes(text):
                name, written = self._patterns[index]
                found_in = said(compiled(written), text, of_action=name.startswith(_ACTIONS))
                if found_in is Said.PAST and name in self._lasting:
                    found_in = Said.PRESENT
                if found_in is not None and not self._means_else(name, text):
                    answers[found_in].add(name)
            answers[Said.PRESENT].update(self._own_questions.get(_bare(text), _NOTHING))
            answers[Said.PRESENT].update(*self._sets_written_in(text))
            now, past = frozenset(answers[Said.PRESENT]), frozenset(answers[Said.PAST])
            suspected = frozenset(answers[Said.SUSPECTED])
            doubtful = frozenset(answers[Said.DOUBTFUL]) - now
            is_read = bool(any(answers.values())) or is_english(text)
            found = self._by_text[text] = _Words(now, past, suspected, doubtful, is_english=is_read)
        return found

    def _sets_written_in(self, text: str) -> Iterator[frozenset[str]]:
        """The value sets of the codes that stand in a text: of either edition, for words do not tell which."""
        for code in codes_written_in(text):
            yield from (self.sets_of(system, code) for system in (ICD_10_CM, ICD_10))

    def _unexplained(self, text: str) -> tuple[bool, bool]:
        """Whether a word of danger is left that no pattern explains, and whether such a word names a drug."""
        found = self._danger_in.get(text)
        if found is None:
            is_worth_it = self._danger.may_hold(text)
            found = self._danger.unexplained(text, self._explained(text, _CONDITION)) if is_worth_it else (False, False)
            self._danger_in[text] = found
        return found

    def _explained(self, text: str, kind: str) -> Iterator[Span]:
        """The stretches of a text that name what is looked for on lists of a type, whatever is said of it."""
        asked = self._asked.get(kind, _NOTHING)
        for index in self._which.indexes(text):
            name, written = self._patterns[index]
            counts = name in asked or name.startswith(_OF_PROBLEMS if kind == _CONDITION else _OF_ACTIONS)
            if counts and not self._means_else(name, text):
                yield from (one.span() for one in compiled(written).finditer(text))
        for code in codes_written_in(text):
            start = text.find(code)
            yield start, start + len(code)


def _bare(text: str) -> str:
    return text.casefold().strip(" ?.:")


def _own_questions(value_sets: Mapping[str, ValueSet]) -> Mapping[str, frozenset[str]]:
    """The questions of ours in our own words, which say the same under a code of somebody else."""
    found: dict[str, set[str]] = {}
    for name, value_set in value_sets.items():
        if name.startswith("local-answer-"):
            for code in value_set.codes:
                found.setdefault(_bare(code.display), set()).add(name)
    return {words: frozenset(names) for words, names in found.items()}
