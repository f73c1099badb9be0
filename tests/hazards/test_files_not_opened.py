"""A report about the back whose content is a file is named once, in a line and by its name (H-02, H-07)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask
from tests.hazards.charts import Json, person, sciatica

FILE = {"contentType": "application/pdf", "url": "Binary/1"}
WHOLE = {"contentType": "text/plain", "data": "TVJJOiBjYXVkYSBlcXVpbmE="}


def about(kind: str, day: str = "2026-11-20", **content: Any) -> Json:
    dated = {"DocumentReference": "date", "DiagnosticReport": "effectiveDateTime", "Media": "createdDateTime"}[kind]
    status = "current" if kind == "DocumentReference" else "final" if kind == "DiagnosticReport" else "completed"
    entry = {"resourceType": kind, "id": "f", "status": status, "subject": {"reference": "Patient/p"}}
    return entry | {dated: day} | content


STUDY = about("DocumentReference", type={"text": "MRI lumbar spine report"}, content=[{"attachment": FILE}])


def told(client: FlaskClient, entry: Json) -> str:
    return str([card["summary"] + card["detail"] for card in ask(client, [person(), sciatica(), entry])["cards"]])


@pytest.mark.parametrize(
    "entry",
    [
        STUDY,
        about("DocumentReference", description="MRI lumbar spine", content=[{"attachment": WHOLE}]),
        about("DocumentReference", content=[{"attachment": FILE | {"title": "MRI lumbar spine"}}]),
        about("DiagnosticReport", code={"text": "MRI lumbar spine"}, presentedForm=[WHOLE]),
        about("Media", modality={"text": "MRI lumbar spine"}, content=FILE),
    ],
)
def test_a_study_of_the_back_in_a_file_is_named_once(client: FlaskClient, entry: Json) -> None:
    found = told(client, entry)
    assert found.count("(file not opened)") == 1
    assert "1 entry not recognised: MRI lumbar spine" in found


@pytest.mark.parametrize(
    "entry",
    [
        about("DocumentReference", type={"text": "Dermatology letter"}, content=[{"attachment": FILE}]),
        about("DocumentReference", "2019-02-01", type={"text": "MRI lumbar spine"}, content=[{"attachment": FILE}]),
        STUDY | {"status": "entered-in-error"},
        about("DiagnosticReport", code={"text": "CBC"}, presentedForm=[FILE]),
        about("DiagnosticReport", code={"text": "MRI lumbar spine"}, presentedForm=[FILE], conclusion="Normal"),
        about("DiagnosticReport", code={"text": "MRI lumbar spine"}),
        about("Media", modality={"text": "Photograph of the skin"}, content=FILE),
        about("Media", "2019-02-01", modality={"text": "MRI lumbar spine"}, content=FILE),
    ],
)
def test_another_paper_an_old_one_and_one_that_tells_what_was_found_are_not(client: FlaskClient, entry: Json) -> None:
    assert "not opened" not in told(client, entry)


def test_a_file_on_a_chart_that_is_not_about_the_back_is_no_card(client: FlaskClient) -> None:
    assert ask(client, [person(), STUDY], complete="all")["cards"] == []
