"""An alarm that waits only for whether an unread problem is back pain is told, never taken as there (H-01, H-02)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, speaking, status_of
from tests.hazards.charts import LOCAL, answer, measured, person, problem, problem_in_words

FLAGS = {
    "discitis": problem("M46.46", "Discitis, lumbar region", "2026-11-20"),
    "foot drop": problem("M21.371", "Foot drop, right foot", "2026-11-20"),
    "cord compression": problem("G95.20", "Cord compression", "2026-11-20"),
    "aneurysm": problem("I71.40", "Abdominal aortic aneurysm", "2026-11-20"),
    "retention": problem("R33.9", "Retention of urine", "2026-11-20"),
    "strength": measured("mrc-grade", 2, None, "2026-11-24", system=LOCAL),
    "temperature": measured("8310-5", 39.2, "Cel", "2026-11-24"),
}


@pytest.mark.parametrize("words", ["Kreuzweh seit Mo., XQ7", "Foobar"])
@pytest.mark.parametrize("flag", FLAGS)
def test_a_red_flag_beside_a_problem_that_may_be_back_pain_is_told(client: FlaskClient, flag: str, words: str) -> None:
    answered = ask(client, [person(), problem_in_words(words), FLAGS[flag]], complete="all")
    assert status_of(answered, "back-or-leg-pain") == "unknown"
    assert not speaking(answered), "an unread problem is never present"
    card = answered["cards"][0]
    assert card["summary"] == f"Not assessed: {words} not recognised: urgent if it is back or leg pain."
    assert "Urgent if it is back or leg pain: " in card["detail"]


@pytest.mark.parametrize("flag", FLAGS)
def test_a_red_flag_beside_problems_that_were_read_is_the_business_of_others(client: FlaskClient, flag: str) -> None:
    asthma = problem("J45.909", "Asthma", "2020-01-01")
    assert ask(client, [person(), asthma, FLAGS[flag]], complete="all")["cards"] == []


def test_an_unread_problem_without_a_red_flag_is_no_reason_for_a_card(client: FlaskClient) -> None:
    no_flags = [answer("answer-saddle", yes=False), measured("8310-5", 36.8, "Cel", "2026-11-24")]
    assert ask(client, [person(), problem_in_words("Foobar"), *no_flags], complete="all")["cards"] == []


def test_the_sign_of_cauda_equina_has_its_own_alarm(client: FlaskClient) -> None:
    answered = ask(client, [person(), problem_in_words("Foobar"), answer("answer-saddle", yes=True)], complete="all")
    assert "rf-cauda-equina-back-pain-not-known" in speaking(answered, "critical")
