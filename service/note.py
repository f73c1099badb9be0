"""Note: what a reader must know about a finding, an entry or a part of the input, as a code with its parameters.

A sentence is made of it where somebody reads it, by ``service/record/notes.py``: so notes can be compared, stored
without the words of a record, and one day be told in another language.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class NoteCode(StrEnum):
    """What a note says. A code is stored with decisions: it is never given another meaning."""

    # As the text it is: an enum hashes itself in Python, and notes are looked up by their codes.
    __hash__ = str.__hash__

    # What is missing.
    LIST_NOT_SENT = "list-not-sent"
    LIST_IN_PART = "list-in-part"
    LIST_NOT_FETCHED = "list-not-fetched"
    LIST_EMPTY = "list-empty"
    ENTRY_NOT_READ = "entry-not-read"
    ENTRIES_NOT_READ = "entries-not-read"
    NOTHING_FOUND = "nothing-found"
    NOT_RECORDED = "not-recorded"
    NO_BIRTH_DATE = "no-birth-date"
    BIRTH_IN_FUTURE = "birth-in-future"
    BIRTH_TOO_LONG_AGO = "birth-too-long-ago"
    NO_SEX = "no-sex"
    NO_ORDER = "no-order"
    PROBLEM_LIST_NOT_SENT = "problem-list-not-sent"

    MOST_AS_NEEDED = "most-as-needed"

    # Several notes, and notes about an entry.
    SEVERAL = "several"
    OF_ENTRY = "of-entry"
    MORE_NOTES = "more-notes"
    MORE_ENTRIES = "more-entries"

    # What an entry answers.
    ALSO_NO = "also-no"
    FORMERLY_YES = "formerly-yes"
    NO_ANSWER = "no-answer"
    NO_LONGER_ACTIVE = "no-longer-active"
    NOT_ACTIVE_NOW = "not-active-now"
    NO_IS_UNSURE = "no-is-unsure"
    LAST_RECORDED = "last-recorded"
    LAST_RECORDED_UNDATED = "last-recorded-undated"
    ONLY_REFUTED = "only-refuted"
    REFUTED = "refuted"
    SITE_NOT_GIVEN = "site-not-given"
    BY_TEXT = "by-text"
    BY_CATEGORY = "by-category"
    WRONG_LOINC = "wrong-loinc"
    WRONG_SNOMED = "wrong-snomed"

    # Status.
    STATUS_NOT_GIVEN = "status-not-given"
    STATUS_NOT_UNDERSTOOD = "status-not-understood"
    STATUS_UNKNOWN = "status-unknown"
    ACTIVE_BUT_ENDED = "active-but-ended"
    UNCONFIRMED = "unconfirmed"
    PROVISIONAL = "provisional"
    DIFFERENTIAL = "differential"
    PRELIMINARY = "preliminary"
    PARTIAL_REPORT = "partial-report"
    REGISTERED = "registered"
    REGISTERED_RESULT = "registered-result"
    REGISTERED_REPORT = "registered-report"
    NOT_FINISHED = "not-finished"
    STOPPED = "stopped"
    STOPPED_EARLY = "stopped-early"
    DRAFT = "draft"
    PROPOSED = "proposed"
    INTENDED = "intended"
    PLANNED = "planned"
    ON_HOLD = "on-hold"
    NO_RESULT = "no-result"
    RESULT_NOT_USED = "result-not-used"

    # When.
    UNDATED = "undated"
    INEXACT_DATE = "inexact-date"
    IN_FUTURE = "in-future"
    FIRST_RECORDED = "first-recorded"
    RECORDED_UNDATED = "recorded-undated"
    DATE_NOT_GIVEN = "date-not-given"
    NO_EPISODE = "no-episode"
    ENDED = "ended"
    MAY_HAVE_ENDED = "may-have-ended"

    # Numbers.
    VALUE_ABSENT = "value-absent"
    VALUE_NOT_GIVEN = "value-not-given"
    NOT_A_NUMBER = "not-a-number"
    TEXT_NOT_A_NUMBER = "text-not-a-number"
    COMPARATOR_NOT_UNDERSTOOD = "comparator-not-understood"
    RANGE_NOT_UNDERSTOOD = "range-not-understood"
    UNITS_DISAGREE = "units-disagree"
    UNIT_NOT_KNOWN = "unit-not-known"
    UNIT_NOT_GIVEN = "unit-not-given"
    UNIT_TAKEN = "unit-taken"
    UNIT_ASKED_NOT_KNOWN = "unit-asked-not-known"
    UNIT_DOES_NOT_CONVERT = "unit-does-not-convert"
    UNIT_ML_PER_MIN = "unit-ml-per-min"
    HBA1C_TOO_HIGH = "hba1c-too-high"
    OUT_OF = "out-of"
    IMPLAUSIBLE = "implausible"
    CANNOT_BE_USED = "cannot-be-used"
    PRELIMINARY_NOT_USED = "preliminary-not-used"
    PRELIMINARY_VALUE = "preliminary-value"
    PRELIMINARY_VALUE_UNDATED = "preliminary-value-undated"
    OLD_VALUE = "old-value"
    INEXACT_VALUE = "inexact-value"
    UNDATED_VALUE = "undated-value"
    VALUE_NOT_USED = "value-not-used"
    ONE_VALUE = "one-value"
    FIRST_VALUE_ZERO = "first-value-zero"
    EGFR_COMPUTED = "egfr-computed"
    OLDER_THAN_CREATININE = "older-than-creatinine"
    EGFR_NOT_ADULT = "egfr-not-adult"
    EGFR_IMPLAUSIBLE = "egfr-implausible"
    SEX_LOWER_OF_TWO = "sex-lower-of-two"
    SEX_FOR_CLINICAL_USE = "sex-for-clinical-use"
    GESTATION_ADVANCED = "gestation-advanced"
    GESTATION_FROM_PERIOD = "gestation-from-period"
    GESTATION_FROM_DUE_DATE = "gestation-from-due-date"
    GESTATION_NOT_USABLE = "gestation-not-usable"
    EARLIER_PREGNANCY = "earlier-pregnancy"

    # Drugs and orders.
    NOT_RECOGNISED = "not-recognised"
    DRUG_NOT_RECOGNISED = "drug-not-recognised"
    ORDER_NOT_RECOGNISED = "order-not-recognised"
    NO_REASON = "no-reason"
    OTHER_REASON = "other-reason"
    BEING_ORDERED = "being-ordered"
    BEING_ENTERED = "being-entered"
    BY_NAME = "by-name"
    BY_BRAND = "by-brand"
    BY_BRAND_PRODUCTS_DIFFER = "by-brand-products-differ"
    MEDICATION_NOT_SENT = "medication-not-sent"
    INGREDIENT_NOT_KNOWN = "ingredient-not-known"
    NAMES_MORE = "names-more"
    NAME_NOT_READ = "name-not-read"
    MORE_STRENGTHS = "more-strengths"
    SEVERAL_ROUTES = "several-routes"
    ROUTE_DOES_NOT_FIT = "route-does-not-fit"
    DOSE_NOT_GIVEN = "dose-not-given"
    DOSE_NOT_READ = "dose-not-read"
    LENGTH_NOT_GIVEN = "length-not-given"
    NOT_CERTAIN = "not-certain"
    STOP_NOT_KNOWN = "stop-not-known"
    FIRST_NOT_KNOWN = "first-not-known"
    OLD_ORDER = "old-order"
    STATED_OVER = "stated-over"
    SUPPLY_NOT_WRITTEN = "supply-not-written"
    GIVEN_LATELY = "given-lately"
    SUPPLY_MAY_LAST = "supply-may-last"
    DISPENSED_SUPPLY_LASTS = "dispensed-supply-lasts"
    COMPLETED_SUPPLY_LASTS = "completed-supply-lasts"

    # What of the input could not be used.
    CANNOT_BE_READ = "cannot-be-read"
    NOT_GIVEN = "not-given"
    NO_CODE = "no-code"
    NOT_AN_OBJECT = "not-an-object"
    NOT_A_LIST = "not-a-list"
    NOT_A_STRING = "not-a-string"
    NO_RESOURCE = "no-resource"
    NO_RESOURCE_TYPE = "no-resource-type"
    NO_KNOWN_RESOURCE_TYPE = "no-known-resource-type"
    OBJECT_FOR_LIST = "object-for-list"
    TOO_DEEP = "too-deep"
    NOT_OPENED = "not-opened"
    MORE_PAGES = "more-pages"
    OUTCOME_FOR_DATA = "outcome-for-data"
    OUTCOME = "outcome"
    NEWER_VERSION = "newer-version"
    SEARCH_NARROWED = "search-narrowed"
    OTHER_VERSION = "other-version"
    OTHER_ORDER = "other-order"
    SUBJECT_MISSING = "subject-missing"
    SUBJECT_TAKEN = "subject-taken"
    SUBJECT_NO_PATIENT = "subject-no-patient"
    SUBJECT_FOREIGN = "subject-foreign"
    WITHIN_ANOTHER = "within-another"
    ORDER_OVER = "order-over"
    NO_CHECKED_ORDER = "no-checked-order"
    SELECTS_NO_DRAFT = "selects-no-draft"
    SELECTION_NOT_THERE = "selection-not-there"
    LINE_NOT_READ = "line-not-read"
    FEWER_THAN_TOTAL = "fewer-than-total"
    PARTS_WITHHELD = "parts-withheld"
    ENTRIES_ELSEWHERE = "entries-elsewhere"
    SECTION_ENTRY_NOT_THERE = "section-entry-not-there"
    SECTION_NOT_ANSWERED = "section-not-answered"
    SECTION_IN_WORDS = "section-in-words"
    TOO_MANY_RESOURCES = "too-many-resources"

    # Why a prefetch key brought nothing, or a part only.
    KEY_NOT_SENT = "key-not-sent"
    NULL_FOR_RECORDS = "null-for-records"
    EMPTY_OBJECT = "empty-object"
    TEXT_FOR_RESOURCE = "text-for-resource"
    LIST_FOR_BUNDLE = "list-for-bundle"
    NOT_A_RESOURCE = "not-a-resource"
    CLIENT_SENT_OUTCOME = "client-sent-outcome"
    CLIENT_SENT_OUTCOME_BESIDE = "client-sent-outcome-beside"
    CLIENT_QUERY_FAILED = "client-query-failed"
    RESPONSE_WITHOUT_RESOURCE = "response-without-resource"
    ENTRY_NOT_A_LIST = "entry-not-a-list"
    TOO_MANY_PAGES = "too-many-pages"
    SCOPE_COVERS_PART = "scope-covers-part"
    NOT_ANSWERED = "not-answered"
    OTHER_TYPE_SENT = "other-type-sent"


class Note(Struct, frozen=True, cache_hash=True):
    """One note. Which parameters a code takes is what its template names.

    ``reference`` is ``Type/id`` or a path in the input, ``date`` as recorded, ``number`` a count of ours, ``types``
    resource types, ``of`` notes that are part of this one. ``words`` are words or values of the record: they may name
    the patient, and are neither stored nor logged.
    """

    code: NoteCode
    reference: str | None = None
    date: str | None = None
    number: int | None = None
    types: tuple[str, ...] = ()
    words: str | None = None
    of: tuple[Note, ...] = ()


def joined(*notes: Note | None) -> Note | None:
    """Several notes as one, each once; None when there is none."""
    told = list(filter(None, notes))
    if len(told) < 2:  # noqa: PLR2004  # nothing to join
        return told[0] if told else None
    distinct = list(dict.fromkeys(told))
    if len(distinct) == 1:
        return distinct[0]
    return Note(NoteCode.SEVERAL, of=tuple(part for note in distinct for part in parts(note)))


def parts(note: Note) -> tuple[Note, ...]:
    """The notes that a note joins; of any other the note alone."""
    return note.of if note.code is NoteCode.SEVERAL else (note,)


def of_entry(reference: str, note: Note) -> Note:
    """A note about one entry, named by its reference."""
    return Note(NoteCode.OF_ENTRY, reference=reference, of=(note,))


def holds(note: Note | None, codes: frozenset[NoteCode]) -> bool:
    """Whether a note, or one of several in it, has one of some codes."""
    return note is not None and (note.code in codes or any(holds(one, codes) for one in note.of))
