"""Coding: concepts against value sets, by code first and by guarded words last."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.model import Code, DangerTerms, OtherWords, ValueSet
from service.note import Note, NoteCode
from service.record.values.code_systems import check_digit_fault
from service.record.values.coding import CodeIndex, canonical_system
from service.record.values.concept import codings, concept_text

SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"


def a_set(name: str, *codes: tuple[str, str], below: bool = False, patterns: tuple[str, ...] = ()) -> ValueSet:
    listed = tuple(Code(system, code, name, below, verified=True, source="test") for system, code in codes)
    return ValueSet(name, name, listed, patterns=patterns, link_ids=(f"{name}-asked",))


SETS = [
    a_set("cond-sciatica", (SNOMED, "23056005"), patterns=(r"\bsciatica\b",)),
    a_set("cond-sciatica-icd", (ICD, "M54.3"), below=True),
    a_set("cond-cauda-equina", (SNOMED, "192970008"), patterns=(r"\bcauda equina\b",)),
    a_set("order-mri", (LOINC, "98979-8"), patterns=(r"\bMRI\b.*\blumb",)),
    a_set("med-nsaid", ("http://www.whocc.no/atc", "M01A"), below=True),
    ValueSet("cond-off", "off", (Code(SNOMED, "39848009", "off", descendants=False, verified=False, source="test"),)),
]
INDEX = CodeIndex({one.id: one for one in SETS}, DangerTerms(), OtherWords())


def concept(*pairs: tuple[str | None, str], text: str | None = None) -> dict[str, Any]:
    coding = [{"system": system, "code": code} if system else {"code": code} for system, code in pairs]
    return {"coding": coding, **({"text": text} if text else {})}


def sets(value: object) -> set[str]:
    return set(INDEX.match(value).sets)


def test_any_coding_may_match_not_only_the_first() -> None:
    assert sets(concept(("urn:local", "x1"), (SNOMED, "23056005"))) == {"cond-sciatica"}


@pytest.mark.parametrize(
    "system",
    [
        SNOMED,
        "urn:oid:2.16.840.1.113883.6.96",
        "http://snomed.info/sct|http://snomed.info/sct/731000124108/version/20250901",
        "http://snomed.info/sct/731000124108",
        "http://snomed.info/sct/",
        "https://snomed.info/sct",
        "http://snomed.info",
        " HTTP://SNOMED.info/sct",
    ],
)
def test_a_system_is_known_however_it_is_written(system: str) -> None:
    assert canonical_system(system) == SNOMED
    assert sets(concept((system, "23056005"))) == {"cond-sciatica"}


@pytest.mark.parametrize("code", ["M54.3", "M54.31", "M5431", "m54.31"])
def test_icd_codes_descend_with_or_without_their_dot(code: str) -> None:
    assert sets(concept((ICD, code))) == {"cond-sciatica-icd"}


@pytest.mark.parametrize("code", ["M54.4", "M54", "M5", ""])
def test_a_code_beside_or_above_is_not_below(code: str) -> None:
    assert sets(concept((ICD, code))) == set()


@pytest.mark.parametrize("system", ["http://hl7.org/fhir/sid/icd-10", "http://fhir.de/CodeSystem/bfarm/icd-10-gm"])
def test_another_edition_of_icd_is_read_by_the_category_it_shares_with_the_us_one(system: str) -> None:
    match = INDEX.match(concept((system, "M54.3")))
    assert match.sets == {"cond-sciatica-icd"}
    assert match.by_category
    assert match.notes == (Note(NoteCode.BY_CATEGORY),)


def test_what_only_the_us_edition_divides_is_not_read_in_another() -> None:
    spasm = a_set("cond-spasm", (ICD, "M62.83"), below=True)
    index = CodeIndex({"cond-spasm": spasm}, DangerTerms(), OtherWords())
    assert index.match(concept((ICD, "M62.830"))).sets == {"cond-spasm"}
    assert not index.match(concept(("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "M62.83"))).sets


def test_a_snomed_code_is_exact() -> None:
    assert sets(concept((SNOMED, "230560051"))) == set()


def test_atc_descends_by_prefix() -> None:
    assert sets(concept(("http://www.whocc.no/atc", "M01AE01"))) == {"med-nsaid"}


def test_a_wrong_check_digit_matches_nothing_and_says_so() -> None:
    match = INDEX.match(concept((SNOMED, "23056006")))
    assert not match.sets
    assert match.notes == (Note(NoteCode.WRONG_SNOMED),)
    assert check_digit_fault(LOINC, "98979-8") is None
    assert check_digit_fault(LOINC, "98979-9") is not None
    assert check_digit_fault(LOINC, "LA33-6") is None


def test_an_unverified_code_is_switched_off() -> None:
    assert sets(concept((SNOMED, "39848009"))) == set()


def test_a_code_given_as_a_number_is_read_but_a_float_is_not() -> None:
    assert sets({"coding": [{"system": SNOMED, "code": 23056005}]}) == {"cond-sciatica"}
    assert sets({"coding": [{"system": SNOMED, "code": 23056005.0}]}) == set()


def test_words_are_used_when_no_code_matched_and_flagged() -> None:
    match = INDEX.match(concept(("urn:local", "x1"), text="Sciatica, left"))
    assert match.sets == {"cond-sciatica"}
    assert match.by_text
    assert match.text == "Sciatica, left"


def test_words_are_not_asked_when_a_code_matched() -> None:
    match = INDEX.match(concept((SNOMED, "23056005"), text="sciatica, cauda equina"))
    assert match.sets == {"cond-sciatica"}
    assert not match.by_text


def test_the_display_of_a_code_outside_the_sets_is_read_too() -> None:
    assert sets({"coding": [{"system": SNOMED, "code": "102479000", "display": "Acute sciatica"}]}) == {"cond-sciatica"}


@pytest.mark.parametrize(
    "text",
    [
        "No sciatica",
        "denies sciatica",
        "Low back pain without sciatica",
        "Cauda equina ruled out",
        "Cauda equina syndrome, ruled out",
        "Cauda equina was excluded",
        "Sciatica precautions",
        "Family history: sciatica",
        "Sciatica - mother",
        "Sciatica: no",
        "Sciatica risk",
        "screening for cauda equina",
    ],
)
def test_words_that_deny_are_no_hit(text: str) -> None:
    match = INDEX.match({"text": text})
    assert not match.sets
    assert not match.past_sets
    assert not match.suspected_sets


@pytest.mark.parametrize(
    "text",
    [
        "Rule out cauda equina",
        "R/O cauda equina",
        "r/o cauda equina syndrome",
        "Worried about cauda equina",
        "Concern for cauda equina",
        "Sorge wegen Cauda equina",
        "could not rule out cauda equina",
        "? cauda equina",
        "cauda equina?",
        "Cauda equina syndrome?",
    ],
)
def test_words_that_only_ask_are_a_suspicion(text: str) -> None:
    match = INDEX.match({"text": text})
    assert not match.sets
    assert match.suspected_sets == {"cond-cauda-equina"}
    assert match.is_read


def test_what_could_not_be_ruled_out_is_not_denied() -> None:
    assert sets({"text": "Cauda equina, not ruled out"}) == {"cond-cauda-equina"}


@pytest.mark.parametrize(
    "text",
    [
        "Sciatica",
        "Recurrent sciatica; no red flags",
        "No weakness. Sciatica left",
        "Sciatica with no weakness",
        "Sciatica, not relieved by rest",
        "Not improving sciatica",
        "Suspected sciatica",
        "45 year old with sciatica",
        "No trauma but sciatica",
    ],
)
def test_a_denial_of_something_else_is_no_denial(text: str) -> None:
    assert sets({"text": text}) == {"cond-sciatica"}


@pytest.mark.parametrize(
    "text", ["History of sciatica", "h/o sciatica", "Previous sciatica", "Sciatica, resolved", "old sciatica"]
)
def test_words_of_the_past_are_kept_apart(text: str) -> None:
    match = INDEX.match({"text": text})
    assert not match.sets
    assert match.past_sets == {"cond-sciatica"}
    assert match.by_text


def test_an_order_is_named_beside_its_question() -> None:
    assert sets({"text": "Rule out cauda equina: MRI lumbar spine"}) == {"order-mri"}
    assert sets({"text": "No MRI of the lumbar spine"}) == set()


@pytest.mark.parametrize(
    "value", [None, {}, [], "x", 5, {"coding": "x"}, {"coding": [None, "x", {"code": {}}]}, {"text": 5}]
)
def test_odd_concepts_match_nothing(value: object) -> None:
    assert sets(value) == set()
    assert concept_text(value) == ""


def test_objects_where_lists_belong_are_read() -> None:
    assert sets({"coding": {"system": SNOMED, "code": "23056005"}}) == {"cond-sciatica"}
    assert sets([concept((SNOMED, "23056005"))]) == {"cond-sciatica"}
    assert sets({"system": SNOMED, "code": "23056005"}) == {"cond-sciatica"}
    assert [coding.code for coding in codings(concept((None, "a"), (ICD, "b")))] == ["a", "b"]


def test_old_hl7_systems_are_the_new_ones() -> None:
    assert canonical_system("http://hl7.org/fhir/v2/0136") == "http://terminology.hl7.org/CodeSystem/v2-0136"
    assert (
        canonical_system("http://hl7.org/fhir/condition-clinical")
        == "http://terminology.hl7.org/CodeSystem/condition-clinical"
    )


def test_a_questionnaire_link_finds_its_sets() -> None:
    assert INDEX.sets_of_link("cond-sciatica-asked") == {"cond-sciatica"}
    assert INDEX.sets_of_link("other") == frozenset()


def test_every_shipped_code_finds_its_own_value_set(knowledge: Any) -> None:
    index = CodeIndex(knowledge.value_sets, knowledge.danger_terms, knowledge.other_words)
    lost = [
        (name, code.code)
        for name, value_set in knowledge.value_sets.items()
        for code in value_set.codes
        if code.verified and name not in index.match({"coding": [{"system": code.system, "code": code.code}]}).sets
    ]
    assert lost == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["coding", "code", "system", "display", "text"]), inner)
        ),
    )
)
def test_nothing_raises(value: object) -> None:
    INDEX.match(value)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (concept((SNOMED, "23056005")), "cond-sciatica"),
        (concept((ICD, "M54.31")), "cond-sciatica-icd"),  # the name of what stands above it
        (concept((ICD, "M54.31"), text="Ischialgia"), "Ischialgia"),
        (concept((SNOMED, "22298006")), "22298006"),
    ],
)
def test_a_code_without_words_is_called_what_the_value_sets_call_it(asked: dict[str, Any], text: str) -> None:
    assert INDEX.match(asked).text == text
