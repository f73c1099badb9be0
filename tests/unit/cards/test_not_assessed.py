"""When the card about checks that could not be made speaks, and when it is silent."""

from __future__ import annotations

from typing import Any

import pytest

from service.cards.cards import Audience, render
from service.cards.not_assessed import Lacking
from service.finding import Evidence, Finding, Status
from service.knowledge.model import AskedFirst
from service.note import Note, NoteCode
from service.record.input.prefetch_templates import Template
from tests.unit.cards.small_rules import SERVICES, acting, decision_on, present, rules

IBUPROFEN = Evidence("MedicationRequest/draft-1", "Ibuprofen 600 MG Oral Tablet", "2026-11-24")
MEDICATIONS = Template("medications", "MedicationRequest?patient=p1", ("MedicationRequest",), title="medication orders")
GOALS = Template("goals", "Goal?patient=p1", ("Goal",), title="goals")


def answered(*findings: Finding, hook: str = "order-sign", knowledge: Any = None, **lists: Any) -> list[dict[str, Any]]:
    knowledge = knowledge or rules()
    audience = Audience(knowledge.services[SERVICES[hook]])
    return render(knowledge, decision_on(knowledge, hook, *findings), audience, acting(knowledge), Lacking(**lists))


ORDER = present("nsaid-ordered", IBUPROFEN)


@pytest.mark.requirement("SC-5", "ST-6")
def test_sc_5_a_list_that_did_not_come_is_named_with_what_it_was_for() -> None:
    (card,) = answered(ORDER, absent=[MEDICATIONS])
    assert card["summary"] == "Not assessed: Ibuprofen: interactions not checked, medication orders not received."
    assert "So not known: current anticoagulants." in card["detail"]
    assert card["source"]["topic"]["code"] == "notassessed"


def test_a_list_of_which_only_a_part_came_is_named_as_such() -> None:
    (card,) = answered(ORDER, partly=[MEDICATIONS])
    assert card["summary"].endswith("medication orders received in part.")


def test_a_list_that_decides_no_warning_is_not_missed() -> None:
    assert answered(ORDER, absent=[GOALS]) == []


def test_what_nobody_recorded_brings_no_card_of_its_own() -> None:
    assert answered(ORDER) == []


def test_an_order_that_cannot_be_read_is_named_by_its_text() -> None:
    unread = Evidence("MedicationRequest/draft-2", "Zyxolin forte", note=Note(NoteCode.ORDER_NOT_RECOGNISED))
    (card,) = answered(Finding("nsaid-ordered", Status.UNKNOWN, evidence=(unread,)))
    assert "Zyxolin forte not recognised" in card["summary"]
    assert "Not recognised: Zyxolin forte." in card["detail"]


def test_a_check_that_the_source_of_an_order_asks_for_first_is_named_when_it_is_missing() -> None:
    from dataclasses import replace

    first = AskedFirst("nsaid-ordered", ("egfr",), "Before an NSAID the label asks for kidney function.")
    knowledge = replace(rules(), asked_first=(first,))
    (card,) = answered(ORDER, knowledge=knowledge)
    assert card["summary"] == "Not assessed: Ibuprofen: eGFR within 12 months not on record."
    assert answered(ORDER, present("egfr", low="90", unit="mL/min/{1.73_m2}"), knowledge=knowledge) == []


def test_the_longest_summary_stays_under_the_limit_whatever_is_ordered() -> None:
    long = Evidence("MedicationRequest/draft-1", "Ibuprofenum natricum dihydricum retardum forte plus 600 mg")
    (card,) = answered(present("nsaid-ordered", long), absent=[MEDICATIONS])
    assert len(card["summary"]) < 140
    assert "interactions not checked" in card["summary"]
