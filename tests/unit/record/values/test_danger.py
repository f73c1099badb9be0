"""Danger: an English problem that no pattern finds is something else, unless it names what the rules ask about."""

from __future__ import annotations

import pytest

from service.knowledge.model import Knowledge
from service.record.values.coding import CodeIndex

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"


@pytest.fixture(scope="module")
def index(knowledge: Knowledge) -> CodeIndex:
    return CodeIndex(knowledge.value_sets, knowledge.danger_terms, knowledge.other_words)


@pytest.mark.parametrize(
    "words",
    [
        "Solitary kidney",
        "Dilated cardiomyopathy",
        "Liver scarring",
        "Numb groin",
        "Perforation of stomach (disorder)",
        "Spinal cord contusion",
        "Awaiting CABG",
        "Atrial fibrillation on apixaban",
        "Hypertension, also takes Eliquis",
        "New bladder problems",
    ],
)
def test_a_word_of_danger_that_nothing_explains_is_not_read(index: CodeIndex, words: str) -> None:
    assert not index.is_entry_read("Condition", {"text": words})


@pytest.mark.parametrize(
    "words",
    [
        "Chronic renal failure",
        "No kidney disease",
        "Mother had kidney failure",
        "Kidney stone",
        "Donor of kidney",
        "Pressure ulcer",
        "Vocal cord polyp",
        "Allergic rhinitis",
        "Long term (current) use of anticoagulants",
    ],
)
def test_what_a_pattern_explains_or_what_is_denied_or_harmless_is_read(index: CodeIndex, words: str) -> None:
    assert index.is_entry_read("Condition", {"text": words})


@pytest.mark.parametrize(
    ("system", "code", "words", "is_read"),
    [
        (ICD, "N28.1", "Acquired kidney disorder", True),
        (ICD, "I48.91", "Atrial fibrillation on apixaban", False),
        (ICD, "G95.20", None, True),
        (SNOMED, "71286001", "Spinal cord compression", True),
        (SNOMED, "1234567890123", "Spinal cord contusion", False),
    ],
)
def test_a_code_explains_its_organ_but_not_a_drug_beside_it(
    index: CodeIndex, system: str, code: str, words: str | None, is_read: bool
) -> None:
    coding = {"system": system, "code": code, **({"display": words} if words else {})}
    assert index.is_entry_read("Condition", {"coding": [coding]}) is is_read


@pytest.mark.parametrize(
    ("words", "value_set"),
    [
        ("Kidney failure", "cond-ckd-unspecified"),
        ("renal failure", "cond-ckd-unspecified"),
        ("Transplanted kidney present", "cond-kidney-transplant"),
        ("Warfarin therapy (procedure)", "local-cond-anticoagulant-status"),
        ("Anticoagulant prescribed (situation)", "local-cond-anticoagulant-status"),
        ("Loss of perineal sensation", "local-cond-saddle-numbness"),
        ("Absent perianal sensation", "local-cond-saddle-numbness"),
        ("Bladder dysfunction, new", "cond-bowel-bladder-dysfunction-neurogenic"),
    ],
)
def test_the_plain_words_for_an_idea_are_found(index: CodeIndex, words: str, value_set: str) -> None:
    assert value_set in index.match({"text": words}).sets
