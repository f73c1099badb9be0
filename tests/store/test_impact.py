"""Impact on stored decisions: what was stored is decided again under both rule sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli.comparing import impact as impact_command
from service.cli.recorded_charts import Reader
from service.decision import prepare
from service.knowledge.loader import load
from service.review.impact import Impact
from tests.http.calls import order_sign
from tests.store.service import BEGINNING, SMALL_RULES, post, reading_of, store_of, stored_decisions, storing_app
from tests.unit.knowledge.rule_folders import changed_rules

TURNED = {
    "file": "phases/3_safety/nsaid-contraindicated.yaml",
    "find": "- anticoagulant-active: present",
    "put": "- anticoagulant-active: absent",
}


def test_a_kept_decision_shows_what_a_change_would_have_hidden(tmp_path: Path) -> None:
    app = storing_app(tmp_path / "data")
    cards = post(app, "small-order-sign", order_sign())
    (stored,) = stored_decisions(app)
    sides = prepare(load(SMALL_RULES)), prepare(load(changed_rules(tmp_path, [TURNED])))
    impact = Impact(*sides)
    impact.add_all(Reader(*sides, []).of_store(reading_of(app), BEGINNING))
    store_of(app).close()
    report = impact.report()
    assert cards
    assert report["questions"] == 1
    (rule,) = report["rules"]
    assert (rule["id"], rule["shownNewly"], rule["noLongerShown"]) == ("sf-nsaid-contraindicated", 0, 1)
    assert [example["chart"] for example in rule["examples"]] == [stored.id]


@pytest.mark.parametrize("public_url", [None, "https://cds.example.org/back"])
def test_an_example_leads_to_the_page_of_its_decision_where_the_service_has_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, public_url: str | None
) -> None:
    app = storing_app(tmp_path / "data")
    post(app, "small-order-sign", order_sign())
    (stored,) = stored_decisions(app)
    store_of(app).close()
    monkeypatch.setenv("SCIATICA_CDS_DATA", str(tmp_path / "data"))
    if public_url is not None:
        monkeypatch.setenv("SCIATICA_CDS_PUBLIC_URL", public_url)
    sides = [str(SMALL_RULES), str(changed_rules(tmp_path, [TURNED]))]
    done = CliRunner().invoke(impact_command, [*sides, "--store", "--page", str(tmp_path / "impact.html")])
    page = (tmp_path / "impact.html").read_text("utf-8")
    (rule,) = json.loads((tmp_path / "impact.json").read_text("utf-8"))["rules"]
    assert done.exit_code == 1
    for result in (done.stdout, page):
        assert stored.id in result
        assert "No chart is stored with a decision" in result
        assert (f"{public_url}/decisions/{stored.id}" in result) == (public_url is not None)
    assert rule["examples"][0].get("link") == (None if public_url is None else f"{public_url}/decisions/{stored.id}")
    assert "#chart=" not in page
