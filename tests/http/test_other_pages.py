"""The questionnaire, the comparison and the integrator's first page: what is filled in or sent comes to cards."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.review.comparison.origin import Origins, RuleSet
from service.web.comparing import Comparing, State, compared
from service.web.pages.compare import compare_page
from tests.http.conftest import SMALL_RULES


def filled(client: FlaskClient, status: int = 200, **form: str) -> Any:
    answer = client.post("/questionnaire", data=form, headers={"Accept": "application/json"})
    assert answer.status_code == status, answer.text[:300]
    return answer.json


def test_a_yes_to_a_red_flag_brings_the_critical_card(client: FlaskClient) -> None:
    told = filled(client, problem="cond-sciatica", birthDate="1980-01-01", **{"answer.answer-bladder": "yes"})
    assert [card["indicator"] for card in told["answer"]["cards"]][:1] == ["critical"]
    response = json.loads(told["chart"])["entry"][-1]["resource"]
    assert response["resourceType"] == "QuestionnaireResponse"
    assert response["item"] == [
        {
            "linkId": "answer-bladder",
            "text": "New trouble passing, holding or feeling urine?",
            "answer": [{"valueBoolean": True}],
        }
    ]


def test_the_chart_of_the_form_gives_the_same_cards_in_the_playground(client: FlaskClient) -> None:
    told = filled(client, problem="cond-sciatica", **{"answer.answer-saddle": "yes"})
    form = {"chart": told["chart"], "hook": "patient-view", "now": told["now"], "complete": "Condition"}
    again = client.post("/", data=form, headers={"Accept": "application/json"}).json
    assert [card["summary"] for card in again["answer"]["cards"]] == [
        card["summary"] for card in told["answer"]["cards"]
    ]


def test_an_answer_of_the_wrong_kind_is_said_and_nothing_is_decided(client: FlaskClient) -> None:
    told = filled(client, 400, birthDate="long ago", **{"answer.pain-nrs": "very", "answer.onset-date": "yesterday"})
    assert len(told["faults"]) == 3
    assert told["answer"] is None


def test_a_form_of_somebody_else_is_refused(client: FlaskClient) -> None:
    assert client.post("/questionnaire", data={}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_every_hook_has_a_smallest_chart_that_brings_the_cards_it_promises(client: FlaskClient) -> None:
    hooks = [one["hook"] for one in client.get("/start.json").json["hooks"]]
    assert {"patient-view", "order-sign"} <= set(hooks)
    for hook in hooks:
        told = client.get(f"/start.json?hook={hook}").json
        service = client.post(f"/evaluate?hook={hook}&now=2026-11-24T09:00:00Z", json=json.loads(told["bundle"])).json
        assert [card["summary"] for card in told["cards"]] == [card["summary"] for card in service["cards"]]
        assert told["cards"] or not hook.startswith(("order", "patient")), hook
        call = client.post(f"/cds-services/{told['service']}", json=json.loads(told["call"]))
        assert call.status_code == 200, (hook, call.text[:300])
        assert call.json["cards"] or hook not in {"patient-view", "order-sign"}, hook


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small rules with another limit in one of them."""
    folder = tmp_path_factory.mktemp("changed") / "rules"
    shutil.copytree(SMALL_RULES, folder)
    (file,) = [path for path in folder.rglob("*.yaml") if "less_than: 30" in path.read_text("utf-8")][:1]
    file.write_text(file.read_text("utf-8").replace("less_than: 30", "less_than: 35"), encoding="utf-8")
    return folder


def rule_set(folder: Path) -> RuleSet:
    return Origins(folder, {}).find(str(folder))


def test_a_comparison_is_made_in_the_background_and_then_there(changed: Path) -> None:
    rules = {"a": rule_set(SMALL_RULES), "b": rule_set(changed)}
    comparing = Comparing(lambda digest: rules[digest])
    assert comparing.state("a", "b").report is None
    deadline = time.monotonic() + 60
    while (state := comparing.state("a", "b")).report is None and state.fault is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert state.fault is None
    assert state.report is not None
    page = compare_page([], {}, State(state.report), {}, waiting=False)
    differences = [one for card in page["report"]["cards"] for one in card["differences"]]
    assert [span["high"] for one in differences for term in one["ranges"] for span in term["spans"]]
    assert all(json.loads(one["witness"]["chart"]["text"])["resourceType"] == "Bundle" for one in differences)


def test_a_rule_set_compared_with_itself_differs_in_nothing() -> None:
    assert not compared(rule_set(SMALL_RULES), rule_set(SMALL_RULES))["differs"]


def test_only_kept_rule_sets_are_compared(small_client: Callable[..., FlaskClient]) -> None:
    client = small_client()
    told = client.get("/compare.json?before=/etc&after=../rules").json
    assert (told["waiting"], told["report"], len(told["choices"])) == (False, None, 1)
    assert "--page DIR" in client.get("/compare").text
