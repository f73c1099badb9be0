"""The page of the screening questionnaires: a form, the answers as a QuestionnaireResponse, the cards they bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from service.knowledge.model import Knowledge
from service.protocol.evaluation import Answered
from service.review.export.metadata import Publication
from service.review.export.questionnaires import FIRST_VISIT, FOLLOW_UP, ready
from service.testkit.filled_questionnaire import Person, problems
from service.web.pages.playground import answer_in_words

Json = dict[str, Any]
NAMES = (FIRST_VISIT, FOLLOW_UP)
ANSWER = "answer."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a form that was sent: what is wrong with it, or the chart and its answer, for the time ``now``."""

    now: str
    faults: tuple[str, ...] = ()
    chart: Json | None = None
    answered: Answered | None = None


def questionnaire_named(knowledge: Knowledge, name: str) -> Json:
    """One of the two Questionnaires; the first where there is none of this name."""
    return ready(Publication(knowledge), name if name in NAMES else FIRST_VISIT)


def questionnaire_page(
    knowledge: Knowledge,
    questionnaire: Json,
    answers: Mapping[str, str],
    person: Person,
    outcome: Outcome,
) -> Json:
    """The form as it was filled in, and, where it was sent, the chart that came of it and its cards."""
    chart, answered = outcome.chart, outcome.answered
    return {
        "name": questionnaire["id"],
        "title": questionnaire["title"],
        "others": [
            {"id": one, "title": questionnaire_named(knowledge, one)["title"]}
            for one in NAMES
            if one != questionnaire["id"]
        ],
        "first": questionnaire["item"][0]["text"],
        "questions": [_item(item, answers.get(item["linkId"], "")) for item in questionnaire["item"][1:]],
        "person": {"birthDate": person.birth_date, "gender": person.gender, "problem": person.problem},
        "problems": [{"id": name, "title": title} for name, title in problems(knowledge)],
        "faults": list(outcome.faults),
        "now": outcome.now,
        "chart": None if chart is None else orjson.dumps(chart, option=orjson.OPT_INDENT_2).decode(),
        "answer": None if answered is None else answer_in_words(knowledge, answered),
    }


def _item(item: Json, answer: str) -> Json:
    return {
        "id": item["linkId"],
        "text": item["text"],
        "type": item["type"],
        "answer": answer,
        "options": [
            {"code": one["valueCoding"]["code"], "display": one["valueCoding"]["display"]}
            for one in item.get("answerOption", ())
        ],
        "onlyIf": item["enableWhen"][0]["question"] if "enableWhen" in item else None,
    }
