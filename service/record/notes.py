"""Notes in English: one sentence for each code of ``service/note.py``, with its parameters in braces."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from service.note import Note, NoteCode

ENGLISH: Mapping[NoteCode, str] = {
    # What is missing.
    NoteCode.LIST_NOT_SENT: "{types} list not sent",
    NoteCode.LIST_IN_PART: "only part of the {types} list was sent",
    NoteCode.LIST_NOT_FETCHED: "{types} list could not be fetched",
    NoteCode.LIST_EMPTY: "the list is empty, which is not an answer",
    NoteCode.ENTRY_NOT_READ: "1 entry of the {types} list could not be read",
    NoteCode.ENTRIES_NOT_READ: "{number} entries of the {types} list could not be read",
    NoteCode.NOTHING_FOUND: "nothing found in the complete list: {types}",
    NoteCode.NOT_RECORDED: "not recorded",
    NoteCode.NO_BIRTH_DATE: "birth date not recorded",
    NoteCode.BIRTH_IN_FUTURE: "birth date lies in the future",
    NoteCode.NO_SEX: "sex not recorded as female or male",
    NoteCode.NO_ORDER: "no such order in this call",
    NoteCode.PROBLEM_LIST_NOT_SENT: "the problem list was not sent: whether there is a back problem cannot be told",
    # Several notes, and notes about an entry.
    NoteCode.SEVERAL: "{of}",
    NoteCode.OF_ENTRY: "{reference}: {of}",
    NoteCode.MORE_NOTES: "and {number} more remarks",
    NoteCode.MORE_ENTRIES: "and {number} more entries",
    # What an entry answers.
    NoteCode.ALSO_NO: "also answered no ({reference})",
    NoteCode.FORMERLY_YES: "formerly answered yes ({reference})",
    NoteCode.NO_ANSWER: "{reference} has no answer that can be read",
    NoteCode.NO_LONGER_ACTIVE: "{reference} is no longer active",
    NoteCode.NO_IS_UNSURE: "{reference} says no, but does not settle it",
    NoteCode.LAST_RECORDED: "last recorded {date} ({reference})",
    NoteCode.LAST_RECORDED_UNDATED: "last recorded without a date ({reference})",
    NoteCode.ONLY_REFUTED: "only entries that say it is not so",
    NoteCode.REFUTED: "recorded as refuted",
    NoteCode.SITE_NOT_GIVEN: "body site not given",
    NoteCode.BY_TEXT: "matched by text only",
    NoteCode.BY_CATEGORY: "read by its ICD-10 category",
    NoteCode.WRONG_LOINC: "a LOINC code has a wrong check digit and was not matched",
    NoteCode.WRONG_SNOMED: "a SNOMED CT code has a wrong check digit and was not matched",
    # Status.
    NoteCode.STATUS_NOT_GIVEN: "status not given",
    NoteCode.STATUS_NOT_UNDERSTOOD: "status not understood",
    NoteCode.STATUS_UNKNOWN: "status unknown",
    NoteCode.ACTIVE_BUT_ENDED: "recorded as active although an end is given",
    NoteCode.UNCONFIRMED: "unconfirmed",
    NoteCode.PROVISIONAL: "provisional",
    NoteCode.DIFFERENTIAL: "differential",
    NoteCode.PRELIMINARY: "preliminary",
    NoteCode.PARTIAL_REPORT: "partial report",
    NoteCode.REGISTERED: "registered, not yet available",
    NoteCode.REGISTERED_RESULT: "registered, no final result yet",
    NoteCode.REGISTERED_REPORT: "registered, no final report yet",
    NoteCode.NOT_FINISHED: "not finished",
    NoteCode.STOPPED: "stopped",
    NoteCode.STOPPED_EARLY: "stopped before it was complete",
    NoteCode.DRAFT: "draft",
    NoteCode.PROPOSED: "proposed",
    NoteCode.INTENDED: "intended",
    NoteCode.PLANNED: "planned, not ordered",
    NoteCode.ON_HOLD: "on hold",
    NoteCode.NO_RESULT: "no result, only a reason for its absence",
    NoteCode.RESULT_NOT_USED: "{of}, not used",
    # When.
    NoteCode.UNDATED: "undated",
    NoteCode.INEXACT_DATE: "date not exact enough",
    NoteCode.IN_FUTURE: "dated after this call",
    NoteCode.FIRST_RECORDED: "first recorded",
    NoteCode.RECORDED_UNDATED: "recorded without a date",
    NoteCode.DATE_NOT_GIVEN: "no date given",
    NoteCode.NO_EPISODE: "start of the episode not known",
    NoteCode.ENDED: "ended since",
    NoteCode.MAY_HAVE_ENDED: "may have ended since",
    # Numbers.
    NoteCode.VALUE_ABSENT: "no value given",
    NoteCode.VALUE_NOT_GIVEN: "value not given",
    NoteCode.NOT_A_NUMBER: "not a number",
    NoteCode.TEXT_NOT_A_NUMBER: "text is not a number",
    NoteCode.COMPARATOR_NOT_UNDERSTOOD: "comparator not understood",
    NoteCode.RANGE_NOT_UNDERSTOOD: "range not understood",
    NoteCode.UNITS_DISAGREE: "unit code and unit text disagree",
    NoteCode.UNIT_NOT_KNOWN: "unit not known",
    NoteCode.UNIT_NOT_GIVEN: "unit not given",
    NoteCode.UNIT_TAKEN: "unit not given, taken from what was measured",
    NoteCode.UNIT_ASKED_NOT_KNOWN: "unit asked for is not known",
    NoteCode.UNIT_DOES_NOT_CONVERT: "unit does not convert",
    NoteCode.UNIT_ML_PER_MIN: "unit given as mL/min",
    NoteCode.HBA1C_TOO_HIGH: "more than 20 % HbA1c: the unit is probably mmol/mol, but does not say so",
    NoteCode.OUT_OF: "out of {number}",
    NoteCode.IMPLAUSIBLE: "implausible value not used",
    NoteCode.CANNOT_BE_USED: "cannot be used",
    NoteCode.PRELIMINARY_NOT_USED: "preliminary, not used",
    NoteCode.PRELIMINARY_VALUE: "preliminary, not used: {words} on {date}",
    NoteCode.PRELIMINARY_VALUE_UNDATED: "preliminary, not used: {words}, undated",
    NoteCode.OLD_VALUE: "last value {words} on {date}: too old to use",
    NoteCode.INEXACT_VALUE: "last value {words} on {date}: its date is not exact enough",
    NoteCode.UNDATED_VALUE: "not used: {words}, undated",
    NoteCode.VALUE_NOT_USED: "not used: {words}",
    NoteCode.MOST_AS_NEEDED: "taken as needed: the most that is allowed",
    NoteCode.ONE_VALUE: "only one value in this episode: no change can be told",
    NoteCode.FIRST_VALUE_ZERO: "the first value is 0",
    NoteCode.EGFR_COMPUTED: "computed (CKD-EPI 2021)",
    NoteCode.OLDER_THAN_CREATININE: "eGFR {words} is older than the creatinine and not used",
    NoteCode.EGFR_NOT_ADULT: "eGFR not computed from creatinine: the patient is not known to be adult",
    NoteCode.EGFR_IMPLAUSIBLE: "eGFR not computed from creatinine: implausible",
    NoteCode.SEX_LOWER_OF_TWO: "sex not known: the lower of the two",
    NoteCode.SEX_FOR_CLINICAL_USE: "sex for clinical use",
    NoteCode.GESTATION_ADVANCED: "advanced to now",
    NoteCode.GESTATION_FROM_PERIOD: "computed from the last menstrual period",
    NoteCode.GESTATION_FROM_DUE_DATE: "computed from the estimated delivery date",
    NoteCode.GESTATION_NOT_USABLE: "no gestational age that can be used",
    NoteCode.EARLIER_PREGNANCY: "tells of an earlier pregnancy",
    # Drugs and orders.
    NoteCode.NOT_RECOGNISED: "not recognised",
    NoteCode.DRUG_NOT_RECOGNISED: "a medication that was not recognised",
    NoteCode.ORDER_NOT_RECOGNISED: "not checked: the order was not recognised",
    NoteCode.NO_REASON: "no reason given on the order",
    NoteCode.OTHER_REASON: "another reason is given",
    NoteCode.BEING_ORDERED: "being ordered now",
    NoteCode.BY_NAME: "recognised by its name only",
    NoteCode.BY_BRAND: "by brand name",
    NoteCode.BY_BRAND_PRODUCTS_DIFFER: "by brand name: its products differ, all are meant",
    NoteCode.MEDICATION_NOT_SENT: "the Medication it refers to was not sent",
    NoteCode.INGREDIENT_NOT_KNOWN: "one of its ingredients is not known",
    NoteCode.NAMES_MORE: "its words name more than its code: {words}",
    NoteCode.NAME_NOT_READ: "not read in its name: {words}",
    NoteCode.MORE_STRENGTHS: "its name tells more strengths than ingredients that were recognised",
    NoteCode.SEVERAL_ROUTES: "several routes are given",
    NoteCode.ROUTE_DOES_NOT_FIT: "the route does not fit the product",
    NoteCode.DOSE_NOT_GIVEN: "dose not given",
    NoteCode.DOSE_NOT_READ: "dose could not be read",
    NoteCode.LENGTH_NOT_GIVEN: "length of the course not given",
    NoteCode.NOT_CERTAIN: "not certain",
    NoteCode.STOP_NOT_KNOWN: "stopped, but not known when",
    NoteCode.FIRST_NOT_KNOWN: "not known which of the two began first",
    NoteCode.OLD_ORDER: "ordered more than 12 months ago, no supply since: may still be taken",
    NoteCode.STATED_OVER: "said to be taken, with an end in the past: may still be taken",
    NoteCode.SUPPLY_NOT_WRITTEN: "completed within 30 days, its supply is not written: may still be taken",
    NoteCode.GIVEN_LATELY: "given within 3 days, or without a date: may still be taken",
    NoteCode.SUPPLY_MAY_LAST: "completed, the supply may reach to now",
    NoteCode.DISPENSED_SUPPLY_LASTS: "dispensed, supply not used up",
    NoteCode.COMPLETED_SUPPLY_LASTS: "completed, supply not used up",
    # What of the input could not be used.
    NoteCode.CANNOT_BE_READ: "cannot be read",
    NoteCode.NOT_GIVEN: "not given",
    NoteCode.NO_CODE: "no code that can be read",
    NoteCode.NOT_AN_OBJECT: "not an object",
    NoteCode.NOT_A_LIST: "not a list",
    NoteCode.NOT_A_STRING: "not a string",
    NoteCode.NO_RESOURCE: "no resource",
    NoteCode.NO_RESOURCE_TYPE: "no resourceType",
    NoteCode.NO_KNOWN_RESOURCE_TYPE: "resourceType is not the name of a resource type",
    NoteCode.OBJECT_FOR_LIST: "an object where a list belongs",
    NoteCode.TOO_DEEP: "Bundles nested too deep",
    NoteCode.MORE_PAGES: "more pages follow",
    NoteCode.OUTCOME_FOR_DATA: "an OperationOutcome stands in place of data",
    NoteCode.OUTCOME: "an OperationOutcome, passed over",
    NoteCode.NEWER_VERSION: "another version of the same resource was sent; the newer is used",
    NoteCode.SUBJECT_MISSING: "no subject; not used",
    NoteCode.SUBJECT_TAKEN: "no subject; taken to be about the one patient of the document",
    NoteCode.SUBJECT_NO_PATIENT: "about something other than a patient; not used",
    NoteCode.SUBJECT_FOREIGN: "about another patient; not used",
    NoteCode.WITHIN_ANOTHER: "within another resource; not used",
    NoteCode.ORDER_OVER: "an order that is over already; not checked",
    NoteCode.NO_CHECKED_ORDER: "not a kind of order that is checked",
    NoteCode.SELECTS_NO_DRAFT: "names none of the draft orders; all of them were checked",
    NoteCode.SELECTION_NOT_THERE: "names an order that is not among the draft orders",
    NoteCode.LINE_NOT_READ: "a line that cannot be read",
    NoteCode.FEWER_THAN_TOTAL: "fewer entries than the total says",
    NoteCode.TOO_MANY_RESOURCES: "more resources than a patient may have",
}


def text_of(note: Note) -> str:
    """A note as a person reads it."""
    template = ENGLISH[note.code]
    if "{" not in template:
        return template
    if note.reference is None and note.date is None and note.words is None and not note.of:
        return _of_lists(note)
    return _filled(template, note)


@lru_cache(1024)
def _of_lists(note: Note) -> str:
    """A note that names nothing of a record, only lists and counts: the same few are told in every call."""
    return _filled(ENGLISH[note.code], note)


def _filled(template: str, note: Note) -> str:
    return template.format(
        reference=note.reference,
        date=note.date,
        number=note.number,
        types=", ".join(note.types),
        words=note.words,
        of="; ".join(map(text_of, note.of)),
    )
