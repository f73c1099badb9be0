"""Prefetch templates: computed from the facts, and inside the grammar and the query subset of 2.0 (chapter 3)."""

from __future__ import annotations

import pytest

from service.knowledge.hooks import HOOKS
from service.knowledge.model import Knowledge
from service.protocol.template_lint import lint
from service.record.input.prefetch_templates import Template, templates_for, unasked
from tests.unit.cards.small_rules import rules

BY_KEY = {template.key: template for template in templates_for(rules(), "order-sign")}


def complaints(query: str, hook: str = "patient-view") -> str:
    return " ".join(fault.text for fault in lint(Template("x", query, ()), hook))


@pytest.mark.requirement("PF-1")
def test_pf_1_a_hook_asks_for_what_its_facts_are_read_from_and_for_nothing_else() -> None:
    assert list(BY_KEY) == [
        "patient",
        "conditions",
        "labs",
        "vitals",
        "findings",
        "scores",
        "social",
        "medications",
        "statements",
    ]
    assert [template.key for template in templates_for(rules(), "patient-view")] == ["patient", "conditions"]


def test_patient_is_read_and_lists_are_searched() -> None:
    assert BY_KEY["patient"].query == "Patient/{{context.patientId}}"
    assert BY_KEY["conditions"].query == "Condition?patient={{context.patientId}}"


def test_observations_are_split_by_category_and_so_never_whole() -> None:
    assert (
        BY_KEY["labs"].query == "Observation?patient={{context.patientId}}&category=laboratory&_sort=-date&_count=100"
    )
    assert BY_KEY["labs"].narrowed


def test_a_list_whose_silence_counts_is_asked_for_whole() -> None:
    assert BY_KEY["medications"].query == "MedicationRequest?patient={{context.patientId}}"
    assert not BY_KEY["medications"].narrowed
    assert not BY_KEY["conditions"].narrowed


@pytest.mark.requirement("DI-14", "QR-1", "TK-1")
@pytest.mark.parametrize("hook", HOOKS)
def test_di_14_qr_1_tk_1_the_shipped_templates_are_lint_clean_and_stable(knowledge: Knowledge, hook: str) -> None:
    templates = templates_for(knowledge, hook)
    assert [fault for template in templates for fault in lint(template, hook)] == []
    assert templates == templates_for(knowledge, hook)
    assert len({template.key for template in templates}) == len(templates)  # PF-2
    assert not unasked(knowledge, hook)


@pytest.mark.requirement("PF-3", "TK-1", "TK-2", "TK-3", "TK-4", "TK-6", "TK-8", "QR-1", "QR-2", "QR-3", "QR-4")
@pytest.mark.parametrize(
    ("query", "requirement"),
    [
        ("Patient/{{patientId}}", "TK-2"),
        ("Patient/{{Patient.id}}", "TK-2"),
        ("Patient/{{user}}", "TK-2"),
        ("Patient/{{ context.patientId }}", "TK-2"),
        ("Patient/{{context.patient.id}}", "TK-2"),
        ("Practitioner/{{context.userId}}", "TK-6"),
        ("Observation?patient=Patient/x{{context.patientId}}", "TK-6"),
        ("Encounter/{{context.encounterId}}", "TK-8"),
        ("Patient/{{context.patientId}", "TK-1"),
        ("/Patient/{{context.patientId}}", "PF-3"),
        ("https://ehr.example/Patient/1", "PF-3"),
        ("Patient", "PF-3"),
        ("Observation?patient={{context.patientId}}&sort:desc=date", "QR-2"),
        ("Observation?patient={{context.patientId}}&_sort=-authored", "QR-2"),
        ("Condition?patient={{context.patientId}}&status=active", "QR-3"),
        ("Observation?subject.name=x", "QR-1"),
        ("Observation?patient={{context.patientId}}&_include=Observation:performer", "QR-1"),
        ("Observation?patient={{context.patientId}}&_summary=true", "QR-1"),
        ("Observation?patient={{context.patientId}}&code:not=x", "QR-1"),
        ("Observation?patient={{context.patientId}}&code=a,b", "QR-4"),
        ("Coverage?patient={{context.patientId}}", "QR-1"),
    ],
)
def test_what_a_client_cannot_resolve_is_refused(query: str, requirement: str) -> None:
    assert requirement in complaints(query)


@pytest.mark.requirement("TK-5")
@pytest.mark.parametrize(
    ("hook", "field"), [(hook, field.name) for hook in HOOKS for field in HOOKS[hook].fields if not field.token]
)
def test_tk_5_a_field_that_is_no_token_is_refused(hook: str, field: str) -> None:
    assert "TK-5" in complaints(f"Observation?patient={{{{context.{field}}}}}", hook)


def test_user_tokens_and_a_bare_user_id_are_allowed() -> None:
    assert complaints("Practitioner/{{userPractitionerId}}") == ""
    assert complaints("{{context.userId}}") == ""


def test_an_encounter_token_is_allowed_where_the_hook_requires_it() -> None:
    assert complaints("Encounter/{{context.encounterId}}", "encounter-start") == ""
