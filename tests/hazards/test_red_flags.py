"""H-05, H-06, H-07, H-17: no red flag missed, none talked away, none crowded out, none delayed."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.knowledge.model import Indicator, Knowledge, Rule
from tests.hazards.answers import ask, speaking, status_of, visiting
from tests.hazards.charts import IBUPROFEN, LOCAL, WARFARIN, answer, drug, measured, ordered, person, problem, sciatica

ANSWERS = [
    "answer-bladder",
    "answer-bowel",
    "answer-saddle",
    "answer-sexual",
    "answer-both-legs",
    "answer-leg-weakness",
    "answer-fever",
    "answer-weight-loss",
    "answer-trauma-major",
    "answer-cancer",
    "answer-injection-drug-use",
]
EMERGENCY = [
    "rf-cauda-equina-suspected",
    "rf-pvr-200-or-more",
    "rf-pvr-under-200-caution",
    "rf-progressive-motor-deficit",
]


def rules(knowledge: Knowledge) -> dict[str, Rule]:
    return {rule.id: rule for rule in knowledge.rules}


def test_h05_a_question_nobody_asked_is_not_answered_no(client: FlaskClient) -> None:
    answered = ask(client, [person(), sciatica()], complete="all")
    assert "rf-screen-not-documented" in speaking(answered)
    assert status_of(answered, "red-flags-recorded-absent") != "present"


@pytest.mark.parametrize(
    "code", ["answer-bladder", "answer-bowel", "answer-saddle", "answer-sexual", "answer-both-legs"]
)
def test_h05_each_sign_of_cauda_equina_alone_is_critical(client: FlaskClient, code: str) -> None:
    answered = ask(client, [person(), sciatica(), answer(code, yes=True)])
    assert "rf-cauda-equina-suspected" in speaking(answered, "critical")


def test_h05_one_yes_is_not_outweighed_by_any_number_of_noes(client: FlaskClient) -> None:
    noes = [answer(code, yes=False) for code in ANSWERS if code != "answer-saddle"]
    answered = visiting(client, *noes, answer("answer-saddle", yes=True))
    assert "rf-cauda-equina-suspected" in speaking(answered, "critical")


def test_h05_words_in_a_note_never_make_a_no(client: FlaskClient) -> None:
    note = {
        "resourceType": "Condition",
        "id": "note",
        "subject": {"reference": "Patient/p"},
        "code": {"text": "No saddle numbness, no bladder dysfunction"},
    }
    answered = visiting(client, note)
    assert status_of(answered, "saddle-numbness-new") == "unknown"
    assert status_of(answered, "bladder-change-new") == "unknown"


def test_h05_a_red_flag_speaks_whatever_else_fills_the_chart(client: FlaskClient) -> None:
    busy = [
        person("1950-03-02"),
        sciatica(),
        problem("M62.830", "Muscle spasm of back"),
        problem("I50.9", "Heart failure"),
        drug(*WARFARIN),
        measured("98979-8", 20, "mL/min/{1.73_m2}", "2026-11-01"),
        ordered(*IBUPROFEN),
        answer("answer-saddle", yes=True),
    ]
    for hook in ("patient-view", "order-select"):
        answered = ask(client, busy, hook, complete="all")
        assert "rf-cauda-equina-suspected" in speaking(answered, "critical"), hook
        assert answered["cards"][0]["indicator"] == "critical"


@pytest.mark.parametrize("volume", [0, 150, 199, 200, 600])
def test_h06_a_low_residual_never_lowers_the_alarm(client: FlaskClient, volume: int) -> None:
    residual = measured("pvr-ml", volume, "mL", "2026-11-24", system=LOCAL)
    answered = ask(client, [person(), sciatica(), answer("answer-bladder", yes=True), residual])
    assert speaking(answered, "critical") & {
        "rf-cauda-equina-suspected",
        "rf-pvr-200-or-more",
        "rf-pvr-under-200-caution",
    }


def test_h06_nothing_reassures_unless_every_red_flag_was_answered_no(client: FlaskClient) -> None:
    noes = [answer(code, yes=False) for code in ANSWERS]
    chart = [person(), sciatica()]
    for left_out in range(len(noes)):
        some = [*noes[:left_out], *noes[left_out + 1 :]]
        answered = ask(client, [*chart, *some], complete="all")
        assert "dx-no-routine-imaging" not in speaking(answered), f"reassures without {ANSWERS[left_out]}"


def test_h06_every_card_says_that_silence_is_no_clearance(client: FlaskClient, knowledge: Knowledge) -> None:
    answered = ask(client, [person(), sciatica(), drug(*WARFARIN), ordered(*IBUPROFEN)], "order-select")
    assert answered["cards"]
    for card in answered["cards"]:
        assert knowledge.not_clearance in card["detail"]


def test_h06_a_low_residual_is_said_not_to_exclude(knowledge: Knowledge) -> None:
    card = rules(knowledge)["rf-pvr-under-200-caution"].card
    assert card is not None
    assert "does not exclude" in card.summary


def test_h07_no_answer_has_more_than_three_info_cards_and_the_loudest_is_first(client: FlaskClient) -> None:
    chart = [person(), sciatica(), problem("M62.830", "Muscle spasm of back")]
    answered = ask(client, chart, complete="all")
    ranks = [("critical", "warning", "info").index(card["indicator"]) for card in answered["cards"]]
    assert ranks == sorted(ranks)
    assert ranks.count(2) <= 3


def test_h07_two_risks_of_one_kind_make_one_card(client: FlaskClient) -> None:
    chart = [person("1950-03-02"), sciatica(), problem("N18.9", "Chronic kidney disease"), ordered(*IBUPROFEN)]
    low = measured("98979-8", 25, "mL/min/{1.73_m2}", "2026-11-01")
    spoken = speaking(ask(client, [*chart, low], "order-sign", complete="all"))
    assert spoken & {"sf-nsaid-egfr-below-30", "sf-nsaid-egfr-30-59", "sf-nsaid-renal-unknown"} == {
        "sf-nsaid-egfr-below-30"
    }


@pytest.mark.parametrize("rule_id", EMERGENCY)
def test_h17_an_emergency_card_says_where_to_go_before_it_offers_a_scan(knowledge: Knowledge, rule_id: str) -> None:
    card = rules(knowledge)[rule_id].card
    assert card is not None
    assert card.indicator is Indicator.CRITICAL
    said = f"{card.summary} {card.detail}".lower()
    assert "emergency department" in said or "surgeon" in said or "surgical" in said
    first = card.suggestions[0]
    assert any("referral" in order for order in first.create), f"{rule_id} offers a scan first"


@pytest.mark.parametrize("rule_id", ["rf-cauda-equina-suspected", "rf-pvr-200-or-more", "rf-progressive-motor-deficit"])
def test_h17_the_way_without_mri_is_given(knowledge: Knowledge, rule_id: str) -> None:
    card = rules(knowledge)[rule_id].card
    assert card is not None
    assert "CT" in card.detail


def test_h07_a_refuted_problem_silences_no_red_flag_beside_it(client: FlaskClient) -> None:
    slip = problem("M43.16", "Spondylolisthesis, lumbar region", None, recordedDate="2026-11-10")
    hiv = problem("B20", "HIV disease", None, recordedDate="2026-11-10")
    cancer = problem("Z85.46", "Personal history of malignant neoplasm of prostate", None, recordedDate="2026-11-10")
    refuted = problem("M54.31", "Sciatica", None, verificationStatus={"coding": [{"code": "refuted"}]})
    alone = ask(client, [person("1960-01-01", "male"), slip, hiv, cancer])
    beside = ask(client, [person("1960-01-01", "male"), slip, hiv, cancer, refuted])
    assert {"rf-cancer-history", "rf-infection-risk"} <= speaking(alone, "warning")
    assert speaking(beside, "warning") == speaking(alone, "warning")
    assert status_of(beside, "symptom-duration") == "unknown"


@pytest.mark.parametrize(
    ("code", "text", "onset", "is_severe"),
    [
        ("G95.20", "Unspecified cord compression", "2026-11-20", True),
        ("G99.2", "Myelopathy in diseases classified elsewhere", None, True),
        ("R52", "MRI: spinal cord compression", None, True),
        ("R52", "Rule out cord compression", None, True),
        ("G95.20", "Unspecified cord compression", "2019-11-20", False),
        ("R52", "No cord compression", None, False),
        ("O69.2XX0", "Labor complicated by umbilical cord compression", None, False),
    ],
)
def test_compression_of_the_spinal_cord_with_back_pain_is_an_emergency(
    client: FlaskClient, code: str, text: str, onset: str | None, is_severe: bool
) -> None:
    compressed = problem(code, text, onset)
    alone = visiting(client, compressed)
    assert ("rf-cord-compression" in speaking(alone, "critical")) is is_severe
    cancer = problem("C50.911", "Malignant neoplasm of breast")
    with_cancer = speaking(visiting(client, compressed, cancer), "critical")
    assert ("rf-cancer-with-neuro-deficit" in with_cancer) is is_severe
    assert "rf-cord-compression" not in with_cancer


@pytest.mark.parametrize("hook", ["patient-view", "encounter-start", "encounter-discharge"])
def test_cauda_equina_on_the_problem_list_alarms_without_a_back_problem_beside_it(
    client: FlaskClient, hook: str
) -> None:
    diagnosis = problem("G83.4", "Cauda equina syndrome", "2026-11-20")
    assert "rf-cauda-equina-suspected" in speaking(ask(client, [person(), diagnosis], hook, "all"), "critical")
    closed = diagnosis | {"clinicalStatus": {"coding": [{"code": "resolved"}]}, "abatementDateTime": "2026-11-22"}
    assert not ask(client, [person(), closed], hook, "all")["cards"]
