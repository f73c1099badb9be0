"""The two ready Questionnaires: served, valid R4, and every answer comes back as a finding."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.knowledge.model import Knowledge
from service.review.export.questionnaires import QUESTIONS
from tests.hazards.answers import ask
from tests.hazards.charts import person, sciatica

Json = dict[str, Any]
ANSWERS: dict[str, Json] = {
    "boolean": {"valueBoolean": True},
    "date": {"valueDate": "2026-11-10"},
    "integer": {"valueInteger": 7},
    "decimal": {"valueDecimal": 42.0},
    "choice": {"valueCoding": {"system": "urn:sciatica-cds:code", "code": "risk-high"}},
}
ASKED = [(name, question) for name, questions in QUESTIONS.items() for question in questions]


def readers(knowledge: Knowledge, link_id: str) -> set[str]:
    """The facts that read the answer to a link id."""
    return {
        fact.id
        for fact in knowledge.facts.values()
        for source in fact.sources
        if source.resource == "QuestionnaireResponse"
        and any(link_id in knowledge.value_sets[name].link_ids for name in source.codes)
    }


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_it_is_served_with_link_ids_and_is_public(client: FlaskClient, name: str) -> None:
    answered = client.get(f"/Questionnaire/{name}")
    assert answered.status_code == 200
    result = answered.get_json()
    assert result["resourceType"] == "Questionnaire"
    assert [item["linkId"] for item in result["item"][1:]] == [question.link_id for question in QUESTIONS[name]]


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_it_is_valid_r4(client: FlaskClient, name: str) -> None:
    from fhir.resources.R4B.questionnaire import Questionnaire

    Questionnaire.model_validate(client.get(f"/Questionnaire/{name}").get_json())


def test_the_first_visit_has_the_25_items_of_the_evidence() -> None:
    assert len(QUESTIONS["first-visit"]) == 25


@pytest.mark.parametrize(("name", "question"), ASKED, ids=lambda value: getattr(value, "link_id", value))
def test_every_answer_comes_back_as_a_finding(
    client: FlaskClient, knowledge: Knowledge, name: str, question: Any
) -> None:
    response = {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        "questionnaire": f"https://example.org/Questionnaire/{name}",
        "subject": {"reference": "Patient/p"},
        "authored": "2026-11-24T08:00:00Z",
        "item": [{"linkId": question.link_id, "answer": [ANSWERS[question.type]]}],
    }
    answered = ask(client, [person(), sciatica(), response])
    findings = answered["extension"]["sciatica-cds.decision"]["findings"]
    reading = readers(knowledge, question.link_id)
    found = [item for item in findings if item["name"] in reading]
    assert any(
        item["status"] == "present"
        and any(evidence["resource"] == "QuestionnaireResponse/q" for evidence in item["evidence"])
        for item in found
    ), reading
