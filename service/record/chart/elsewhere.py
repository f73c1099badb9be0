"""Elsewhere: what is said of the patient where no fact looks for a problem: reports, flags, notes, answers in words.

A problem list proves that something is not there only as far as nothing else on the chart says that it is. So the words
and codes of these places are looked through for what the rules ask about; what is found there is not read as a problem,
for a report or a note may mean many things, but it is named and leaves the list unanswered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from service.record.chart.advice import without_advice
from service.record.chart.answers import ANSWERED, IN_WORDS, said_in_words, says_no
from service.record.chart.concepts import answered_items, asked_in_words
from service.record.chart.evidence import LONGEST_TEXT
from service.record.chart.worded_answers import in_words, is_nothing_lost, together
from service.record.model import Entry, Resource
from service.record.values.concept import as_objects, concept_text, wordings
from service.record.values.negation import LESS
from service.record.values.units import decimal

Statement = Mapping[str, Any]
"""A CodeableConcept, or words in the shape of one."""

_WORDS = frozenset(
    {"text", "display", "description", "summary", "comment", "conclusion", "title", "contentString", "valueString"}
    | {"detail", "string", "valueMarkdown"}
)
"""Elements that hold words."""
_OF_OTHERS = frozenset(
    {"subject", "patient", "encounter", "performer", "author", "asserter", "recorder", "participant", "location"}
    | {"identifier", "meta", "contained", "serviceProvider", "insurer", "provider", "source", "requester", "sender"}
    | {"recipient", "owner", "careTeam", "managingOrganization", "clinicalStatus", "verificationStatus", "category"}
    | {"basedOn", "supportingInfo", "insurance", "sourceAttachment", "device", "assigner", "status", "modality"}
)
"""Elements about persons, places and papers."""
_OVER = frozenset({"entered-in-error", "cancelled", "inactive", "revoked", "retired", "rejected", "abandoned"})
_DONE = frozenset({"completed", "finished"})
_NOT_TO_COME = frozenset({"cancelled", "noshow", "entered-in-error", "fulfilled"})
_OF_A_VISIT = (
    *("serviceCategory", "serviceType", "specialty", "appointmentType", "reasonCode", "reason", "reasonReference"),
    *("description", "comment", "note", "patientInstruction", "supportingInformation"),
)
_PLANS = frozenset({"CarePlan", "EpisodeOfCare", "RequestGroup", "RequestOrchestration", "Task"})
"""What is over when it is completed."""
_IS_NO = re.compile(
    r"\s*(?:no|none|nil|n|neg|negative|absent|not (?:detected|present|found|applicable|known|done)|normal|unremarkable"
    r"|intact|see (?:components?|notes?|reports?|below)|pending|done|completed|performed|false|never|denie[sd]|unknown"
    r"|n/?a|nein|non|nee|nej|não|keine?|aucune?|ningun[oa]|0|-)[\s.!]*",
    re.IGNORECASE,
)
_ABLE = re.compile(
    r"\s*(?:can|could) (?:you|he|she|they|(?:the )?patient) (?:still )?|\s*(?:(?:are|is) \w+ |\b)able to ",
    re.IGNORECASE,
)
"""How a question for an ability begins."""
_DENIAL = re.compile(r"\s*(?:no|not|without|denies|absence of|keine?|pas de) ", re.IGNORECASE)
GOOD = re.compile(
    r"\b(?:normal\w*|intact|preserved|good|full|unchanged|still|able|can you|properly|as usual)\b", re.IGNORECASE
)
"""Words of a question to which a yes is good news, and a no a lack."""
_FUNCTION = re.compile(
    r"\b(?:sensation|sensibilit\w+|tone|feel(?:ing)?|control|function(?:s|ing)?|strength|power|reflex(?:es)?|pulses?"
    r"|continence|void(?:ing)?|urinat\w+|working)\b",
    re.IGNORECASE,
)
_STRENGTH = re.compile(r"\b(?:motor|strength|power|mrc|(?:dorsi|plantar) ?flex\w*)\b", re.IGNORECASE)
_FULL_STRENGTH = 5
_ANSWERS = frozenset({"valueBoolean", *IN_WORDS})
"""Elements that answer a question otherwise than by a number."""
_TOLD_OTHERWISE = frozenset({"component", "dataAbsentReason", "hasMember"})
"""Where one of these stands, an observation without a value does not say that what it is about is there."""
_DEEPEST = 8
_YEAR = re.compile(r"(\d{4})-(\d\d)|(\d{4})")
_DATED = (
    "effectiveDateTime",
    "authored",
    "started",
    "issued",
    "authoredOn",
    "sent",
    "date",
    "recordedDate",
    "created",
    "createdDateTime",
)


def _words(text: object) -> Iterator[Statement]:
    if isinstance(text, str) and text.strip():
        yield {"text": text}


def said_in(value: object, depth: int = 0) -> Iterator[Statement]:
    """Every concept and every text within an element, but those about persons and places."""
    if isinstance(value, list):
        for item in value:
            yield from said_in(item, depth)
        return
    if not isinstance(value, dict) or depth > _DEEPEST or "div" in value:
        return
    if "coding" in value:
        yield value
        return
    if "code" in value and "system" in value:
        yield {"coding": [value]}
        return
    for name, inner in value.items():
        if isinstance(inner, str):
            if name in _WORDS:
                yield from _words(inner)
        elif name not in _OF_OTHERS:
            yield from said_in(inner, depth + 1)


def _whole(resource: Resource) -> Iterator[Statement]:
    status = resource.get("status")
    over = _OVER | _DONE if resource.get("resourceType") in _PLANS else _OVER
    if not (isinstance(status, str) and status in over):
        yield from said_in(dict(resource))


class _Elements:
    """What some elements of a resource say."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self.are_missing_in = frozenset(names).isdisjoint
        """Whether a resource holds none of them, as most do."""

    def __call__(self, resource: Resource) -> Iterator[Statement]:
        for name in self._names:
            if name in resource:
                element = resource[name]
                yield from _words(element) if isinstance(element, str) else said_in(element)


def _booked(resource: Resource) -> Iterator[Statement]:
    """What a visit is for that is still to come."""
    status = resource.get("status")
    if not (isinstance(status, str) and status in _NOT_TO_COME):
        yield from said_in({name: resource[name] for name in _OF_A_VISIT if name in resource})


def _procedure(resource: Resource) -> Iterator[Statement]:
    """What a procedure tells besides what was done, and one that is only being prepared."""
    yield from _about_a_procedure(resource)
    if is_to_come(resource):
        yield from _code(resource)


_about_a_procedure = _Elements("reasonCode", "complication", "outcome")
_code = _Elements("code")


def is_to_come(resource: Resource) -> bool:
    """Whether it is a procedure that was not begun: nothing that was done, and perhaps why a drug must not be given."""
    return resource.get("resourceType") == "Procedure" and resource.get("status") == "preparation"


def _answers(question: str, concept: object, holder: Mapping[str, Any]) -> Iterator[Statement]:
    """What one question and its answer say together; nothing where the answer is a no or a number."""
    if holder.get("valueBoolean") is True and not GOOD.search(question):
        yield concept if isinstance(concept, dict) else {"text": question.replace("?", "")}
        return
    is_no = says_no(holder)
    if is_no and (lack := lack_of(question)) is not None:
        yield {"text": lack}
    for said in said_in_words(holder):
        words = concept_text(said)
        is_no_by_code = is_no and next(wordings(said), None) is None
        if not words or is_no_by_code or _IS_NO.fullmatch(words) or is_nothing_lost(words):
            continue
        if isinstance(said, dict):
            yield said if "coding" in said or "text" in said else {"coding": [said]}
        yield together(question, words)


def lack_of(question: str) -> str | None:
    """What a no to a question tells, if that asks for a function or for something good; None where it tells nothing."""
    asked = question.strip(" ?:")
    if denial := _DENIAL.match(asked):
        return asked[denial.end() :]
    if LESS.search(asked):
        return None
    if able := _ABLE.match(asked):
        return f"cannot {asked[able.end() :]}"
    if GOOD.search(asked):
        return f"abnormal {GOOD.sub('', asked).strip()}"
    return f"absent {asked}" if _FUNCTION.search(asked) else None


def tells_in_words(entry: Entry, is_read: Callable[[object, object], bool]) -> bool:
    """Whether an observation answers by more than a yes, a no or a number ("saddle sensation: worse since May").

    ``is_read`` tells of a question and its answer whether facts read that. A no where a function is asked for tells
    more too: no saddle sensation, no control of the bladder.
    """
    for one in (entry.resource, *as_objects(entry.resource.get("component"))):
        question = one.get("code")
        if says_no(one):
            if lack_of(next(wordings(question), "")) is not None:
                return True
        elif (answer := in_words(one)) is not None and not is_read(question, answer):
            return True
    return False


def _observation(resource: Resource) -> Iterator[Statement]:
    for holder in (resource, *as_objects(resource.get("component"))):
        code = holder.get("code")
        if holder is not resource:
            yield from _graded(resource.get("code"), code, holder)
        if not _ANSWERS.isdisjoint(holder):
            yield from _answers(next(wordings(code), ""), code, holder)
        elif (
            isinstance(code, dict)
            and _TOLD_OTHERWISE.isdisjoint(holder)
            and not any(key.startswith("value") for key in holder)
        ):
            yield code


def _graded(title: object, part: object, component: Mapping[str, Any]) -> Iterator[Statement]:
    """A grade of strength out of five that a component gives as a number, in words: "motor power left ankle 2/5"."""
    quantity = component.get("valueQuantity")
    grade = decimal(quantity.get("value") if isinstance(quantity, dict) else component.get("valueInteger"))
    if grade is None or not 0 <= grade <= _FULL_STRENGTH:
        return
    about = f"{next(wordings(title), '')} {next(wordings(part), '')}"
    if _STRENGTH.search(about):
        yield {"text": f"{about} {grade.normalize():f}/5"}


def _items(resource: Resource) -> Iterator[Statement]:
    for item, answer in answered_items(resource):
        yield from _answers(asked_in_words(item), None, answer)


def _sections(resource: Resource, depth: int = 0) -> Iterator[Statement]:
    """The words of sections that have no entries: nothing else tells what stands there."""
    for section in as_objects(resource.get("section")) if depth < _DEEPEST else ():
        if not section.get("entry"):
            yield from (statement for text in as_objects(section.get("text")) for statement in _words(text.get("div")))
        yield from _sections(section, depth + 1)


def _of_the_patient(resource: Resource) -> Iterator[Statement]:
    """A family history whose member is the patient: relationship "oneself"."""
    codes = (one for relation in as_objects(resource.get("relationship")) for one in as_objects(relation.get("coding")))
    if any(one.get("code") == "ONESELF" for one in codes):
        yield from said_in(resource.get("condition"))


_BY_TYPE: Mapping[str, Callable[[Resource], Iterable[Statement]]] = {
    "Condition": _Elements("evidence", "note", "severity", "stage", "extension"),
    "Encounter": _Elements("reasonCode", "reasonReference", "reason", "diagnosis"),
    "DiagnosticReport": _Elements("conclusion", "conclusionCode", "note"),
    "ImagingStudy": _Elements("description", "note", "reasonCode"),
    "ServiceRequest": _Elements("reasonCode", "reasonReference", "note"),
    "MedicationRequest": _Elements("reasonCode", "reasonReference", "note"),
    "MedicationStatement": _Elements("reasonCode", "reasonReference"),
    "Procedure": _procedure,
    "Appointment": _booked,
    "Communication": _Elements("payload", "note", "reasonCode"),
    "CommunicationRequest": _Elements("payload", "note", "reasonCode"),
    "Observation": _observation,
    "QuestionnaireResponse": _items,
    "FamilyMemberHistory": _of_the_patient,
    "Claim": _Elements("diagnosis"),
    "ExplanationOfBenefit": _Elements("diagnosis"),
    "DocumentReference": _Elements("description", "content"),
    "Composition": _sections,
    **dict.fromkeys(
        (*_PLANS, "AdverseEvent", "Basic", "ClinicalImpression", "DetectedIssue", "Flag", "List", "RiskAssessment"),
        _whole,
    ),
}
TYPES: AbstractSet[str] = _BY_TYPE.keys()
"""The resource types in which something is looked for."""
_MAY_ANSWER = _ANSWERS | {"component"}


def _is_a_number(observation: Resource) -> bool:
    """Whether an observation gives a quantity and nothing besides that could say or answer anything."""
    return "valueQuantity" in observation and _MAY_ANSWER.isdisjoint(observation)


_SILENT: Mapping[str, Callable[[Resource], bool]] = {
    "Observation": _is_a_number,
    **{name: reader.are_missing_in for name, reader in _BY_TYPE.items() if isinstance(reader, _Elements)},
}


def without_silent(type_: str, entries: Iterable[Entry]) -> Iterable[Entry]:
    """Those entries of a type that may say or answer something: of most a glance at their elements shows that not."""
    is_silent = _SILENT.get(type_)
    return entries if is_silent is None else [entry for entry in entries if not is_silent(entry.resource)]


def statements_of(entry: Entry) -> list[Statement]:
    """What a resource says besides what it is about, where facts do not look for problems."""
    reader = _BY_TYPE.get(entry.type)
    return list(reader(without_advice(entry.resource))) if reader else []


def last_year_of(resource: Resource) -> int | None:
    """The year of which a resource tells; None where it gives no date, or where it is not over."""
    dates = [resource.get(name) for name in _DATED]
    period = resource.get("period")
    if isinstance(period, dict):
        dates.append(period.get("end") or ("9999" if resource.get("status") == "in-progress" else period.get("start")))
    years = [int(found[0][:4]) for text in dates if isinstance(text, str) and (found := _YEAR.match(text))]
    return max(years, default=None)


def with_title(entry: Entry, words: str) -> str:
    """Words of an entry after what it is called, where a line of a card has room for both; of an answer the words."""
    if entry.type in ANSWERED:
        return words
    title = concept_text(entry.resource.get("code")) if entry.type == "DiagnosticReport" else ""
    told = f"{title or entry.type}: {words}"
    return told if len(told) <= LONGEST_TEXT else words
