"""What was read, or answers no question of ours, is not told as unread: each such line costs attention (H-07)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import status_of, visiting
from tests.hazards.charts import LOINC, Json, problem, told_in_words

SNOMED = "http://snomed.info/sct"
LEVEL = "Fall risk level [Morse Fall Scale]"
UNREAD = "could not be read"


def level(**value: Any) -> Json:
    entry = told_in_words(LEVEL, **value)
    return entry | {"code": {"coding": [{"system": LOINC, "code": "59461-4", "display": LEVEL}], "text": LEVEL}}


def chosen(code: str, text: str) -> Json:
    return level(valueCodeableConcept={"coding": [{"system": LOINC, "code": code, "display": text}], "text": text})


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        ("LA13040-3", "High Risk (MFS Score 50+)", "present"),
        ("LA13039-5", "Moderate Risk (MFS Score 25 - 45)", "present"),
        ("LA13038-7", "Low Risk (MFS Score 0 - 24)", "absent"),
    ],
)
def test_the_level_of_a_fall_scale_answers_whether_falls_are_likely(
    client: FlaskClient, code: str, text: str, status: str
) -> None:
    answered = visiting(client, chosen(code, text))
    assert status_of(answered, "falls-risk") == status
    assert UNREAD not in str(answered["cards"])


def test_a_level_of_a_fall_scale_in_words_that_say_nothing_is_named(client: FlaskClient) -> None:
    answered = visiting(client, level(valueString="see chart"))
    assert status_of(answered, "falls-risk") == "unknown"
    assert UNREAD in str(answered["cards"])


def test_the_total_of_a_fall_scale_is_no_answer_to_the_question_about_falls(client: FlaskClient) -> None:
    answered = visiting(client, told_in_words("Fall risk total [Morse Fall Scale]", valueQuantity={"value": 42}))
    assert UNREAD not in str(answered["cards"])


def test_a_pregnancy_on_the_problem_list_without_its_week_was_read(client: FlaskClient) -> None:
    entry = problem("Z33.1", "Normal pregnancy", onset="2026-09-20")
    answered = visiting(client, entry)
    assert status_of(answered, "pregnant") == "present"
    assert status_of(answered, "gestational-age") == "unknown"
    assert UNREAD not in str(answered["cards"])


def test_a_gestational_age_without_a_number_is_told_as_unread(client: FlaskClient) -> None:
    entry = told_in_words("Gestational age", valueString="see notes")
    entry["code"] = {"coding": [{"system": LOINC, "code": "18185-9", "display": "Gestational age"}]}
    assert UNREAD in str(visiting(client, problem("Z33.1", "Normal pregnancy", onset="2026-09-20"), entry)["cards"])


def test_unhealthy_drinking_counts_as_an_alcohol_problem_and_not_as_unread(client: FlaskClient) -> None:
    text = "Unhealthy alcohol drinking behavior (finding)"
    entry = problem("F10.10", text, onset="2026-09-20")
    entry["code"] = {"coding": [{"system": SNOMED, "code": "10939881000119105", "display": text}], "text": text}
    answered = visiting(client, entry)
    assert status_of(answered, "alcohol-use-disorder") == "present"
    assert status_of(answered, "problems-not-read") == "absent"
    entry["code"]["text"] = entry["code"]["coding"][0]["display"] = "Unhealthy alcohol use screening"
    assert status_of(visiting(client, entry), "alcohol-use-disorder") != "present"
