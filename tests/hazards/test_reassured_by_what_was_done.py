"""What was only planned, stopped or cannot be read reassures nobody: no operation, and no "no known allergy"."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import signing, speaking, status_of
from tests.hazards.charts import ACTIVE, Json

NONE_KNOWN = {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}


def operation(words: str = "Hysterectomy", **content: Any) -> Json:
    done = {"status": "completed", "performedDateTime": "2020-03-01", **content}
    return {
        "resourceType": "Procedure",
        "id": "op",
        "subject": {"reference": "Patient/p"},
        "code": {"text": words},
        **done,
    }


def none_known(**content: Any) -> Json:
    entry = {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p"}}
    return {**entry, "clinicalStatus": ACTIVE, "code": NONE_KNOWN, **content}


@pytest.mark.parametrize(
    "undone",
    [
        *(
            operation(status=status)
            for status in ("preparation", "not-done", "on-hold", "stopped", "unknown", "zurück")
        ),
        operation(performedDateTime="2027-01-01"),
        *(
            operation(words)
            for words in ("Hysterectomy planned", "Hysterectomy declined", "Counselling on hysterectomy")
        ),
    ],
)
def test_an_operation_that_was_not_done_does_not_rule_a_pregnancy_out(client: FlaskClient, undone: Json) -> None:
    answered = signing(client, none_known(), undone)
    assert status_of(answered, "pregnancy-not-possible") == "unknown"
    assert "Pregnancy status not recorded" in str(answered["cards"])


@pytest.mark.parametrize(
    "done", [operation(), operation("Total abdominal hysterectomy"), operation(status="in-progress")]
)
def test_an_operation_that_was_done_does(client: FlaskClient, done: Json) -> None:
    answered = signing(client, none_known(), done)
    assert status_of(answered, "pregnancy-not-possible") == "present"
    assert "Pregnancy status not recorded" not in str(answered["cards"])


@pytest.mark.parametrize(
    "doubted",
    [
        none_known(verificationStatus={"coding": [{"code": "widerlegt"}]}),
        none_known(clinicalStatus={"coding": [{"code": "beendet"}]}),
        none_known(modifierExtension=[{"url": "http://example.org/not", "valueBoolean": True}]),
    ],
)
def test_no_known_allergy_of_which_something_cannot_be_read_leaves_it_open(client: FlaskClient, doubted: Json) -> None:
    answered = signing(client, doubted)
    assert status_of(answered, "nsaid-allergy") == "unknown"
    assert "not recognised" in str(answered["cards"]) or "could not be read" in str(answered["cards"])


@pytest.mark.parametrize("verification", ["confirmed", "unconfirmed", "presumed"])
def test_no_known_allergy_in_usual_words_is_a_no(client: FlaskClient, verification: str) -> None:
    entry = none_known(verificationStatus={"coding": [{"code": verification}]})
    answered = signing(client, entry)
    assert status_of(answered, "nsaid-allergy") == "absent"
    assert not speaking(answered, "critical")
