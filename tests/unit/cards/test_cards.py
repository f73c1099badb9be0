"""Cards of the small rule set: what a clinician sees, and what the protocol demands of it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from service.cards.cards import Audience, render
from service.finding import Evidence, Finding, Status
from service.knowledge.allowed_rules import wholly_approved
from service.knowledge.model import SourceStatus
from tests.unit.cards.small_rules import ID, acting, cards_of, decision_on, present, rules, with_card

IBUPROFEN = Evidence("MedicationRequest/draft-1", "Ibuprofen 600 MG Oral Tablet", "2026-11-24")
WARFARIN = Evidence("MedicationRequest/w1", "Warfarin 5 MG Oral Tablet", "2026-08-01")
SCIATICA = Evidence("Condition/c1", "Sciatica, right side", "2026-10-01")


def nsaid_card(*found: Finding, **options: Any) -> dict[str, Any]:
    asked = found or (present("nsaid-ordered", IBUPROFEN), present("anticoagulant-active", WARFARIN))
    (card,) = (
        card
        for card in cards_of(rules(), decision_on(rules(), "order-sign", *asked), **options)
        if card["indicator"] == "critical"
    )
    return card


def activity_card(**options: Any) -> dict[str, Any]:
    decision = decision_on(rules(), "patient-view", present("sciatica-active", SCIATICA))
    (card,) = cards_of(rules(), decision, **options)
    return card


def empties(value: Any, path: str = "$") -> list[str]:
    """Every place that holds null, or an empty string, list or object (TR-3, TR-4)."""
    if value is None or value in ("", [], {}):
        return [path]
    if isinstance(value, dict):
        return [match for name, member in value.items() for match in empties(member, f"{path}.{name}")]
    if isinstance(value, list):
        return [match for number, member in enumerate(value) for match in empties(member, f"{path}[{number}]")]
    return []


def test_a_card_says_what_was_found_with_its_date_and_entry() -> None:
    detail, whole = nsaid_card()["detail"], nsaid_card()["extension"]["sciatica-cds.detail"]
    assert "Ordered: Ibuprofen 600 MG Oral Tablet" in detail
    assert "Warfarin 5 MG Oral Tablet (2026-08-01)" in detail
    assert "Warfarin 5 MG Oral Tablet, 2026-08-01, MedicationRequest/w1" in whole


def test_a_card_names_no_ids_of_the_record() -> None:
    assert "MedicationRequest/" not in nsaid_card()["detail"]
    assert "Condition/" not in activity_card()["detail"]


def test_a_number_is_shown_with_a_unit_a_clinician_writes() -> None:
    egfr = present("egfr", Evidence("Observation/e", "eGFR", "2026-11-01"), low="25.0", unit="mL/min/{1.73_m2}")
    detail = nsaid_card(present("nsaid-ordered", IBUPROFEN), egfr)["detail"]
    assert "eGFR: 25 mL/min/1.73 m²" in detail


def test_a_card_names_what_was_not_recorded() -> None:
    assert "**Not known:** eGFR within 12 months." in nsaid_card()["detail"]
    assert "**Not recorded:** eGFR within 12 months" in nsaid_card()["extension"]["sciatica-cds.detail"]


def test_a_card_says_that_its_rule_is_a_draft_and_that_no_card_is_no_clearance() -> None:
    detail, whole = nsaid_card()["detail"], nsaid_card()["extension"]["sciatica-cds.detail"]
    assert detail.endswith("*Draft rule, not approved. The absence of a card is not clearance.*")
    assert "Rule draft, not approved. Rule `sf-nsaid-contraindicated`, version 1.0.0" in whole
    assert whole.endswith("*The absence of a card is not clearance.*")


def test_an_approved_rule_is_not_called_a_draft() -> None:
    knowledge = replace(rules(), approved=frozenset({"fl-stay-active"}))
    (card,) = cards_of(knowledge, decision_on(knowledge, "patient-view", present("sciatica-active", SCIATICA)))
    assert "not approved" not in card["detail"]


@pytest.mark.requirement("SO-1", "SO-4")
def test_so_1_so_4_the_source_is_the_guideline_and_always_has_a_topic() -> None:
    source = nsaid_card()["source"]
    assert source["label"] == rules().sources["LBL-NSAID"].label
    assert source["topic"] == {
        "code": "sfnsaidcontraindicated",
        "system": "urn:sciatica-cds:topic",
        "display": "NSAID ordered although contraindicated",
    }


def test_sources_stand_in_the_detail_with_section_and_how_far_they_were_compared() -> None:
    card, advice = nsaid_card(), activity_card()
    assert "- NSAID label (US), Medication Guide" in card["detail"]
    whole = card["extension"]["sciatica-cds.detail"]
    assert "Medication Guide: The risk of bleeding rises with an anticoagulant." in whole
    assert (
        "NICE NG59, 1.2.1: Provide information and encourage normal activity. (verified in an archived copy)"
        in advice["extension"]["sciatica-cds.detail"]
    )


def test_a_superseded_source_that_nobody_compared_says_both_on_the_card() -> None:
    old = replace(
        rules().sources["NICE-NG59"],
        status=SourceStatus.SUPERSEDED,
        status_note="superseded in 2030",
        compared=None,
        compared_by=None,
    )
    knowledge = replace(rules(), sources={**rules().sources, "NICE-NG59": old})
    (card,) = cards_of(knowledge, decision_on(knowledge, "patient-view", present("sciatica-active", SCIATICA)))
    assert "superseded in 2030" in card["detail"]
    whole = card["extension"]["sciatica-cds.detail"]
    assert "Not yet compared with the original by a named person: any source above." in whole


@pytest.mark.requirement("RS-3", "CA-2")
def test_sc_3_ca_2_the_loudest_card_comes_first() -> None:
    found = (present("nsaid-ordered", IBUPROFEN), present("anticoagulant-active", WARFARIN))
    indicators = [card["indicator"] for card in cards_of(rules(), decision_on(rules(), "order-sign", *found))]
    assert indicators == sorted(indicators, key=["critical", "warning", "info"].index)


@pytest.mark.requirement("CA-7", "SU-5")
def test_ca_7_su_5_ids_are_lower_case_uuids_and_follow_from_the_decision() -> None:
    card = activity_card()
    assert card["uuid"] == str(uuid.uuid5(ID, "fl-stay-active"))
    assert uuid.UUID(card["suggestions"][0]["uuid"])


@pytest.mark.requirement("OR-2")
def test_or_2_override_reasons_have_code_system_and_display() -> None:
    reasons = nsaid_card()["overrideReasons"]
    assert [reason["code"] for reason in reasons] == [
        "patient-contraindication",
        "risk-benefit-ratio",
        "specialist-agreed",
    ]
    assert all(set(reason) == {"code", "system", "display"} for reason in reasons)


@pytest.mark.requirement("LI-1", "LI-2")
def test_li_1_li_2_links_are_absolute_and_carry_no_app_context() -> None:
    (link,) = nsaid_card()["links"]
    assert link["type"] == "absolute"
    assert link["url"].startswith("https://")
    assert "appContext" not in link
    assert "autolaunchable" not in link


def against_one_drug(number: int) -> list[dict[str, Any]]:
    """The cards where so many critical rules are about the same draft order."""
    knowledge = rules()
    (rule,) = (rule for rule in knowledge.rules if rule.card and rule.card.indicator.value == "critical")
    many = tuple(
        replace(rule, id=f"danger-{one}", card=replace(rule.card, summary=f"Danger {one}.", short=f"danger {one}"))
        for one in range(number)
    )
    phases = tuple(
        replace(phase, rules=(*many, *(other for other in phase.rules if other is not rule)))
        if rule in phase.rules
        else phase
        for phase in knowledge.phases
    )
    knowledge = replace(knowledge, phases=phases)
    found = present("nsaid-ordered", IBUPROFEN), present("anticoagulant-active", WARFARIN)
    return cards_of(knowledge, decision_on(knowledge, "order-sign", *found), deletable=("MedicationRequest/draft-1",))


def test_beyond_six_cards_the_dangers_of_one_order_share_a_critical_card_that_names_each() -> None:
    assert [card["summary"] for card in against_one_drug(6)] == [f"Danger {one}." for one in range(6)]
    (card,) = against_one_drug(7)
    assert card["indicator"] == "critical"
    assert card["summary"] == ("Avoid Ibuprofen: danger 0, danger 1, danger 2, danger 3, danger 4, danger 5, danger 6.")
    assert all(f"- Danger {one}." in card["detail"] for one in range(7))
    assert [rule["id"] for rule in card["extension"]["sciatica-cds.why"]["rules"]] == [
        f"danger-{one}" for one in range(7)
    ]
    assert len(card["suggestions"]) == 1
    assert card["overrideReasons"]


@pytest.mark.requirement("AC-5")
def test_ac_5_a_delete_names_the_draft_order_it_is_about_and_carries_no_resource() -> None:
    card = nsaid_card(deletable=("MedicationRequest/draft-1",))
    (action,) = card["suggestions"][0]["actions"]
    assert action == {
        "type": "delete",
        "description": "Remove the draft order: Ibuprofen 600 MG Oral Tablet",
        "resourceId": "MedicationRequest/draft-1",
    }
    assert card["selectionBehavior"] == "at-most-one"


@pytest.mark.requirement("AC-8")
def test_ac_8_an_order_that_is_not_a_draft_of_the_call_is_never_deleted() -> None:
    card = nsaid_card(deletable=("MedicationRequest/other",))
    assert "suggestions" not in card
    assert "selectionBehavior" not in card  # CA-6


@pytest.mark.requirement("AC-5")
def test_ac_5_an_order_without_an_id_cannot_be_deleted() -> None:
    ordered = present("nsaid-ordered", Evidence("draftOrders.entry[0]", "Ibuprofen"))
    card = nsaid_card(ordered, present("anticoagulant-active", WARFARIN), deletable=("draftOrders.entry[0]",))
    assert "suggestions" not in card


@pytest.mark.requirement("AC-3")
def test_ac_3_a_created_order_is_a_draft_for_the_patient_of_the_call() -> None:
    (action,) = activity_card(encounter="e9")["suggestions"][0]["actions"]
    assert action["type"] == "create"
    assert action["description"]
    assert "resourceId" not in action  # AC-6
    draft = action["resource"]
    assert draft["status"] == "draft"
    assert draft["subject"] == {"reference": "Patient/p1"}
    assert draft["encounter"] == {"reference": "Encounter/e9"}
    assert draft["authoredOn"] == "2026-11-24T10:00:00+00:00"
    assert "id" not in draft


def test_without_a_patient_nothing_is_ordered() -> None:
    assert "suggestions" not in activity_card(patient=None)


@pytest.mark.requirement("TR-3", "TR-4")
@pytest.mark.parametrize("options", [{}, {"patient": None}, {"for_patient": True}])
def test_tr_3_tr_4_no_member_of_a_card_is_empty(options: dict[str, Any]) -> None:
    assert empties(activity_card(**options)) == []
    assert options.get("for_patient") or empties(nsaid_card(**options)) == []


def test_a_patient_reads_plain_words_without_orders() -> None:
    card = activity_card(for_patient=True)
    assert card["summary"] == "Keep moving as far as you can."
    assert not {"suggestions", "overrideReasons", "links", "extension"} & set(card)
    assert "Condition/c1" not in card["detail"]


def test_a_patient_gets_no_card_that_has_no_words_for_patients() -> None:
    found = (present("nsaid-ordered", IBUPROFEN), present("anticoagulant-active", WARFARIN))
    assert cards_of(rules(), decision_on(rules(), "order-sign", *found), for_patient=True) == []


@pytest.mark.requirement("EX-3")
def test_ex_3_the_why_extension_names_rule_evidence_and_what_was_not_recorded() -> None:
    why = nsaid_card()["extension"]["sciatica-cds.why"]
    assert why["rules"] == [
        {"id": "sf-nsaid-contraindicated", "version": "1.0.0", "status": "draft", "approved": False}
    ]
    assert {"finding": "anticoagulant-active", "resource": "MedicationRequest/w1", "date": "2026-08-01"} in why[
        "evidence"
    ]
    assert why["notRecorded"] == ["eGFR within 12 months"]


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "a | b | c",
    "https://evil.example/?id=1",
    "www.evil.example",
    "mail me@evil.example",
    "**bold** _it_ `code`",
    "line\n\n# heading\n- item",
    "{{ found }} {{ not_recorded }}",
    "</details><script>x</script>",
    "<!-- hidden",
    "&lt;b&gt;",
    "abc\u202edef",
]


@pytest.mark.requirement("CA-4")
@pytest.mark.parametrize("text", HOSTILE)
def test_ca_4_text_of_the_record_cannot_become_markup_or_a_link(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    evil = present("nsaid-ordered", Evidence("MedicationRequest/draft-1", text, "2026-11-24"))
    good = present("nsaid-ordered", Evidence("MedicationRequest/draft-1", "harmless", "2026-11-24"))
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table")
    kinds = []
    for ordered in (evil, good):
        detail = nsaid_card(ordered, present("anticoagulant-active", WARFARIN))["detail"]
        tokens = [inner for token in parser.parse(detail) for inner in (token, *(token.children or []))]
        kinds.append([token.type for token in tokens if token.type not in {"text", "text_special", "entity"}])
        assert "://" not in detail.split("Sources")[0]
        assert "\u202e" not in detail
    assert kinds[0] == kinds[1]


@pytest.mark.requirement("TR-7")
def test_tr_7_letters_of_any_language_survive() -> None:
    evidence = Evidence("MedicationRequest/draft-1", "Ibuprofène 600 mg, 痛み, ≥ 5 µg", "2026-11-24")
    assert (
        "Ibuprofène 600 mg, 痛み, ≥ 5 µg"
        in nsaid_card(present("nsaid-ordered", evidence), present("anticoagulant-active", WARFARIN))["detail"]
    )


def test_info_cards_beyond_the_limit_become_one_card_that_lists_them() -> None:
    knowledge = rules()
    (pathway,) = (phase for phase in knowledge.phases if phase.id == "5_pathway")
    (advice,) = pathway.rules
    many = tuple(
        replace(
            advice,
            id=f"advice-{number}",
            card=replace(advice.card, summary=f"Point {number}.", short=f"walking {number}"),
        )
        for number in range(6)
    )
    phases = tuple(replace(phase, rules=many) if phase.id == "5_pathway" else phase for phase in knowledge.phases)
    knowledge = replace(knowledge, phases=phases)
    cards = cards_of(knowledge, decision_on(knowledge, "patient-view", present("sciatica-active", SCIATICA)))
    assert [card["summary"] for card in cards] == [
        "Point 0.",
        "Point 1.",
        "Also: walking 2, walking 3, walking 4, walking 5.",
    ]
    further = cards[-1]
    assert all(f"- Point {number}. (NICE NG59)" in further["detail"] for number in (2, 3, 4, 5))
    assert all(f"**Point {number}.**" in further["extension"]["sciatica-cds.detail"] for number in (2, 3, 4, 5))
    assert further["selectionBehavior"] == "any"
    assert len({suggestion["label"] for suggestion in further["suggestions"]}) == len(further["suggestions"])  # SU-1
    assert [rule["id"] for rule in further["extension"]["sciatica-cds.why"]["rules"]] == [
        "advice-2",
        "advice-3",
        "advice-4",
        "advice-5",
    ]
    assert empties(cards) == []


def test_the_whole_text_holds_the_evidence_and_what_is_not_recorded() -> None:
    knowledge = with_card(rules(), "sf-nsaid-contraindicated", detail="Choose other pain relief.")
    found = (present("nsaid-ordered", IBUPROFEN), present("anticoagulant-active", WARFARIN))
    card = cards_of(knowledge, decision_on(knowledge, "order-sign", *found))[0]
    assert card["detail"].startswith("Choose other pain relief.\n\n- ")
    whole = card["extension"]["sciatica-cds.detail"]
    assert "**Found:**" in whole
    assert "**Not recorded:** eGFR within 12 months" in whole


def test_the_whole_text_stands_in_the_card_for_those_who_ask_for_it() -> None:
    short, whole = nsaid_card(), nsaid_card(full=True)
    assert whole["detail"] == short["extension"]["sciatica-cds.detail"]
    assert "sciatica-cds.detail" not in whole["extension"]


def test_a_card_links_to_the_page_of_its_rule_where_the_address_is_known() -> None:
    links = nsaid_card(public_url="https://cds.example.org/base")["links"]
    assert links[-1]["url"] == "https://cds.example.org/base/rules/sf-nsaid-contraindicated"
    assert links[-1]["type"] == "absolute"
    assert not [link for link in nsaid_card()["links"] if "/rules/" in link["url"]]


def test_with_the_authors_act_the_explanation_stays_out_of_the_card() -> None:
    knowledge = with_card(rules(), "fl-stay-active", act="Walk. Sit little.", detail="Long reasons. And more.")
    (card,) = cards_of(knowledge, decision_on(knowledge, "patient-view", present("sciatica-active", SCIATICA)))
    assert card["detail"].startswith("Walk. Sit little.\n\n")
    assert "Long reasons" not in card["detail"]
    assert "Long reasons" in card["extension"]["sciatica-cds.detail"]


def test_order_sign_teaches_nothing() -> None:
    service = rules().services["small-order-sign"]
    assert service.info_phases == ("3_safety",)
    knowledge = with_card(rules(), "sf-nsaid-contraindicated", indicator=rules().rules[-1].card.indicator)
    found = (present("nsaid-ordered", IBUPROFEN), present("anticoagulant-active", WARFARIN))
    shown = cards_of(knowledge, decision_on(knowledge, "order-sign", *found))
    assert [card["indicator"] for card in shown] == ["info"]
    narrowed = replace(service, info_phases=("4_order_checks",))
    knowledge = replace(knowledge, services={**knowledge.services, service.id: narrowed})
    assert cards_of(knowledge, decision_on(knowledge, "order-sign", *found)) == []


def test_absent_findings_give_no_card_at_all() -> None:
    absent = [Finding(name, Status.ABSENT) for name in ("sciatica-active",)]
    assert cards_of(rules(), decision_on(rules(), "patient-view", *absent)) == []


def test_where_approval_is_required_an_unapproved_rule_or_one_that_rests_on_one_is_silent() -> None:
    both = frozenset({"sf-nsaid-contraindicated", "nsaid-contraindicated"})
    assert wholly_approved(rules()) == frozenset()
    assert wholly_approved(replace(rules(), approved=both - {"nsaid-contraindicated"})) == frozenset()
    assert wholly_approved(replace(rules(), approved=both)) == {"sf-nsaid-contraindicated"}
    decision = decision_on(rules(), "patient-view", present("sciatica-active", SCIATICA))
    audience = Audience(rules().services["small-patient-view"], allowed_rule_ids=frozenset())
    assert render(rules(), decision, audience, acting(rules())) == []
