"""A Questionnaire filled in by hand, as the chart that a record system would send: patient, problem and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.knowledge.model import Code, Knowledge

Json = dict[str, Any]
PATIENT_ID, _SUBJECT = "example", {"reference": "Patient/example"}


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers: birth date or empty, administrative gender or empty, and the value set of the problem or empty."""

    birth_date: str = ""
    gender: str = ""
    problem: str = ""


def problems(knowledge: Knowledge) -> list[tuple[str, str]]:
    """The problems that start an episode, as value set and title."""
    return [(name, knowledge.value_sets[name].title) for name in knowledge.episode]


def wrong_answers(questionnaire: Json, answers: Mapping[str, str]) -> list[str]:
    """What is wrong with the answers, in words."""
    return [
        f"{item['text']} {_MEANT[item['type']]}"
        for item in questionnaire["item"]
        if answers.get(item["linkId"]) and item["type"] in _MEANT and _value(item, answers[item["linkId"]]) is None
    ]


_MEANT = {
    "date": "A date is meant, such as 2026-11-02.",
    "integer": "A whole number is meant.",
    "decimal": "A number is meant.",
}


def chart_of(
    knowledge: Knowledge, questionnaire: Json, answers: Mapping[str, str], person: Person, now: datetime
) -> Json:
    """The Bundle: patient, the problem where one was named, and the QuestionnaireResponse with what was answered."""
    patient: Json = {"resourceType": "Patient", "id": PATIENT_ID}
    patient |= {"birthDate": person.birth_date} if person.birth_date else {}
    patient |= {"gender": person.gender} if person.gender else {}
    resources = [patient, *_problem(knowledge, person.problem, now), _response(questionnaire, answers, now)]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def _response(questionnaire: Json, answers: Mapping[str, str], now: datetime) -> Json:
    items = list(_answered(questionnaire["item"], answers))
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "answers",
        "questionnaire": f"{questionnaire['url']}|{questionnaire['version']}",
        "status": "completed",
        "subject": _SUBJECT,
        "authored": now.isoformat(),
        **({"item": items} if items else {}),
    }


def _answered(items: Sequence[Json], answers: Mapping[str, str]) -> Iterator[Json]:
    for item in items:
        value = _value(item, answers.get(item["linkId"], ""))
        if value is not None:
            yield {"linkId": item["linkId"], "text": item["text"], "answer": [value]}


def _value(item: Json, text: str) -> Json | None:
    """The answer in the type of its item; None for none, or for what is not of that type."""
    try:
        match item["type"]:
            case "boolean":
                return {"valueBoolean": text == "yes"} if text in ("yes", "no") else None
            case "date":
                return {"valueDate": datetime.fromisoformat(text).date().isoformat()}
            case "integer":
                return {"valueInteger": int(text)}
            case "decimal":
                return {"valueDecimal": float(text.replace(",", "."))}
            case "choice":
                options = [one["valueCoding"] for one in item["answerOption"]]
                return next(({"valueCoding": one} for one in options if one["code"] == text), None)
    except ValueError:
        pass
    return None


def _problem(knowledge: Knowledge, name: str, now: datetime) -> list[Json]:
    found = knowledge.value_sets.get(name)
    if found is None or name not in knowledge.episode or not found.codes:
        return []
    code: Code = found.codes[0]
    coding = {"system": code.system, "code": code.code, "display": code.display}
    active = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    return [
        {
            "resourceType": "Condition",
            "id": "problem",
            "clinicalStatus": {"coding": [active]},
            "code": {"coding": [coding], "text": found.title},
            "subject": _SUBJECT,
            "recordedDate": now.date().isoformat(),
        }
    ]
