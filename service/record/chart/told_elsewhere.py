"""Told elsewhere: what a record tells in other places than the problem list of what the rules ask about.

What is found there is set aside with its words: it leaves lists unanswered, so that none of them proves an absence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from service.record.budget import Budget
from service.record.chart.answers import ANSWERED
from service.record.chart.elsewhere import (
    TYPES,
    Statement,
    is_to_come,
    last_year_of,
    statements_of,
    tells_in_words,
    with_title,
    without_silent,
)
from service.record.chart.matcher import Matcher
from service.record.chart.questions import unread_answers
from service.record.chart.unopened import unopened
from service.record.chart.unreferenced_medications import unreferenced_medications
from service.record.model import Entry, Record
from service.record.values.concept import as_objects
from service.record.values.statuses import Counts

__all__ = ["LOOK_AT_CLOCK", "MOST_TOLD", "ToldElsewhere"]

LOOK_AT_CLOCK = 64
"""After how many entries the CPU time is looked at."""
MOST_TOLD = 3
"""So many dangers of one entry are named."""
_CONDITION = "Condition"


class ToldElsewhere:
    """Looks through the other places of one record, whose problem list and answers were filed before."""

    def __init__(
        self,
        matcher: Matcher,
        record: Record,
        year: int,
        *,
        listed: frozenset[str],
        read_in_words: Mapping[int, Collection[str]],
        budget: Budget,
    ) -> None:
        """``listed`` are the value sets of the problem list, ``read_in_words`` what facts read in words of an entry.

        Entries are given by the address of their resource. What is older than the year before ``year`` tells nothing.
        """
        self._matcher = matcher
        self._record = record
        self._year = year
        self._listed = listed
        self._read_in_words = read_in_words
        self._budget = budget
        self.dangers: set[Entry] = set()
        """The words of dangers that were found, each as an entry."""

    def by_list(self) -> Mapping[str, list[Entry]]:
        """By list, the entries that leave it unanswered, each with its words as its code. Raises TooCostlyError."""
        found: dict[str, list[Entry]] = {}
        for type_ in TYPES:
            for number, entry in enumerate(without_silent(type_, self._record.of_type(type_))):
                if not number % LOOK_AT_CLOCK:
                    self._budget.check()
                for name, named in self._told_in(entry):
                    found.setdefault(name, []).append(named)
        drugs = unreferenced_medications(self._record, self._matcher.drugs)
        found.setdefault("MedicationRequest", []).extend(drugs)
        found.setdefault("DiagnosticReport", []).extend(unopened(self._record, self._matcher, self._year - 1))
        return found

    def may_tell(self, entry: Entry) -> bool:
        """Whether an entry may tell something of today that facts do not read: by its year, its status, its answer."""
        year = last_year_of(entry.resource) if entry.type != _CONDITION else None
        if year is not None and year < self._year - 1:
            return False
        if entry.type == "Observation":
            asked = self._matcher.asked.get(entry.type, frozenset())
            is_asked = not self._matcher.index.match(entry.resource.get("code")).all_sets.isdisjoint(asked)
            if is_asked and not tells_in_words(entry, self._matcher.is_answer_read):
                return False
        return entry.status_class.counts is not Counts.NEVER or is_to_come(entry.resource)

    def _told_in(self, entry: Entry) -> Iterable[tuple[str, Entry]]:
        statements = statements_of(entry)
        if not (statements or entry.type in ANSWERED) or not self.may_tell(entry):
            return ()
        told = list(self._told_by(entry, statements))
        self.dangers.update(named for _, named in told)
        return told or self._answered_by(entry)

    def _told_by(self, entry: Entry, statements: Iterable[Statement]) -> Iterator[tuple[str, Entry]]:
        """The lists that dangers in what an entry says leave unanswered, with the words as an entry.

        Of a report facts read what it concludes as a concept, and never its text.
        """
        concluded = as_objects(entry.resource.get("conclusionCode")) if entry.type == "DiagnosticReport" else None
        read_in_words = self._read_in_words.get(id(entry.resource), ())
        dangers: dict[str, set[str]] = {}
        for statement in statements:
            danger = self._matcher.index.danger_in(statement)
            if danger is None or danger.words in read_in_words:
                continue
            is_read = concluded is None or statement in concluded
            known = self._listed | self._read_by_facts(entry.type, statement) if is_read else self._listed
            if danger.is_word or danger.names_drug or danger.sets - known:
                lists = dangers.setdefault(danger.words, set())
                lists.update((_CONDITION,) if not danger.is_allergy else ("AllergyIntolerance", _CONDITION))
                if danger.names_drug and not danger.is_allergy:
                    lists.add("MedicationRequest")
        for words, lists in sorted(dangers.items())[:MOST_TOLD]:
            named = Entry({"code": {"text": with_title(entry, words)}}, entry.type, entry.id, entry.path)
            yield from ((name, named) for name in lists)

    def _read_by_facts(self, type_: str, statement: Statement) -> frozenset[str]:
        """The value sets that facts find in what an entry of a type says, and not only in what it is about.

        Where the words leave one in doubt ("no trauma, foot drop") no fact reads it there.
        """
        asked = frozenset() if type_ in (_CONDITION, *ANSWERED) else self._matcher.asked.get(type_, frozenset())
        return asked & self._matcher.index.match(statement).all_sets if asked else frozenset()

    def _answered_by(self, entry: Entry) -> Iterator[tuple[str, Entry]]:
        """What is answered and nothing here understands: it may be what a fact asks about."""
        for answer in unread_answers(entry, self._matcher.index, self._matcher.is_measured_elsewhere):
            yield _CONDITION, Entry({"code": {"text": answer}}, entry.type, entry.id, entry.path)
