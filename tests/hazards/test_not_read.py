"""What could not be read is unknown, never absent, and the answer names it (H-02, H-12)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.charts import IBUPROFEN, Json, ask, ordered, person, sciatica, status_of

GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
WHO = "http://hl7.org/fhir/sid/icd-10"
SNOMED = "http://snomed.info/sct"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
ACTIVE = {"coding": [{"code": "active"}]}
HEART = "heart-failure"


def coded(kind: str, *codings: tuple[str, str, str | None], text: str | None = None, name: str = "n1") -> Json:
    """An active entry with these codings, a display of None left out."""
    told = [
        {"system": system, "code": code} | ({"display": display} if display else {})
        for system, code, display in codings
    ]
    whose = {"patient" if kind == "AllergyIntolerance" else "subject": {"reference": "Patient/p"}}
    code = ({"coding": told} if told else {}) | ({"text": text} if text else {})
    return {"resourceType": kind, "id": name, "clinicalStatus": ACTIVE, "code": code, **whose}


def verified(status: str) -> Json:
    return {"verificationStatus": {"coding": [{"code": status}]}}


NO_ALLERGY = coded("AllergyIntolerance", (SNOMED, "716186003", None), name="nka")


def signing(client: FlaskClient, *entries: Json) -> Json:
    """The answer about ibuprofen being signed for somebody with sciatica and these entries; every list came."""
    return ask(client, [person(), sciatica(), *entries, ordered(*IBUPROFEN)], "order-sign", complete="all")


@pytest.mark.parametrize(
    ("entry", "finding"),
    [
        (coded("Condition", (GM, "I50.14", "Linksherzinsuffizienz: Mit Beschwerden in Ruhe")), HEART),
        (coded("Condition", ("http://hl7.org/fhir/sid/icd-10-gm", "I50.1!", None)), HEART),
        (coded("Condition", ("urn:oid:2.16.840.1.113883.6.3", "I509", None)), HEART),
        (coded("Condition", (WHO, "N18.4", None)), "ckd-stage-4-or-5"),
        (coded("Condition", (WHO, "I48.9", "Vorhofflimmern")), "arrhythmia-or-heart-block"),
    ],
)
def test_icd_10_of_other_countries_alarms_by_its_category(client: FlaskClient, entry: Json, finding: str) -> None:
    answered = signing(client, NO_ALLERGY, entry)
    assert status_of(answered, finding) == "present"
    told = next(f for f in answered["extension"]["sciatica-cds.decision"]["findings"] if f["name"] == finding)
    assert "read by its ICD-10 category" in str(told["evidence"])


@pytest.mark.parametrize(
    "entry",
    [
        coded("Condition", ("http://hl7.org/fhir/sid/icd-9-cm", "428.0", None)),
        coded("Condition", ("http://id.who.int/icd/release/11/mms", "BD10", None)),
        coded("Condition", ("http://hl7.org/fhir/sid/icpc-2", "K77", None)),
        coded("Condition", ("urn:oid:1.2.3.4.5", "HF01", None)),
        coded("Condition", (SNOMED, "1234567890123", None)),
        coded("Condition", (GM, "J06.9", "Akute Infektion der oberen Atemwege")),
        coded("Condition", text="Insuffisance cardiaque"),
        coded("Condition", text="Fibrilación auricular"),
        coded("Condition", text="Scompenso cardiaco cronico"),
        coded("Condition", text="Hartfalen"),
        coded("Condition", text="心不全"),
        coded("Condition", text="XQ7"),
        coded("Condition"),
        coded("Condition", (IPS, "no-problem-info", "No information about problems")),
        coded("Condition", text="No information available"),
    ],
)
def test_a_problem_that_cannot_be_read_leaves_safety_open_and_is_named(client: FlaskClient, entry: Json) -> None:
    answered = signing(client, NO_ALLERGY, entry)
    assert status_of(answered, HEART) == "unknown"
    assert status_of(answered, "ckd-stage-4-or-5") == "unknown"
    assert status_of(answered, "problems-not-read") == "present"
    assert "heart failure" in str(answered["cards"])


@pytest.mark.parametrize(
    "entry",
    [
        coded("Condition", ("http://hl7.org/fhir/sid/icd-10-cm", "J06.9", None)),
        coded("Condition", (SNOMED, "444814009", "Viral sinusitis (disorder)")),
        coded("Condition", text="Ingrown toenail"),
        coded("Condition", text="Family history of heart failure"),
        coded("Condition", (IPS, "no-known-problems", None)),
        coded("Condition", ("urn:oid:1.2.3.4.5", "HF01", None))
        | {"verificationStatus": {"coding": [{"code": "refuted"}]}},
        coded("Condition", text="XQ7") | {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
    ],
)
def test_a_problem_that_was_understood_or_does_not_count_leaves_silence_a_no(client: FlaskClient, entry: Json) -> None:
    answered = signing(client, NO_ALLERGY, entry)
    assert status_of(answered, HEART) == "absent"
    assert status_of(answered, "problems-not-read") == "absent"


@pytest.mark.parametrize(
    "entry",
    [
        coded("AllergyIntolerance", (IPS, "no-allergy-info", None)),
        coded("AllergyIntolerance", (SNOMED, "429625007", "No known food allergy")),
        coded("AllergyIntolerance", (IPS, "no-known-food-allergies", None)),
        coded("AllergyIntolerance", (SNOMED, "416098002", "Allergy to drug")),
        coded("AllergyIntolerance", text="Drug allergy"),
        coded("AllergyIntolerance", (SNOMED, "196461000000101", "Transfer-degraded drug allergy"), text="Xyzolin 400"),
        coded("AllergyIntolerance", ("http://fdasis.nlm.nih.gov", "0000000000", None)),
    ],
)
def test_an_allergy_entry_that_names_no_drug_leaves_the_question_open(client: FlaskClient, entry: Json) -> None:
    assert status_of(signing(client, entry), "nsaid-allergy") == "unknown"
    # Beside a statement that there is none, it still may be anything.
    assert status_of(signing(client, NO_ALLERGY, entry), "nsaid-allergy") == "unknown"


def test_a_degraded_allergy_whose_words_name_a_brand_is_that_allergy(client: FlaskClient) -> None:
    degraded = (SNOMED, "196461000000101", "Transfer-degraded drug allergy")
    entry = coded("AllergyIntolerance", degraded, text="Brufen 400")
    assert status_of(signing(client, entry), "nsaid-allergy") == "present"


@pytest.mark.parametrize(
    "entry",
    [
        NO_ALLERGY,
        coded("AllergyIntolerance", (SNOMED, "160244002", None)),
        coded("AllergyIntolerance", (IPS, "no-known-allergies", None)),
        coded("AllergyIntolerance", (IPS, "no-known-medication-allergies", None)),
        coded("AllergyIntolerance", text="No known drug allergies"),
        coded("AllergyIntolerance", (SNOMED, "91935009", "Allergy to peanut")),
    ],
)
def test_a_reviewed_allergy_list_without_an_nsaid_is_a_no(client: FlaskClient, entry: Json) -> None:
    assert status_of(signing(client, entry), "nsaid-allergy") == "absent"
