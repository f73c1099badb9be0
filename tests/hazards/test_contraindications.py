"""H-01, H-02, H-08: no missed contraindication, nothing missing read as normal, no card against another."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.knowledge.model import FactKind, Knowledge
from tests.hazards.answers import ask, details, drugs_suggested, signing, speaking, status_of
from tests.hazards.charts import (
    CYCLOBENZAPRINE,
    EPIDURAL,
    IBUPROFEN,
    WARFARIN,
    drug,
    drug_in_words,
    measured,
    ordered,
    person,
    problem,
    problem_in_words,
    sciatica,
)

NSAIDS = {"ibuprofen", "naproxen"}
EGFR = "98979-8"
GFR_UNIT = "mL/min/{1.73_m2}"


@pytest.mark.parametrize(
    "taken",
    [
        drug(*WARFARIN),
        drug_in_words("Coumadin 5 mg tablet"),
        drug_in_words("warfarin sodium 5 MG Oral Tablet"),
        drug("1114195", "rivaroxaban"),
    ],
    ids=["coded", "brand in words", "name in words", "another class member"],
)
def test_h01_an_anticoagulant_is_found_however_it_is_written(client: FlaskClient, taken: dict[str, object]) -> None:
    answered = ask(client, [person(), sciatica(), taken, ordered(*IBUPROFEN)], "order-sign")
    assert "sf-nsaid-anticoagulant" in speaking(answered, "critical")


@pytest.mark.parametrize(
    ("order", "also_taken", "rule"),
    [
        ("warfarin sodium 5 MG Oral Tablet", [], "sf-new-anticoagulant-active-nsaid"),
        ("apixaban 5 MG Oral Tablet", [], "sf-new-anticoagulant-active-nsaid"),
        ("lithium carbonate 300 MG Oral Capsule", [], "sf-new-lithium-methotrexate-active-nsaid"),
        ("methotrexate 2.5 MG Oral Tablet", [], "sf-new-lithium-methotrexate-active-nsaid"),
        ("lisinopril 10 MG Oral Tablet", ["furosemide 40 MG Oral Tablet"], "sf-new-triple-whammy-active-nsaid"),
        ("furosemide 40 MG Oral Tablet", ["lisinopril 10 MG Oral Tablet"], "sf-new-triple-whammy-active-nsaid"),
    ],
    ids=["warfarin", "apixaban", "lithium", "methotrexate", "ACE inhibitor", "diuretic"],
)
def test_h01_a_pair_is_found_when_its_other_drug_is_ordered_and_the_nsaid_is_running(
    client: FlaskClient, order: str, also_taken: list[str], rule: str
) -> None:
    others = [drug_in_words(text) for text in also_taken]
    chart = [person(), drug_in_words(order, status="draft"), *others]
    assert rule in speaking(ask(client, [*chart, sciatica(), drug(*IBUPROFEN)], "order-sign"))
    # Without the NSAID there is no pair, and without a back problem it is another service's business.
    assert speaking(ask(client, [*chart, sciatica()], "order-sign")) == set()
    assert speaking(ask(client, [*chart, drug(*IBUPROFEN)], "order-sign", complete="Condition")) == set()


def test_h01_a_drug_with_a_code_nobody_mapped_is_said_to_be_unchecked(client: FlaskClient) -> None:
    unmapped = drug("99", "Zyxolin", system="urn:a-local-formulary")
    answered = ask(client, [person(), sciatica(), unmapped, ordered(*IBUPROFEN)], "order-sign")
    assert status_of(answered, "anticoagulant-active") == "unknown"
    assert "Zyxolin" in details(answered)


def test_h01_a_critical_card_removes_the_suggestion_from_every_other_card(client: FlaskClient) -> None:
    healthy = [
        person(),
        sciatica(),
        problem("M62.830", "Muscle spasm of back"),
        measured(EGFR, 90, GFR_UNIT, "2026-11-01"),
    ]
    assert drugs_suggested(ask(client, healthy, complete="all")) & NSAIDS
    for reason in (drug(*WARFARIN), problem("I50.9", "Heart failure"), problem("K74.60", "Cirrhosis of liver")):
        assert not drugs_suggested(ask(client, [*healthy, reason], complete="all")) & NSAIDS


def test_h02_where_nothing_was_sent_no_contraindication_is_ruled_out(client: FlaskClient, knowledge: Knowledge) -> None:
    answered = ask(client, [person(), ordered(*IBUPROFEN)], "order-sign")
    silent = {FactKind.AGE, FactKind.SEX, FactKind.ORDER, FactKind.ORDER_REASON, FactKind.SETTING, FactKind.COUNT}
    silent.add(FactKind.NOT_READ)
    wrong = [
        name
        for name, fact in knowledge.facts.items()
        if fact.kind not in silent
        and not fact.or_ordered
        and fact.measure != "ordered"
        and status_of(answered, name) == "absent"
    ]
    assert wrong == []


def test_h02_the_answer_names_each_thing_it_could_not_know_and_a_card_the_lists_behind_them(
    client: FlaskClient, knowledge: Knowledge
) -> None:
    answered = ask(client, [person(), sciatica(), ordered(*IBUPROFEN)], "order-sign")
    decision = answered["extension"]["sciatica-cds.decision"]
    result = {item["asks"] for name in ("notRecorded", "notAssessed") for item in decision[name]}
    for unknown in ("egfr", "anticoagulant-active", "nsaid-allergy", "pregnant", "diuretic-active", "cabg-14-days"):
        assert knowledge.asks(unknown) in result, f"{unknown} is named nowhere"
    (card,) = (card for card in answered["cards"] if card["summary"].startswith("Not assessed"))
    assert card["summary"].startswith("Not assessed: ibuprofen: interactions")
    assert "medication orders" in card["detail"]
    assert "allergies" in card["detail"]


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ({}, True),
        ({"meta": {"lastUpdated": "2026-11-20T10:00:00Z"}}, True),
        ({"meta": {"lastUpdated": "2026-11-09"}}, False),
    ],
    ids=["nothing tells when", "changed lately", "not changed for 15 days"],
)
def test_h01_a_blood_thinner_stopped_at_an_unknown_time_is_told_before_an_epidural(
    client: FlaskClient, changed: dict[str, object], is_told: bool
) -> None:
    stopped = {**drug("1364430", "apixaban", status="stopped"), "authoredOn": "2026-05-08", **changed}
    answered = ask(client, [person(), sciatica(), stopped, EPIDURAL], "order-sign", complete="all")
    assert ("es-esi-antithrombotic-stopped" in speaking(answered, "warning")) is is_told


def test_h01_an_mao_inhibitor_stopped_at_an_unknown_time_counts_as_stopped_lately(client: FlaskClient) -> None:
    stopped = {**drug("8123", "phenelzine", status="stopped"), "authoredOn": "2026-05-08"}
    chart = [person(), sciatica(), stopped, ordered(*CYCLOBENZAPRINE)]
    assert "sf-cyclo-maoi" in speaking(ask(client, chart, "order-sign", complete="all"), "critical")


def test_h02_an_empty_allergy_list_is_not_no_allergy(client: FlaskClient) -> None:
    chart = [person(), sciatica(), ordered(*IBUPROFEN)]
    assert status_of(ask(client, chart, "order-sign", complete="all"), "nsaid-allergy") == "unknown"


def test_h02_unknown_kidneys_with_a_risk_withhold_the_nsaid(client: FlaskClient) -> None:
    chart = [person("1962-03-02"), sciatica(), problem("M62.830", "Muscle spasm of back")]
    answered = ask(client, chart, complete="all")
    assert status_of(answered, "egfr") == "unknown"
    assert not drugs_suggested(answered) & NSAIDS


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
def test_h08_what_one_card_forbids_no_other_card_offers(client: FlaskClient, hook: str) -> None:
    chart = [
        person("1955-03-02"),
        sciatica(),
        problem("M62.830", "Muscle spasm of back"),
        measured(EGFR, 24, GFR_UNIT, "2026-11-01"),
        ordered(*IBUPROFEN),
        ordered(*CYCLOBENZAPRINE),
    ]
    answered = ask(client, chart, hook, complete="all")
    assert drugs_suggested(answered) & {*NSAIDS, "cyclobenzaprine"} == set()
    if hook != "patient-view":
        assert "sf-nsaid-egfr-below-30" in speaking(answered, "critical")


def test_h08_guidelines_that_disagree_stand_on_one_card(knowledge: Knowledge) -> None:
    for rule_id in ("fl-nsaid-short-course", "es-esi-chronic", "oc-acupuncture-split", "es-esi-central-stenosis"):
        rule = next(rule for rule in knowledge.rules if rule.id == rule_id)
        assert len({citation.source for citation in rule.citations}) >= 2, rule_id
        assert {citation.supports for citation in rule.citations} == {True, False}, rule_id


@pytest.mark.parametrize(
    ("code", "words", "rule"),
    [
        ("I65.21", "Occlusion and stenosis of right carotid artery", "sf-nsaid-cvd"),
        ("I66.01", "Occlusion and stenosis of right middle cerebral artery", "sf-nsaid-cvd"),
        ("I67.2", "Cerebral atherosclerosis", "sf-nsaid-cvd"),
        ("", "Carotid stenosis", "sf-nsaid-cvd"),
        ("R57.0", "Cardiogenic shock", "sf-nsaid-heart-failure"),
        ("", "Cardiogenic shock", "sf-nsaid-heart-failure"),
        ("K65.2", "Spontaneous bacterial peritonitis", "sf-nsaid-cirrhosis"),
        ("", "Spontaneous bacterial peritonitis", "sf-nsaid-cirrhosis"),
    ],
)
def test_what_belongs_to_a_contraindication_by_its_meaning_is_one(
    client: FlaskClient, code: str, words: str, rule: str
) -> None:
    entry = problem(code, words, "2024-05-01") if code else problem_in_words(words, onsetDateTime="2024-05-01")
    assert any(found.startswith(rule) for found in speaking(signing(client, entry)))


@pytest.mark.parametrize(("code", "words"), [("I67.1", "Cerebral aneurysm, nonruptured"), ("K65.0", "Peritonitis")])
def test_a_neighbouring_code_is_not(client: FlaskClient, code: str, words: str) -> None:
    found = speaking(signing(client, problem(code, words, "2024-05-01")))
    assert not [one for one in found if one.startswith(("sf-nsaid-cvd", "sf-nsaid-cirrhosis"))]


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        ("Rule out abscess: MRI lumbar spine with contrast", {"im-gadolinium-egfr"}),
        ("History of cancer: MRI lumbar spine with contrast", {"im-gadolinium-egfr"}),
        ("MRI lumbar spine with contrast, ?discitis", {"im-gadolinium-egfr"}),
        ("Rule out abscess: MRI lumbar spine", {"im-gadolinium-egfr-not-stated"}),
        ("Rule out abscess: MRI lumbar spine without contrast", set()),
    ],
)
def test_the_question_that_an_image_should_answer_does_not_hide_its_contrast(
    client: FlaskClient, words: str, rules: set[str]
) -> None:
    image = EPIDURAL | {"code": {"text": words}}
    chart = [person(), sciatica(), measured(EGFR, 22, GFR_UNIT, "2026-11-01"), image]
    found = speaking(ask(client, chart, "order-sign", complete="all"))
    assert {one for one in found if one.startswith("im-gadolinium")} == rules


def planned(status: str = "active", day: str = "2026-11-20") -> dict[str, object]:
    """An order of an epidural that stands on the list."""
    return EPIDURAL | {"id": "planned", "status": status, "authoredOn": day}


GIVEN = {
    **EPIDURAL,
    "resourceType": "Procedure",
    "status": "completed",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "171787008"}]},
    "performedDateTime": "2026-11-22",
}


@pytest.mark.parametrize("status", ["active", "on-hold"])
def test_an_anticoagulant_ordered_before_a_planned_epidural_is_critical(client: FlaskClient, status: str) -> None:
    chart = [person(), sciatica(), planned(status), ordered(*WARFARIN)]
    answered = ask(client, chart, "order-sign", complete="all")
    assert "sf-new-anticoagulant-epidural-planned" in speaking(answered, "critical")


@pytest.mark.parametrize(
    "more",
    [
        [],
        [planned("revoked")],
        [planned(day="2026-08-01")],
        [planned(), drug(*WARFARIN)],
        [planned(), GIVEN],
        [planned(), EPIDURAL],
    ],
)
def test_without_an_epidural_to_come_on_a_renewal_or_where_both_are_ordered_at_once_it_is_not(
    client: FlaskClient, more: list[dict[str, object]]
) -> None:
    answered = ask(client, [person(), sciatica(), *more, ordered(*WARFARIN)], "order-sign", complete="all")
    assert "sf-new-anticoagulant-epidural-planned" not in speaking(answered)
