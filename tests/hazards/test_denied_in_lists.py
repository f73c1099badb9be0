"""A finding that is denied in a list of findings alarms nobody, and one that is there beside it is never lost."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, speaking
from tests.hazards.charts import Json, measured, person, sciatica

NOT_READ = "rf-words-not-read"


def narrative(words: str, title: str = "Physical findings") -> Json:
    content = {"code": {"text": title}, "valueQuantity": None, "valueString": words}
    return {**measured("x", 0, None, "2026-11-23"), **content}


def problem_in_words(words: str) -> Json:
    subject = {"reference": "Patient/p"}
    return {
        "resourceType": "Condition",
        "id": "w",
        "subject": subject,
        "code": {"text": words},
        "onsetDateTime": "2026-11-20",
    }


def visit(words: str) -> Json:
    content: dict[str, Any] = {"status": "in-progress", "period": {"start": "2026-11-24"}}
    return {
        "resourceType": "Encounter",
        "id": "e",
        "subject": {"reference": "Patient/p"},
        "reasonCode": [{"text": words}],
        **content,
    }


DENIED = (
    *("Saddle numbness: no", "saddle numbness = N", "Saddle anaesthesia: none", "Foot drop: no", "Fever: no"),
    *("Saddle numbness (no)", "saddle numbness: false", "saddle numbness? no", "urinary incontinence - no"),
    *("Saddle numbness: nein", "Loss of bladder control: No", "fever no, weight loss no", "IVDU never"),
    "Cauda equina syndrome: no",
)


@pytest.mark.parametrize("words", DENIED)
@pytest.mark.parametrize("told", [narrative, problem_in_words, visit])
def test_a_finding_that_is_denied_behind_its_name_is_not_critical(client: FlaskClient, words: str, told: Any) -> None:
    assert not speaking(ask(client, [person(), sciatica(), told(words)]), "critical")


@pytest.mark.parametrize(
    "words",
    [
        *("Saddle numbness: yes", "Foot drop; fever: no", "foot drop: no, foot drop right: yes"),
        *("foot drop: no improvement", "foot drop, no trauma", "saddle numbness: never so bad"),
        *(
            "Anal tone: absent",
            "anal tone is absent",
            "Bladder control: no",
            "Saddle sensation: none",
            "foot pulses absent",
        ),
    ],
)
@pytest.mark.parametrize("told", [narrative, problem_in_words, visit])
def test_a_finding_or_a_lack_beside_a_denial_is_told(client: FlaskClient, words: str, told: Any) -> None:
    answered = ask(client, [person(), sciatica(), told(words)])
    assert speaking(answered, "critical") or NOT_READ in speaking(answered, "warning")


@pytest.mark.parametrize("words", ["No trauma, foot drop", "no injury, saddle numbness"])
def test_words_that_a_denial_leaves_in_doubt_are_named_as_the_reason_of_a_visit(
    client: FlaskClient, words: str
) -> None:
    assert NOT_READ in speaking(ask(client, [person(), sciatica(), visit(words)]), "warning")


@pytest.mark.parametrize(
    "words",
    [
        *("numb when wiping", "can't feel when I pee", "trouble passing water", "double incontinence"),
        *("bowel accidents", "genital numbness", "loss of sensation when urinating", "can't control my stool"),
        *("Kann den Urin nicht halten", "Analsphinkterschwäche", "epiduraler Abszess", "reduzierter Analtonus"),
        *("krachtsverlies beide benen", "epiduraal abces", "verminderde anale sfinctertonus", "wervelfractuur"),
    ],
)
@pytest.mark.parametrize("told", [narrative, problem_in_words, visit])
def test_plain_words_of_a_red_flag_are_told(client: FlaskClient, words: str, told: Any) -> None:
    answered = ask(client, [person(), sciatica(), told(words)])
    assert speaking(answered, "critical") or NOT_READ in speaking(answered, "warning")


@pytest.mark.parametrize(
    "words",
    [
        *("Anal tone: normal", "anal tone intact", "no loss of anal tone", "loss of bladder control: none"),
        *("bladder empties well", "controls bladder and bowels", "krachtstraining benen", "Wirbelsäulengymnastik"),
        *("bowel cancer screening", "feels well when walking", "numbness of the left foot"),
    ],
)
def test_what_is_as_it_should_be_is_no_red_flag(client: FlaskClient, words: str) -> None:
    answered = ask(client, [person(), sciatica(), narrative(words)])
    assert not speaking(answered, "critical")
    assert NOT_READ not in speaking(answered)


@pytest.mark.parametrize(
    "words", ["Cauda equina warning card given", "Ask about saddle numbness", "low suspicion of cauda equina"]
)
def test_what_is_taught_asked_or_thought_unlikely_is_a_warning_at_most(client: FlaskClient, words: str) -> None:
    assert not speaking(ask(client, [person(), sciatica(), problem_in_words(words)]), "critical")
