"""Drafts that a card may suggest, in the release of the client (AC-3, AC-6, TR-6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.cards.orders import Drafts, Ordering
from service.knowledge.model import Code, Dose, Knowledge, OrderTemplate
from service.record.releases.fhir_classes import Release
from tests.unit.cards.small_rules import NOW, rules

IBUPROFEN = OrderTemplate(
    id="ibuprofen-short",
    title="Ibuprofen 400 mg, at most 10 days",
    resource="MedicationRequest",
    code=Code(
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "5640",
        "ibuprofen",
        descendants=False,
        verified=True,
        source="test",
    ),
    priority="routine",
    text="Stop at the first sign of stomach pain.",
    dose=Dose(
        Decimal("2.5"), "mg", 1, Decimal(6), Decimal(8), "h", as_needed=True, route="oral", text="2.5 mg as needed"
    ),
    course_days=10,
    reason_text="Sciatica",
    drug_class=None,
    procedure=None,
    citations=(),
)
MRI = replace(IBUPROFEN, id="mri", title="MRI lumbar spine", resource="ServiceRequest", dose=None, course_days=None)
LEAFLET = replace(MRI, id="leaflet", title="Leaflet", resource="CommunicationRequest")


def knowledge(*orders: OrderTemplate) -> Knowledge:
    return replace(rules(), orders={order.id: order for order in orders})


def draft(order: OrderTemplate, release: Release = Release.R4, encounter: str | None = None) -> dict[str, Any]:
    return Drafts(knowledge(order)).draft(order.id, Ordering(release, "p1", encounter, NOW))


@pytest.mark.requirement("AC-3")
def test_ac_3_a_medication_in_r4_is_a_draft_proposal_with_dose_and_limit() -> None:
    made = draft(IBUPROFEN, encounter="e1")
    assert (made["status"], made["intent"], made["priority"]) == ("draft", "proposal", "routine")
    assert made["medicationCodeableConcept"]["coding"][0]["code"] == "5640"
    assert made["reasonCode"] == [{"text": "Sciatica"}]
    (dosage,) = made["dosageInstruction"]
    assert dosage["asNeededBoolean"] is True
    assert dosage["doseAndRate"] == [
        {"doseQuantity": {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}
    ]
    assert dosage["timing"]["repeat"]["periodMax"] == 8
    assert dosage["timing"]["repeat"]["boundsDuration"]["value"] == 10
    assert made["dispenseRequest"]["expectedSupplyDuration"]["code"] == "d"
    assert made["encounter"] == {"reference": "Encounter/e1"}


def test_r5_has_its_own_shape() -> None:
    made = draft(IBUPROFEN, Release.R5)
    assert made["medication"]["concept"]["text"] == IBUPROFEN.title
    assert made["reason"] == [{"concept": {"text": "Sciatica"}}]
    assert made["dosageInstruction"][0]["asNeeded"] is True
    assert "medicationCodeableConcept" not in made
    assert draft(MRI, Release.R5)["code"]["concept"]["text"] == MRI.title


@pytest.mark.requirement("TR-6")
@pytest.mark.parametrize("order", [IBUPROFEN, MRI, LEAFLET], ids=lambda order: order.resource)
@pytest.mark.parametrize("release", [Release.R4, Release.R5])
def test_tr_6_every_draft_is_valid_in_its_release_as_it_leaves(order: OrderTemplate, release: Release) -> None:
    import importlib

    package = "fhir.resources" if release is Release.R5 else "fhir.resources.R4B"
    module = importlib.import_module(f"{package}.{order.resource.lower()}")
    getattr(module, order.resource).model_validate(draft(order, release, encounter="e1"))


@pytest.mark.parametrize("release", [Release.R4, Release.R5])
def test_a_communication_has_an_intent_in_r5_only(release: Release) -> None:
    assert ("intent" in draft(LEAFLET, release)) is (release is Release.R5)


def test_a_call_leaves_no_trace_in_the_next_ones_draft() -> None:
    drafts = Drafts(knowledge(IBUPROFEN))
    first = drafts.draft(IBUPROFEN.id, Ordering(Release.R4, "p1", "e1", NOW))
    second = drafts.draft(IBUPROFEN.id, Ordering(Release.R4, "p2", None, NOW.replace(tzinfo=NOW.tzinfo)))
    assert first["subject"] == {"reference": "Patient/p1"}
    assert second["subject"] == {"reference": "Patient/p2"}
    assert "encounter" not in second


def test_stu3_clients_get_no_orders() -> None:
    assert not Ordering(Release.STU3, "p1", None, NOW).possible
    assert Ordering(Release.R4, "p1", None, NOW).possible
    assert not Ordering(Release.R4, None, None, NOW).possible


def test_a_template_that_the_release_refuses_is_found_at_start() -> None:
    bad = replace(IBUPROFEN, resource="Appointment")
    with pytest.raises(ValueError, match="no draft can be made"):
        Drafts(knowledge(bad)).warm_up()


def test_the_shipped_templates_are_all_valid(knowledge: Knowledge) -> None:
    Drafts(knowledge).warm_up()


def test_the_date_of_the_test_is_not_the_date_of_the_draft() -> None:
    assert draft(IBUPROFEN)["authoredOn"].startswith("2026-11-24T10:00:00")
    assert NOW.date() == date(2026, 11, 24)
