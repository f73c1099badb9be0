"""A sign of the nerves that is answered in words, as a grade, or without its question is read or named (H-01, H-02)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import status_of, visiting
from tests.hazards.charts import LOCAL, Json, form, told_in_words

DECREASED = {"valueCodeableConcept": {"coding": [{"code": "D", "display": "Decreased"}]}}


def said(question: str, answer: str | Json, **content: Any) -> Json:
    """An observation of a question in words with its answer."""
    value = {"valueString": answer} if isinstance(answer, str) else answer
    return told_in_words(question, **value, **content)


def examined(title: str, question: str, **value: Any) -> Json:
    return told_in_words(title, component=[{"code": {"text": question}, **value}])


def warned(answered: Json) -> str:
    return str([card["summary"] for card in answered["cards"] if card["indicator"] == "warning"])


@pytest.mark.parametrize(
    ("entry", "finding"),
    [
        (said("Saddle sensation", "decreased"), "saddle-numbness-new"),
        (said("Saddle sensation", DECREASED), "saddle-numbness-new"),
        (said("Perianal sensation", "Reduced"), "saddle-numbness-new"),
        (said("Saddle sensation", {"valueCodeableConcept": {"text": "Abnormal"}}), "saddle-numbness-new"),
        (examined("Neurological examination", "Saddle sensation", valueString="decreased"), "saddle-numbness-new"),
        (said("Anal tone", "reduced"), "anal-tone-reduced"),
        (said("Bowel control", "lost"), "bowel-change-new"),
    ],
)
def test_a_question_and_its_answer_that_name_a_red_flag_together_are_one(
    client: FlaskClient, entry: Json, finding: str
) -> None:
    answered = visiting(client, entry)
    assert status_of(answered, finding) == "present"
    assert [card["indicator"] for card in answered["cards"]].count("critical") == 1
    assert "not read by the rules" not in warned(answered), "told once"


@pytest.mark.parametrize(
    "answer",
    [
        *("normal", "intact", "preserved", "unchanged", "not decreased", "no change", "no loss", "Normal, symmetrical"),
        *("normal and intact bilaterally", "denies"),
    ],
)
@pytest.mark.parametrize("question", ["Saddle sensation", "Anal tone", "Bladder function", "Perianal sensation"])
def test_a_function_that_is_as_it_should_be_brings_no_warning(client: FlaskClient, question: str, answer: str) -> None:
    answered = visiting(client, said(question, answer))
    assert {card["indicator"] for card in answered["cards"]} == {"info"}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (said("Saddle sensation", {"valueCodeableConcept": {"coding": [{"code": "1250004"}]}}), "Saddle sensation"),
        (said("S2-S4 sensation", "decreased"), "S2-S4 sensation"),
        (said("Bladder function", "impaired"), "Bladder function impaired"),
        (said("Motor strength", "0/5 bilaterally"), "0/5 bilaterally"),
        (said("Motor strength", "3/5 left foot dorsiflexion"), "3/5 left foot"),
        (said("Motor exam", "EHL 2/5"), "EHL 2/5"),
        (said("Left foot dorsiflexion", "3/5"), "dorsiflexion 3/5"),
        (said("Exam", "unable to dorsiflex left foot"), "unable to dorsiflex"),
        (examined("Motor strength", "Left ankle", valueInteger=2), "Motor strength Left ankle"),
        (examined("Motor strength", "Left ankle", valueQuantity={"value": 0, "unit": "/5"}), "Motor strength Left"),
        (examined("Motor strength", "Left ankle", valueString="2/5"), "Left ankle"),
    ],
)
def test_a_sign_of_the_nerves_in_an_odd_shape_is_named_in_a_warning(
    client: FlaskClient, entry: Json, words: str
) -> None:
    assert words in warned(visiting(client, entry))


@pytest.mark.parametrize(
    "entry",
    [
        said("Motor exam", "5/5 throughout"),
        said("Strength lower extremities", "5/5 bilaterally"),
        said("Leg pain", "3/10"),
        said("Seen", "foot clinic 3/5/2026"),
        examined("Motor strength", "Left ankle", valueInteger=5),
        examined("Ankle range of motion", "Left", valueInteger=2),
        said("Muscle tone of the arm", "reduced"),
    ],
)
def test_full_strength_and_other_numbers_bring_no_warning(client: FlaskClient, entry: Json) -> None:
    assert "not read by the rules" not in warned(visiting(client, entry))


@pytest.mark.parametrize("answer", ["Pregnant", {"valueCodeableConcept": {"coding": [{"display": "Pregnant"}]}}])
def test_an_answer_that_facts_read_is_not_named_as_well(client: FlaskClient, answer: str | Json) -> None:
    status = {"coding": [{"system": "http://loinc.org", "code": "82810-3", "display": "Pregnancy status"}]}
    answered = visiting(client, said("", answer) | {"code": status})
    assert status_of(answered, "pregnant") == "present"
    assert "not recognised" not in str(answered["cards"])


def test_a_grade_out_of_five_is_read_and_told_once(client: FlaskClient) -> None:
    answered = visiting(client, said("Ankle dorsiflexion strength", "3/5"))
    assert [card["indicator"] for card in answered["cards"]].count("critical") == 1
    assert "could not be read" not in str(answered["cards"])
    assert "could not be read" not in str(visiting(client, said("Leg strength", "5/5"))["cards"])


@pytest.mark.parametrize(
    "answer",
    [{"valueBoolean": True}, {"valueCoding": {"display": "Yes"}}, {"valueCoding": {"system": "urn:x", "code": "A3"}}],
)
@pytest.mark.parametrize("link", ["1.2", "q7", "item-3", "4f1c0d9e-2b7a"])
def test_an_answer_without_its_question_is_named_once_for_a_form(client: FlaskClient, link: str, answer: Json) -> None:
    filled_in = form({"linkId": link, "answer": [answer]})
    assert "1 answer without the question" in str(visiting(client, filled_in)["cards"])
    filled_in["item"] += [{"linkId": "9.1", "answer": [answer]}, {"linkId": "9.2", "answer": [{"valueBoolean": False}]}]
    assert "1 entry not recognised: QuestionnaireResponse: 2 answers" in str(visiting(client, filled_in)["cards"])


@pytest.mark.parametrize(
    "item",
    [
        {"linkId": "1.2", "answer": [{"valueInteger": 7}]},
        {"linkId": "smoker", "answer": [{"valueBoolean": True}]},
        {"linkId": "1.2", "text": "Do you smoke?", "answer": [{"valueBoolean": True}]},
        {"linkId": "answer-saddle", "answer": [{"valueBoolean": False}]},
    ],
)
def test_a_score_and_a_question_that_is_known_are_not_named(client: FlaskClient, item: Json) -> None:
    assert "without the question" not in str(visiting(client, form(item))["cards"])


@pytest.mark.parametrize(
    ("link", "finding"),
    [("saddleNumbness", "saddle-numbness-new"), ("exam/legWeakness", "leg-weakness-new"), ("footDrop", "foot-drop")],
)
def test_a_question_is_read_by_the_words_of_its_name(client: FlaskClient, link: str, finding: str) -> None:
    answered = visiting(client, form({"linkId": link, "answer": [{"valueBoolean": True}]}))
    assert status_of(answered, finding) == "present"


def test_a_yes_to_a_question_of_ours_is_told_on_one_card(client: FlaskClient) -> None:
    asked = {"linkId": "answer-saddle", "text": "Numbness of the saddle or perineal area"}
    answered = visiting(client, form(asked | {"answer": [{"valueBoolean": True}]}))
    assert status_of(answered, "saddle-numbness-new") == "present"
    assert not warned(answered).count("not read by the rules")
    coded = said("", {"valueString": "a little since Monday"}) | {
        "code": {"coding": [{"system": LOCAL, "code": "answer-saddle"}]}
    }
    assert "1 entry could not be read: Observation" in str(visiting(client, coded)["cards"])
