"""What the words of a problem say of when it was and whether it was found out is read (H-01, H-07)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import speaking, status_of, visiting
from tests.hazards.charts import Json, problem_in_words


def answer_about(client: FlaskClient, words: str, **content: object) -> Json:
    return visiting(client, problem_in_words(words, **content))


SIGNS = ["Urinary incontinence", "Urinary retention", "Saddle anaesthesia", "Foot drop"]


@pytest.mark.parametrize("when", [" 2010", " (2010)", ", 2010", " in 2010", " since 2010", " 2010."])
@pytest.mark.parametrize("sign", SIGNS)
def test_a_bare_year_behind_a_sign_makes_it_an_old_one(client: FlaskClient, sign: str, when: str) -> None:
    answered = answer_about(client, sign + when)
    assert not speaking(answered, "critical")
    assert speaking(answered, "warning"), "ask whether it has changed"


@pytest.mark.parametrize("when", ["", " 2026", " 2026-11-19", " L4/5", " 2010 and since Monday"])
@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_without_an_earlier_year_behind_it_is_new(client: FlaskClient, sign: str, when: str) -> None:
    assert speaking(answer_about(client, sign + when), "critical")


def test_the_day_that_the_entry_gives_stands_above_its_words(client: FlaskClient) -> None:
    assert speaking(answer_about(client, "Foot drop 2010", onsetDateTime="2026-11-19"), "critical")


@pytest.mark.parametrize("words", ["?CES - MRI normal", "Query cauda equina, MRI clear", "r/o CES. MRI negative"])
def test_a_question_whose_answer_stands_beside_it_is_a_warning_and_not_critical(
    client: FlaskClient, words: str
) -> None:
    answered = answer_about(client, words)
    assert not speaking(answered, "critical")
    assert "rf-words-not-read" in speaking(answered, "warning")


@pytest.mark.parametrize("words", ["?CES", "?CES - MRI pending", "r/o CES", "CES, MRI shows compression"])
def test_a_question_without_its_answer_stays_critical(client: FlaskClient, words: str) -> None:
    assert speaking(answer_about(client, words), "critical")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        *(("AAA 2.0 cm normal", "unknown"), ("AAA 5.2 cm", "present"), ("AAA 3.5 cm, kidneys normal", "present")),
        *(("CES ruled out", "absent"), ("cauda equina syndrome excluded", "absent")),
    ],
)
def test_words_that_exclude_a_danger_raise_no_alarm_and_a_normal_size_proves_no_absence(
    client: FlaskClient, words: str, status: str
) -> None:
    answered = answer_about(client, words)
    finding = "aortic-aneurysm" if words.startswith("AAA") else "cauda-equina-diagnosed"
    assert status_of(answered, finding) == status
    assert bool(speaking(answered, "critical")) is (status == "present")


@pytest.mark.parametrize("words", ["hx breast ca", "h/o ca breast", "Hx of breast cancer", "PMH: Ca breast"])
def test_a_cancer_of_the_past_in_short_words_is_one(client: FlaskClient, words: str) -> None:
    assert status_of(answer_about(client, words), "cancer-history") == "present"


def test_pain_like_a_band_is_thoracic_pain_by_itself_and_named_with_a_place(client: FlaskClient) -> None:
    assert status_of(answer_about(client, "band-like pain"), "thoracic-or-band-pain") == "present"
    around = answer_about(client, "Band like pain around chest")
    assert status_of(around, "thoracic-or-band-pain") == "unknown"
    assert "rf-words-not-read" in speaking(around, "warning")
