"""A pregnancy or breastfeeding that a form was told is read, however the question is put (H-02)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import signing, speaking, status_of
from tests.hazards.charts import Json, form, told_in_words

YES: Json = {"valueBoolean": True}
NO: Json = {"valueBoolean": False}
PREGNANT: Json = {"valueCoding": {"system": "http://snomed.info/sct", "code": "77386006"}}


def item(question: str | None, answer: Json, link: str = "1") -> Json:
    return {"linkId": link, "answer": [answer]} | ({"text": question} if question else {})


@pytest.mark.parametrize(
    "asked",
    [
        *(item("Are you pregnant?", YES), item("Are you currently pregnant (yes/no)?", YES), item("Pregnant", YES)),
        *(item("Pregnancy status", {"valueCoding": {"display": "Pregnant"}}), item("Pregnancy status", PREGNANT)),
        item(None, PREGNANT, "/82810-3"),
    ],
)
def test_a_pregnancy_told_in_a_form_meets_an_nsaid(client: FlaskClient, asked: Json) -> None:
    answered = signing(client, form(asked))
    assert status_of(answered, "pregnant") == "present"
    assert any("pregnan" in name for name in speaking(answered, "critical"))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        *(("Are you pregnant?", NO), ("Partner pregnant", YES), ("Could you be pregnant?", YES)),
        *(("Have you ever been pregnant?", YES), ("Are you pregnant or trying?", NO)),
    ],
)
def test_another_question_or_a_no_is_no_pregnancy(client: FlaskClient, question: str, answer: dict[str, Any]) -> None:
    answered = signing(client, form(item(question, answer)))
    assert status_of(answered, "pregnant") != "present"
    assert not speaking(answered, "critical")


@pytest.mark.parametrize("question", ["Are you breastfeeding?", "Currently breast-feeding", "Lactating"])
def test_breastfeeding_told_in_a_form_is_read(client: FlaskClient, question: str) -> None:
    assert status_of(signing(client, form(item(question, YES))), "breastfeeding") == "present"
    assert status_of(signing(client, form(item(question, NO))), "breastfeeding") != "present"


FINDING = {"coding": [{"system": "http://snomed.info/sct", "code": "77386006", "display": "Pregnant"}]}
PRESENT = {"coding": [{"system": "http://snomed.info/sct", "code": "52101004"}]}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        *((YES, "present"), ({"valueCodeableConcept": PRESENT}, "present"), (NO, "absent")),
        ({"valueString": "see notes"}, "unknown"),
    ],
)
def test_a_pregnancy_that_is_the_code_of_an_observation_is_answered_by_its_value(
    client: FlaskClient, answer: Json, status: str
) -> None:
    result = {**told_in_words("Pregnant", **answer), "code": FINDING}
    assert status_of(signing(client, result), "pregnant") == status
