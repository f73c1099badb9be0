"""H-10, H-11, H-13, H-15, H-16: sourced, tested, never by itself, never out of scope, never an abrupt stop."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from service.knowledge.coverage import rule_coverage
from service.knowledge.model import FactKind, Knowledge, SourceStatus
from service.review.decision_table import decision_table
from service.review.examples import run_examples
from tests.hazards.answers import ask, drugs_suggested, signing, speaking, suggested
from tests.hazards.charts import (
    CYCLOBENZAPRINE,
    IBUPROFEN,
    OXYCODONE,
    WARFARIN,
    answer,
    drug,
    measured,
    ordered,
    person,
    problem,
    sciatica,
)


def test_h10_every_source_that_is_old_or_disputed_says_so_where_it_is_shown(knowledge: Knowledge) -> None:
    for source in knowledge.sources.values():
        if source.status is not SourceStatus.CURRENT:
            assert source.status_note, f"{source.id} is {source.status} and does not say how"


def test_h10_a_source_nobody_compared_says_so(knowledge: Knowledge) -> None:
    for source in knowledge.sources.values():
        assert (source.compared is None) == ("not yet compared with the original" in source.caveats), source.id


def test_h10_every_card_cites_a_section_and_has_a_day_of_review(knowledge: Knowledge) -> None:
    for rule in knowledge.rules:
        if rule.card is not None:
            assert rule.citations, rule.id
            assert all(citation.section for citation in rule.citations), rule.id
            assert rule.review_by, rule.id


def test_h11_every_condition_and_both_sides_of_every_limit_are_seen_in_the_decision_tables(
    knowledge: Knowledge,
) -> None:
    tables = [replace(rule, examples=decision_table(knowledge, rule)) for rule in knowledge.rules]
    assert [rule.id for rule in tables if rule_coverage(knowledge, rule).missing] == []


def test_h11_every_example_comes_out_as_its_author_said(knowledge: Knowledge) -> None:
    results = run_examples(knowledge)
    assert results
    assert [f"{result.rule.id}: {result.example.name}" for result in results if not result.right] == []


def test_h13_nothing_is_done_without_the_clinician(client: FlaskClient) -> None:
    chart = [person(), sciatica(), drug(*WARFARIN), ordered(*IBUPROFEN), answer("answer-saddle", yes=True)]
    for hook in ("patient-view", "order-select", "order-sign"):
        answered = ask(client, chart, hook, complete="all")
        assert "systemActions" not in answered
        for order in suggested(answered):
            assert order["status"] == "draft"
            assert order.get("intent", "proposal") == "proposal"


def test_h13_every_card_gives_its_reason_its_source_and_its_evidence(client: FlaskClient) -> None:
    answered = signing(client, drug(*WARFARIN))
    for card in answered["cards"]:
        if "extension" in card:
            assert "**Sources**" in card["detail"], card["summary"]
            whole = card["extension"]["sciatica-cds.detail"]
            for part in ("**Found:**", "**Sources**", "version"):
                assert part in whole, f"{card['summary']}: no {part}"


OUT_OF_SCOPE = [
    pytest.param([person("2012-03-02")], id="fourteen years old"),
    pytest.param([person(), problem("Z33.1", "Pregnant state")], id="pregnant"),
    pytest.param([person(), problem("C50.911", "Malignant neoplasm of breast", "2026-02-01")], id="cancer"),
    pytest.param([person(), problem("M45.9", "Ankylosing spondylitis", "2020-01-01")], id="inflammatory back disease"),
]


@pytest.mark.parametrize("who", OUT_OF_SCOPE)
def test_h15_out_of_scope_no_treatment_is_suggested(client: FlaskClient, who: list[dict[str, object]]) -> None:
    answered = ask(client, [*who, sciatica(), problem("M62.830", "Muscle spasm of back")], complete="all")
    assert drugs_suggested(answered) == set()
    assert {
        rule for rule in speaking(answered) if rule.startswith(("fl-nsaid", "fl-relaxant", "es-esi-acute"))
    } == set()


@pytest.mark.parametrize("who", OUT_OF_SCOPE)
def test_h15_out_of_scope_red_flags_and_drug_safety_still_speak(
    client: FlaskClient, who: list[dict[str, object]]
) -> None:
    chart = [*who, sciatica()]
    assert "rf-cauda-equina-suspected" in speaking(ask(client, [*chart, answer("answer-saddle", yes=True)]), "critical")
    signed = ask(client, [*chart, drug(*WARFARIN), ordered(*IBUPROFEN)], "order-sign", complete="all")
    assert "sf-nsaid-anticoagulant" in speaking(signed, "critical")


def test_h16_only_drafts_of_this_very_call_are_ever_taken_away(knowledge: Knowledge) -> None:
    for rule in knowledge.rules:
        for suggestion in rule.card.suggestions if rule.card else ():
            assert all(knowledge.facts[name].kind is FactKind.ORDER for name in suggestion.remove), rule.id


def test_h16_an_opioid_already_taken_is_never_removed(client: FlaskClient) -> None:
    chart = [person(), sciatica(), drug(*OXYCODONE), ordered(*CYCLOBENZAPRINE)]
    answered = ask(client, chart, "order-sign", complete="all")
    assert "sf-cns-depressant-combination" in speaking(answered, "critical")
    removed = {
        action["resourceId"]
        for card in answered["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "delete"
    }
    assert removed == {"MedicationRequest/m-draft-21949"}


@pytest.mark.parametrize(
    ("code", "name", "questioned"),
    [("1010603", "Suboxone 2 MG / 0.5 MG Sublingual Film", False), ("1049621", "oxycodone 5 MG Oral Tablet", True)],
)
def test_h16_treatment_of_opioid_use_disorder_is_not_taken_for_an_opioid_against_back_pain(
    client: FlaskClient, code: str, name: str, questioned: bool
) -> None:
    answered = ask(client, [person(), sciatica(), ordered(code, name)], "order-sign", complete="all")
    assert ("oc-opioid-acute" in speaking(answered)) is questioned


def test_h16_cards_on_running_sedatives_speak_of_a_taper(knowledge: Knowledge) -> None:
    for rule_id in ("mo-legacy-sedatives", "mo-relaxant-stop-date"):
        card = next(rule.card for rule in knowledge.rules if rule.id == rule_id)
        assert card is not None
        assert re.search(r"taper", f"{card.summary} {card.detail}", re.IGNORECASE), rule_id


def test_h11_the_limit_of_thirty_is_below_thirty(client: FlaskClient) -> None:
    for value, spoken in ((29.9, "sf-nsaid-egfr-below-30"), (30, "sf-nsaid-egfr-30-59"), (59.9, "sf-nsaid-egfr-30-59")):
        result = measured("98979-8", value, "mL/min/{1.73_m2}", "2026-11-01")
        answered = signing(client, result)
        assert spoken in speaking(answered), value
