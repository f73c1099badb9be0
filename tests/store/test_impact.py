"""Impact on kept decisions: what was kept is decided again under both rule sets."""

from __future__ import annotations

from pathlib import Path

from service.cli.recorded import Reader
from service.decision import prepare
from service.knowledge.loader import load
from service.review.impact import Impact
from tests.http.calls import order_sign
from tests.store.service import BEGINNING, SMALL_RULES, post, reading_of, remembering, store_of, stored_decisions
from tests.unit.knowledge.rule_folders import changed_rules


def test_a_kept_decision_shows_what_a_change_would_have_hidden(tmp_path: Path) -> None:
    app = remembering(tmp_path / "data")
    cards = post(app, "small-order-sign", order_sign())
    (kept,) = stored_decisions(app)
    turned = {
        "file": "phases/3_safety/nsaid-contraindicated.yaml",
        "find": "- anticoagulant-active: present",
        "put": "- anticoagulant-active: absent",
    }
    sides = prepare(load(SMALL_RULES)), prepare(load(changed_rules(tmp_path, [turned])))
    impact = Impact(*sides)
    impact.add_all(Reader(*sides, []).of_store(reading_of(app), BEGINNING))
    store_of(app).close()
    report = impact.report()
    assert cards
    assert report["questions"] == 1
    (rule,) = report["rules"]
    assert (rule["id"], rule["shownNewly"], rule["noLongerShown"]) == ("sf-nsaid-contraindicated", 0, 1)
    assert [example["chart"] for example in rule["examples"]] == [kept.id]
