"""Negation: a denial reaches what it denies and no further; what may be a sign or its denial was not read."""

from __future__ import annotations

import re

import pytest

from service.record.values.coding import CodeIndex
from service.record.values.negation import GUARDS, Guards, Said, said
from tests.shipped import shipped_knowledge

SIGN = re.compile(
    r"\b(?:foot drop|saddle numbness|heart failure|cauda equina syndrome|urinary retention)\b", re.IGNORECASE
)


def said_of_the_sign(text: str) -> Said:
    return said(text, [found.span() for found in SIGN.finditer(text)], Guards(GUARDS))


@pytest.fixture(scope="module")
def index() -> CodeIndex:
    knowledge = shipped_knowledge()
    return CodeIndex(knowledge.value_sets, knowledge.danger_terms, knowledge.other_words)


@pytest.mark.parametrize(
    "text",
    [
        "Denies fever, has saddle numbness",
        "No cardiac symptoms, known heart failure",
        "No improvement in foot drop",
        "No change in saddle numbness",
        "Without any recovery of the foot drop",
        "Hx: foot drop 2 days",
        "h/o urinary retention since yesterday",
        "Foot drop, no trauma",
        "Nicht ausgeschlossen: cauda equina syndrome",
        "Sciatica without fever but foot drop",
    ],
)
def test_a_denial_of_something_else_leaves_a_sign_present(text: str) -> None:
    assert said_of_the_sign(text) is Said.PRESENT


@pytest.mark.parametrize(
    "text",
    [
        "Denies saddle numbness, urinary retention, or foot drop",
        "Denies fever, chills, foot drop",
        "No saddle numbness, bladder or bowel trouble",
        "No fever, weight loss or foot drop",
        "Sciatica without foot drop",
        "Negative for urinary retention, foot drop",
        "Foot drop (-)",
        "(-) saddle numbness",
        "Urinary retention - nil",
        "Foot drop 2.0 cm normal",
        "Saddle numbness: nein",
        "Heart failure Syndrom ausgeschlossen",
        "Descartado síndrome de cola de caballo",
        "Escluso foot drop",
        "Absence d'urinary retention",
        "Pas d'urinary retention",
        "Friend has foot drop",
        "Carer of person with heart failure",
        "Dog has heart failure",
        "Heart failure of fetus",
        "Heart failure (mother)",
        "Heart failure in his father aged 60",
    ],
)
def test_a_clean_denial_and_the_problem_of_somebody_else_are_nothing(text: str) -> None:
    assert said_of_the_sign(text) is Said.NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "?Cauda equina syndrome - MRI normal",
        "Query cauda equina syndrome; MRI was clear",
        "r/o urinary retention. Bladder scan normal",
        "No trauma, saddle numbness",
        "Negative straight leg raise, foot drop positive",
        "Denies pain, foot drop present",
        "Without trauma developed foot drop",
        "No evidence against cauda equina syndrome",
        "Never had saddle numbness before today",
        "Never well since heart failure",
        "Risk of falls due to foot drop",
        "No longer able to walk (foot drop)",
        "Heart failure, family history of stroke",
        "Fear of cauda equina syndrome",
        "Counselled about cauda equina syndrome",
        "Return if saddle numbness",
        "Watch for foot drop",
        "Cauda equina syndrome leaflet given",
        "Ausschluss cauda equina syndrome",
    ],
)
def test_what_may_be_denied_or_there_is_neither(text: str) -> None:
    assert said_of_the_sign(text) is Said.DOUBTFUL


@pytest.mark.parametrize(
    "text",
    [
        "No trauma, saddle anaesthesia",
        "No bladder control",
        "No sensation in saddle area",
        "No anal tone",
        "Kein Gefühl im Reithosenbereich",
        "Kidney transplant, donor: mother",
        "No aspirin since bleeding ulcer",
        "Risk of rebleeding: bleeding ulcer last week",
    ],
)
def test_a_doubtful_problem_was_not_read_even_beside_a_code(index: CodeIndex, text: str) -> None:
    assert not index.is_entry_read("Condition", {"text": text})


def test_the_words_of_a_public_code_are_never_doubtful(index: CodeIndex) -> None:
    words = "Gastric ulcer without anemia, with heart failure present"
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.32", "display": words}
    assert index.is_entry_read("Condition", {"coding": [coding], "text": words})
    assert not index.is_entry_read("Condition", {"coding": [coding], "text": "No trauma, saddle anaesthesia"})
