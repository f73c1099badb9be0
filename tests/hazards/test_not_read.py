"""What could not be read is unknown, never absent, and the answer names it (H-02, H-12)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, drugs_suggested, signing, speaking, status_of, value_of, visiting
from tests.hazards.charts import (
    ACTIVE,
    IBUPROFEN,
    LOCAL,
    RXNORM,
    WARFARIN,
    Json,
    drug,
    measured,
    ordered,
    person,
    problem,
    problem_in_words,
    sciatica,
)

GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
WHO = "http://hl7.org/fhir/sid/icd-10"
SNOMED = "http://snomed.info/sct"
CM = "http://hl7.org/fhir/sid/icd-10-cm"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
RESOLVED = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
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
        coded(
            "AllergyIntolerance", (SNOMED, "196461000000101", "Transfer-degraded drug allergy"), text="A white tablet"
        ),
        coded("AllergyIntolerance", ("http://fdasis.nlm.nih.gov", "0000000000", None)),
    ],
)
def test_an_allergy_entry_that_names_no_drug_leaves_the_question_open(client: FlaskClient, entry: Json) -> None:
    assert status_of(signing(client, entry), "nsaid-allergy") == "unknown"
    # Beside a statement that there is none, it still may be anything.
    assert status_of(signing(client, NO_ALLERGY, entry), "nsaid-allergy") == "unknown"


@pytest.mark.parametrize(
    "words",
    [
        *(
            "Pain medication",
            "OTC pain meds",
            "Arthritis medicine",
            "Multiple drug allergies",
            "Various",
            "Other",
            "Yes",
        ),
        *("Unknown", "Allergy status unknown", "Unable to obtain allergies", "No information", "Unknown medication"),
        *("see chart", "Allergies not on file", "Not reviewed", "Penicillin, pain pills"),
    ],
)
def test_an_allergy_in_words_that_name_no_substance_is_not_read_and_is_named(client: FlaskClient, words: str) -> None:
    answered = signing(client, coded("AllergyIntolerance", text=words))
    assert status_of(answered, "nsaid-allergy") == "unknown"
    assert status_of(answered, "allergies-not-read") == "present"
    assert words in json.dumps(answered["cards"])


@pytest.mark.parametrize(
    "words",
    [
        *("Anti-inflammatories", "Anti-inflammatory drugs", "Allergy to anti-inflammatory drug", "non steroidals"),
        *("Analgesics", "Propionic acid derivatives", "Cox-2 inhibitors", "Penicillin, NSAIDs"),
    ],
)
def test_the_nsaids_as_a_class_are_an_nsaid_allergy_however_they_are_called(client: FlaskClient, words: str) -> None:
    answered = signing(client, coded("AllergyIntolerance", text=words))
    assert status_of(answered, "nsaid-allergy") == "present"
    assert speaking(answered, "critical")


@pytest.mark.parametrize(
    "words",
    [
        *(
            "Sulfa",
            "PCN",
            "Penicillin - hives",
            "Lisinopril (cough)",
            "ACE inhibitors",
            "Bactrim",
            "Statins",
            "Codeine",
        ),
        *("Latex", "Bee stings", "House dust mite", "Adhesive tape", "Shellfish-derived products", "Tree nuts, eggs"),
        *("Opioid analgesics", "None", "NKDA", "Mold (organism)", "Amoxicillin/clavulanate (rash)"),
    ],
)
def test_an_allergy_to_something_that_is_known_and_no_nsaid_is_a_no(client: FlaskClient, words: str) -> None:
    answered = signing(client, coded("AllergyIntolerance", text=words))
    assert status_of(answered, "nsaid-allergy") == "absent"
    assert status_of(answered, "allergies-not-read") == "absent"


def test_an_allergy_that_lists_more_than_anybody_would_is_not_read(client: FlaskClient) -> None:
    few, many = (coded("AllergyIntolerance", text=", ".join(["peanuts"] * count)) for count in (30, 300))
    assert status_of(signing(client, few), "nsaid-allergy") == "absent"
    assert status_of(signing(client, many), "nsaid-allergy") == "unknown"
    assert status_of(signing(client, many), "allergies-not-read") == "present"


def test_a_problem_of_a_very_long_text_is_named_by_its_beginning(client: FlaskClient) -> None:
    answered = signing(client, coded("Condition", text=f"  qwertitis {'of the xyzzus ' * 9000}"))
    assert status_of(answered, HEART) == "unknown"
    assert "qwertitis of the xyzzus" in json.dumps(answered["cards"])


@pytest.mark.parametrize(
    ("kind", "words", "finding"),
    [
        ("Condition", "ICD-10 I50", HEART),
        ("Condition", "Heart problem (I50.22)", HEART),
        ("AllergyIntolerance", "X-ray dye", "contrast-allergy"),
        ("Condition", "AAA 5.2 cm", "aortic-aneurysm"),
        ("Condition", "Mets to spine", "spine-cancer"),
        ("Condition", "Bone mets", "spine-cancer"),
        ("Condition", "Cold pulseless leg", "acute-limb-ischaemia"),
        ("Condition", "Painless retention", "bladder-change-new"),
        ("Condition", "Prostate CA", "cancer-active"),
        ("Condition", "Decreased rectal tone", "bladder-change-new"),
        ("Condition", "Progressive leg weakness", "leg-weakness-progressing"),
        ("Condition", "Weakness of the left leg getting worse", "leg-weakness-new"),
    ],
)
def test_a_danger_in_the_words_of_a_busy_clinic_is_read(
    client: FlaskClient, kind: str, words: str, finding: str
) -> None:
    assert status_of(signing(client, coded(kind, text=words) | {"recordedDate": "2026-11-22"}), finding) == "present"


@pytest.mark.parametrize("words", ["Coronary bypass", "Heart bypass surgery", "Aortocoronary bypass", "Triple bypass"])
def test_a_bypass_of_the_heart_is_found_by_its_usual_names(client: FlaskClient, words: str) -> None:
    done = {"resourceType": "Procedure", "id": "b", "status": "completed", "subject": {"reference": "Patient/p"}}
    done |= {"code": {"text": words}, "performedDateTime": "2026-11-16"}
    assert "sf-nsaid-cabg" in speaking(signing(client, NO_ALLERGY, done), "critical")


@pytest.mark.parametrize(
    "words", ["AAA screening", "Exercise tolerance 10 METS", "Met with spine surgeon", "Rectal pain"]
)
def test_words_that_only_look_like_a_danger_raise_no_alarm(client: FlaskClient, words: str) -> None:
    answered = signing(client, NO_ALLERGY, coded("Condition", text=words) | {"recordedDate": "2026-11-22"})
    for finding in ("aortic-aneurysm", "spine-cancer", "bladder-change-new"):
        assert status_of(answered, finding) != "present"


@pytest.mark.parametrize("words", ["Unknown", "Problem list not reviewed", "See scanned document", "ICD-10 ZZ"])
def test_a_problem_entry_that_says_that_nobody_knows_answers_nothing(client: FlaskClient, words: str) -> None:
    answered = signing(client, NO_ALLERGY, coded("Condition", text=words))
    assert status_of(answered, HEART) == "unknown"
    assert status_of(answered, "problems-not-read") == "present"


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


def test_a_finished_visit_without_an_end_stands_at_its_start(client: FlaskClient) -> None:
    fever = {"coding": [{"system": SNOMED, "code": "386661006", "display": "Fever"}]}
    visit = {"resourceType": "Encounter", "id": "e1", "class": {"code": "AMB"}, "reasonCode": [fever]}
    visit |= {"subject": {"reference": "Patient/p"}, "period": {"start": "2015-06-22"}}
    old = ask(client, [person(), sciatica(), visit | {"status": "finished"}])
    assert status_of(old, "fever-reported") == "unknown"
    assert "last recorded 2015-06-22" in str(old["extension"])
    running = ask(client, [person(), sciatica(), visit | {"status": "in-progress"}])
    assert status_of(running, "fever-reported") == "present"


def test_a_result_of_an_open_period_long_ago_is_too_old(client: FlaskClient) -> None:
    result = {"resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/p"}}
    result |= {"code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]}}
    result |= {"valueQuantity": {"value": 90, "unit": "ml/min/1.73sqm"}, "effectivePeriod": {"start": "2015-11-20"}}
    assert status_of(signing(client, NO_ALLERGY, result), "egfr") == "unknown"
    new = result | {"effectivePeriod": {"start": "2026-11-20"}}
    assert status_of(signing(client, NO_ALLERGY, new), "egfr") == "present"


def sided(name: str, text: str, *sites: str) -> Json:
    where = {"bodySite": [{"text": site} for site in sites]} if sites else {}
    told = coded("Condition", (SNOMED, "23056005", "Sciatica"), text=text, name=name)
    return told | where | {"recordedDate": "2026-11-20"}


@pytest.mark.parametrize(
    "entries",
    [
        [sided("a", "Sciatica, right"), sided("b", "Sciatica, left")],
        [sided("a", "Sciatica", "Left leg", "Right leg")],
        [sided("a", "Sciatica", "Both legs")],
        [sided("a", "Bilateral sciatica")],
    ],
)
def test_left_and_right_of_one_problem_are_both_sides(client: FlaskClient, entries: list[Json]) -> None:
    assert status_of(ask(client, [person(), *entries]), "bilateral-leg-pain") == "present"


@pytest.mark.parametrize(
    "entries",
    [
        [sided("a", "Sciatica, right"), sided("b", "Sciatica, right, again")],
        [sided("a", "Sciatica")],
        [sided("a", "Sciatica, left"), sided("b", "Sciatica, right") | verified("refuted")],
        [sided("a", "Sciatica, left"), sided("b", "Sciatica, right") | RESOLVED],
    ],
)
def test_one_side_alone_leaves_the_other_open(client: FlaskClient, entries: list[Json]) -> None:
    assert status_of(ask(client, [person(), *entries]), "bilateral-leg-pain") == "unknown"


def test_words_beside_a_code_raise_the_alarm_they_name(client: FlaskClient) -> None:
    told = coded("Condition", (SNOMED, "23056005", "Sciatica"), text="Bilateral sciatica with saddle numbness")
    answered = ask(client, [person(), told | {"onsetDateTime": "2026-11-10"}])
    assert status_of(answered, "saddle-numbness-new") == "present"
    assert any(card["indicator"] == "critical" for card in answered["cards"])


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ({"valueString": "Positive"}, "present"),
        ({"valueString": "Weakly positive"}, "present"),
        ({"valueString": "Negative"}, "absent"),
        ({"valueString": "equivocal"}, "unknown"),
        ({"valueCodeableConcept": {"text": "Pregnant"}}, "present"),
        ({"valueString": "Not pregnant"}, "unknown"),
        ({"interpretation": [{"coding": [{"code": "POS"}]}]}, "present"),
        ({"interpretation": [{"coding": [{"code": "NEG"}]}]}, "absent"),
    ],
)
def test_a_pregnancy_test_answered_in_words_is_read(client: FlaskClient, result: Json, status: str) -> None:
    test = {"resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/p"}}
    test |= {"code": {"coding": [{"system": "http://loinc.org", "code": "2106-3"}]}, "effectiveDateTime": "2026-11-20"}
    assert status_of(signing(client, NO_ALLERGY, test | result), "pregnant") == status


@pytest.mark.parametrize("size", ["1e28", "1e300", "-1e29"])
def test_a_number_of_no_size_a_chart_holds_is_no_number(client: FlaskClient, size: str) -> None:
    huge = {"resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/p"}}
    huge |= {"code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}, "effectiveDateTime": "2026-11-24"}
    huge |= {"valueQuantity": {"value": float(size), "unit": "degF", "code": "[degF]"}}
    assert status_of(ask(client, [person(), sciatica(), huge]), "body-temperature") == "unknown"


def test_the_words_of_a_degraded_allergy_entry_still_name_the_drug(client: FlaskClient) -> None:
    entry = coded("AllergyIntolerance", (SNOMED, "196461000000101", "Transfer-degraded drug allergy"), text="Ibuprofen")
    assert status_of(signing(client, entry), "nsaid-allergy") == "present"


def test_heart_failure_in_a_german_code_gets_no_nsaid_suggested(client: FlaskClient) -> None:
    failing = coded("Condition", (GM, "I50.14", "Linksherzinsuffizienz: Mit Beschwerden in Ruhe"))
    healthy = visiting(client, NO_ALLERGY)
    answered = visiting(client, NO_ALLERGY, failing)
    assert status_of(answered, "nsaid-contraindicated") == "present"
    assert not drugs_suggested(answered) & {"ibuprofen", "naproxen"}
    assert status_of(healthy, "nsaid-contraindicated") != "present"


HEART_FAILURE_AS_IT_MAY_ARRIVE = [
    {"coding": [{"system": "urn:oid:1.2.3.4", "code": "X1"}]},
    {"coding": [{"system": "urn:oid:1.2.3.4", "code": "X1", "display": "Kardiale Dekompensation"}]},
    {"coding": [{"system": "http://hl7.org/fhir/sid/icpc-2", "code": "K77"}]},
    {"coding": [{"system": "http://id.who.int/icd/release/11/mms", "code": "BD10"}]},
    {"text": "Insuffisance ventriculaire gauche décompensée"},
]


@pytest.mark.parametrize("code", HEART_FAILURE_AS_IT_MAY_ARRIVE)
def test_no_drug_is_suggested_beside_a_problem_that_was_not_recognised_and_the_answer_says_why(
    client: FlaskClient, code: Json
) -> None:
    subject = {"reference": "Patient/p1"}
    chart = [
        {"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": "1981-05-01"},
        {
            "resourceType": "Condition",
            "id": "c1",
            "subject": subject,
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "onsetDateTime": "2026-11-20",
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.31"}]},
        },
        {"resourceType": "Condition", "id": "c2", "subject": subject, "code": code},
    ]

    def told(resources: list[Json]) -> Json:
        path = "/evaluate?hook=patient-view&now=2026-11-28T12:00:00Z&complete=all"
        answer: Json = client.post(path, json=resources).get_json()
        return answer

    def drugs(answer: Json) -> list[str]:
        actions = [a for card in answer["cards"] for s in card.get("suggestions", []) for a in s["actions"]]
        orders = [a for a in actions if a.get("resource", {}).get("resourceType") == "MedicationRequest"]
        return [order["description"] for order in orders]

    assert drugs(told(chart[:2])), "without the unread problem a drug is suggested, or this test shows nothing"
    unread = told(chart)
    assert drugs(unread) == []
    assert "not recognised" in json.dumps(unread["cards"])


@pytest.mark.parametrize(
    ("question", "answer", "status"),
    [
        ("New numbness between the legs?", True, "present"),
        ("New numbness between the legs?", False, "unknown"),
        ("Is the feeling between your legs normal, without numbness in the groin?", True, "unknown"),
        ("Numbness between the toes?", True, "unknown"),
    ],
)
def test_a_question_under_an_unknown_link_is_read_by_its_words(
    client: FlaskClient, question: str, answer: bool, status: str
) -> None:
    item = {"linkId": "1", "text": question, "answer": [{"valueBoolean": answer}]}
    form = {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "authored": "2026-11-23"}
    form |= {"subject": {"reference": "Patient/p"}, "item": [item]}
    answered = ask(client, [person(), sciatica(), form])
    assert status_of(answered, "saddle-numbness-new") == status
    assert ("critical" in {card["indicator"] for card in answered["cards"]}) is (status == "present")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"status": "completed", "effectiveDateTime": "2026-11-23T20:00:00Z"}, "unknown"),
        ({"status": "completed", "effectivePeriod": {"start": "2026-11-23"}}, "unknown"),
        ({"status": "completed"}, "unknown"),
        ({"status": "completed", "effectiveDateTime": "2026-10-23T20:00:00Z"}, "absent"),
        ({"status": "not-done", "effectiveDateTime": "2026-11-23T20:00:00Z"}, "absent"),
    ],
)
def test_a_drug_given_in_the_past_days_may_still_be_given(client: FlaskClient, given: Json, status: str) -> None:
    dose = {"resourceType": "MedicationAdministration", "id": "a1", "subject": {"reference": "Patient/p"}}
    dose |= {"medicationCodeableConcept": {"text": "enoxaparin 40 mg"}}
    chart = [person(), sciatica(), NO_ALLERGY, dose | given]
    answered = ask(client, [*chart, ordered(*IBUPROFEN)], "order-sign", complete="all")
    assert status_of(answered, "anticoagulant-active") == status
    assert ("enoxaparin" in str(answered["cards"])) is (status == "unknown")


def test_a_question_of_ours_is_read_by_its_own_words_under_any_code(client: FlaskClient) -> None:
    sign = coded("Observation", ("urn:example:form", "q7", "Back stiff in the morning")) | {"status": "final"}
    sign |= {"effectiveDateTime": "2026-11-23", "valueBoolean": True}
    assert status_of(ask(client, [person(), sciatica(), sign]), "morning-stiffness") == "present"


OSTEOPOROSIS = coded("Observation", (LOCAL, "answer-osteoporosis", None)) | {"status": "final"}
OSTEOPOROSIS |= {"effectiveDateTime": "2026-11-20"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"valueBoolean": True}, "present"),
        ({"valueString": "yes, in both hips"}, "present"),
        ({"valueCodeableConcept": {"coding": [{"system": "urn:site", "code": "1", "display": "Yes"}]}}, "present"),
        ({"valueString": "ja"}, "present"),
        ({"valueString": "mild"}, "unknown"),
        ({"valueCodeableConcept": {"coding": [{"system": "urn:site", "code": "1"}]}}, "unknown"),
        ({}, "unknown"),
        ({"valueBoolean": True, "status": "preliminary"}, "unknown"),
        ({"valueBoolean": False}, "absent"),
    ],
)
def test_an_answer_that_cannot_be_read_is_no_no_beside_a_whole_problem_list(
    client: FlaskClient, answer: Json, status: str
) -> None:
    assert status_of(signing(client, NO_ALLERGY, OSTEOPOROSIS | answer), "osteoporosis") == status


def test_a_question_that_was_left_open_takes_nothing_from_the_problem_list(client: FlaskClient) -> None:
    form = {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "authored": "2026-11-23"}
    form |= {"subject": {"reference": "Patient/p"}, "item": [{"linkId": "answer-osteoporosis"}]}
    assert status_of(signing(client, NO_ALLERGY, form), "osteoporosis") == "absent"
    free = form | {"item": [{"linkId": "answer-osteoporosis", "answer": [{"valueString": "mild"}]}]}
    assert status_of(signing(client, NO_ALLERGY, free), "osteoporosis") == "unknown"


@pytest.mark.parametrize("status", ["in-progress", "stopped"])
def test_an_answer_of_a_form_that_is_not_finished_is_named_and_decides_nothing(
    client: FlaskClient, status: str
) -> None:
    form = {"resourceType": "QuestionnaireResponse", "id": "q1", "status": status, "authored": "2026-11-23"}
    numb = {"linkId": "answer-saddle", "text": "Numb between the legs", "answer": [{"valueBoolean": True}]}
    answered = ask(client, [person(), sciatica(), form | {"subject": {"reference": "Patient/p"}, "item": [numb]}])
    assert status_of(answered, "saddle-numbness-new") == "unknown"
    assert "saddle sensation (yes) not final" in answered["cards"][-1]["summary"]
    assert not [card for card in answered["cards"] if "first step" in card["summary"]]
    assert "Numb between the legs: yes on 2026-11-23" in answered["cards"][-1]["detail"]


def egfr(value: float, day: str | None, unit: str = "mL/min/{1.73_m2}", status: str = "final") -> Json:
    result = measured("98979-8", value, unit, day or "2026-11-20", status=status)
    return result if day else {name: result[name] for name in result if name != "effectiveDateTime"}


@pytest.mark.parametrize(
    ("newer", "said"),
    [
        (egfr(22, "2026-11-22", status="preliminary"), "Not final, not used: eGFR in the past 12 months (22 mL/min"),
        (egfr(22, "2026-11-22", unit="parsec"), "1 entry could not be read: Observation (eGFR in the past 12 months"),
        (egfr(22, None), "no date given, 22 mL/min"),
    ],
)
def test_a_newer_result_that_cannot_be_used_is_named_although_an_older_one_is_known(
    client: FlaskClient, newer: Json, said: str
) -> None:
    man = person("1964-01-01", "male")
    known = [man, sciatica(), NO_ALLERGY, egfr(70, "2026-10-01") | {"id": "older"}, ordered(*IBUPROFEN)]
    assert ask(client, known, "order-sign", complete="all")["cards"] == []
    answered = ask(client, [*known, newer], "order-sign", complete="all")
    assert status_of(answered, "egfr") == "present"
    assert said in str(answered["cards"])


def test_a_result_that_cannot_be_used_and_would_change_nothing_makes_no_card(client: FlaskClient) -> None:
    man = person("1964-01-01", "male")
    chart = [man, sciatica(), NO_ALLERGY, egfr(70, "2026-11-01"), egfr(22, "2026-09-01", unit="parsec")]
    chart.append(egfr(75, "2026-11-22", status="preliminary"))  # would raise no warning if it were final
    assert ask(client, [*chart, ordered(*IBUPROFEN)], "order-sign", complete="all")["cards"] == []


def test_a_form_of_a_loinc_panel_is_read_by_the_code_at_the_end_of_the_link(client: FlaskClient) -> None:
    form = {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "authored": "2026-11-23"}
    pain = {"linkId": "/71802-3/72514-3", "text": "Pain", "answer": [{"valueDecimal": 7}]}
    form |= {"subject": {"reference": "Patient/p"}, "item": [{"linkId": "/71802-3", "item": [pain]}]}
    assert value_of(ask(client, [person(), sciatica(), form]), "pain-score") == 7
    numbered = form | {"item": [pain | {"linkId": "4-3"}]}
    assert status_of(ask(client, [person(), sciatica(), numbered]), "pain-score") == "unknown"


def untold(entry: Json, status: str | list[str] | None) -> Json:
    without = {name: entry[name] for name in entry if name != "status"}
    return without if status is None else without | {"status": status}


@pytest.mark.parametrize("status", ["aktiv", "unknown", "on-hold", None, ["active"]])
def test_a_drug_whose_status_does_not_say_that_it_is_taken_counts_and_lifts_nothing(
    client: FlaskClient, status: str | list[str] | None
) -> None:
    old = person("1950-01-01", "male")
    chart = [old, sciatica(), NO_ALLERGY, drug("36437", "sertraline"), ordered(*IBUPROFEN)]
    ppi = drug("7646", "omeprazole 20 MG")
    unprotected = "sf-nsaid-gastroprotection"
    assert unprotected not in speaking(ask(client, [*chart, ppi], "order-sign", complete="all"))
    doubted = ask(client, [*chart, untold(ppi, status)], "order-sign", complete="all")
    assert status_of(doubted, "gastroprotection-active") == "unknown"
    assert unprotected in speaking(doubted)
    warned = ask(client, [*chart, untold(drug(*WARFARIN), status)], "order-sign", complete="all")
    assert "sf-nsaid-anticoagulant" in speaking(warned, "critical")


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (coded("Condition", text="CABG x3") | {"onsetDateTime": "2026-11-18"}, "present"),
        (coded("Condition", (SNOMED, "232717009", None)) | {"onsetDateTime": "2026-11-18"}, "present"),
        (coded("Condition", text="s/p coronary artery bypass") | {"recordedDate": "2026-11-18"}, "present"),
        (coded("Condition", text="History of CABG"), "unknown"),
        (coded("Condition", text="CABG") | {"onsetDateTime": "2019-11-18"}, "absent"),
        (coded("Condition", text="Family history of CABG"), "absent"),
    ],
)
def test_a_bypass_on_the_problem_list_is_a_bypass(client: FlaskClient, entry: Json, status: str) -> None:
    answered = signing(client, NO_ALLERGY, entry)
    assert status_of(answered, "cabg-14-days") == status
    assert ("sf-nsaid-cabg" in speaking(answered, "critical")) is (status == "present")
    assert "not recognised" not in str(answered["cards"])


LOW_RESULT = {name: value for name, value in egfr(22, None).items() if name != "subject"} | {"id": "r1"}
REPORT = {"resourceType": "DiagnosticReport", "id": "d1", "status": "final", "subject": {"reference": "Patient/p"}}
REPORT |= {"effectiveDateTime": "2026-11-20", "code": {"text": "Renal panel"}, "result": [{"reference": "#r1"}]}


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (REPORT | {"contained": [LOW_RESULT]}, "present"),
        (REPORT | {"contained": LOW_RESULT}, "present"),
        (REPORT | {"contained": [LOW_RESULT], "status": "entered-in-error"}, "unknown"),
        (REPORT | {"contained": [LOW_RESULT | {"subject": {"reference": "Patient/q"}}]}, "unknown"),
    ],
)
def test_a_result_within_a_report_is_read(client: FlaskClient, report: Json, status: str) -> None:
    man = person("1964-01-01", "male")
    answered = ask(client, [man, sciatica(), NO_ALLERGY, report, ordered(*IBUPROFEN)], "order-sign", complete="all")
    assert status_of(answered, "egfr") == status
    assert ("sf-nsaid-egfr-below-30" in speaking(answered, "critical")) is (status == "present")


def test_a_problem_within_a_visit_is_read_and_is_no_problem_list(client: FlaskClient) -> None:
    visit = {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"}}
    visit |= {"subject": {"reference": "Patient/p"}, "period": {"start": "2026-11-20", "end": "2026-11-20"}}
    visit |= {"contained": [{"resourceType": "Condition", "id": "c", "code": {"text": "Sciatica with heart failure"}}]}
    answered = ask(client, [person(), visit])
    assert status_of(answered, HEART) == "present"
    assert status_of(answered, "cauda-equina-diagnosed") == "unknown"


def test_what_stands_within_another_resource_and_is_not_read_is_named(client: FlaskClient) -> None:
    plan = {"resourceType": "CarePlan", "id": "cp", "status": "active", "subject": {"reference": "Patient/p"}}
    inner = drug(*WARFARIN)
    answered = ask(client, [person(), sciatica(), plan | {"contained": [inner]}], complete="all")
    assert "1 entry could not be read: MedicationRequest" in str(answered["cards"])
    assert status_of(answered, "anticoagulant-active") == "unknown"


@pytest.mark.parametrize(
    ("given", "percent"),
    [
        ({"valueQuantity": {"value": 62}}, 62),
        ({"valueQuantity": {"value": 62, "code": "{score}"}}, 62),
        ({"valueString": "20/50"}, 40),
        ({"valueInteger": 0}, 0),
        ({"valueQuantity": {"value": 50}}, None),
        ({"valueQuantity": {"value": 51}}, 51),
    ],
)
def test_an_oswestry_score_without_a_unit_is_read_where_it_can_only_be_one_thing(
    client: FlaskClient, given: Json, percent: int | None
) -> None:
    score = coded("Observation", ("http://loinc.org", "97909-6", None)) | {"status": "final"}
    answered = ask(client, [person(), sciatica(), score | {"effectiveDateTime": "2026-11-20"} | given])
    assert value_of(answered, "odi") == percent
    named = "Oswestry Disability Index: unit not given, 50, expected %" in str(answered["cards"])
    assert named is (percent is None)


@pytest.mark.parametrize(("status", "is_told"), [("provisional", True), ("differential", True), ("refuted", False)])
def test_a_problem_that_is_only_suspected_is_told_before_the_drug_it_would_forbid(
    client: FlaskClient, status: str, is_told: bool
) -> None:
    suspected = coded("Condition", (SNOMED, "84114007", "Heart failure")) | verified(status)
    answered = signing(client, NO_ALLERGY, suspected)
    told = "Not assessed: ibuprofen: Heart failure only suspected."
    assert (told in [card["summary"] for card in answered["cards"]]) is is_told


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Anti-inflammatories", "present"),
        ("No known drug allergies except ibuprofen", "present"),
        ("No known drug allergies", "absent"),
        ("Unknown", "unknown"),
        ("See note", "unknown"),
    ],
)
def test_words_of_an_allergy_that_name_a_class_an_exception_or_nothing(
    client: FlaskClient, text: str, status: str
) -> None:
    assert status_of(signing(client, coded("AllergyIntolerance", text=text)), "nsaid-allergy") == status


@pytest.mark.parametrize("text", ["NSTEMI 5 days ago", "recent MI", "STEMI, stented"])
def test_an_infarction_by_its_abbreviation_is_one(client: FlaskClient, text: str) -> None:
    answered = signing(client, NO_ALLERGY, coded("Condition", text=text) | {"onsetDateTime": "2026-11-18"})
    assert status_of(answered, "mi-30-days") == "present"
    assert "sf-nsaid-cvd-recent" in speaking(answered)


def test_a_drug_that_stands_within_a_list_is_named(client: FlaskClient) -> None:
    whole = {"resourceType": "List", "id": "l", "status": "current", "mode": "working"}
    whole |= {"subject": {"reference": "Patient/p"}, "contained": [drug(*WARFARIN)]}
    answered = signing(client, NO_ALLERGY, whole)
    assert "1 entry could not be read: MedicationRequest" in str(answered["cards"])


CPT = "http://www.ama-assn.org/go/cpt"
INJECTIONS = [
    {"coding": [{"system": CPT, "code": "62323", "display": "NJX DX/THER SBST INTRLMNR LMBR/SAC W/IMG GDN"}]},
    {"coding": [{"system": CPT, "code": "62323"}], "text": "Pain procedure"},
    {"coding": [{"system": CPT, "code": "64483"}], "text": "Wurzelblockade"},
    {"text": "SNRB L5"},
    {"text": "PRT L5 links"},
    {"text": "Neuraxial steroid"},
    {"text": "Racz procedure"},
]
OTHER_ORDERS = [
    {"coding": [{"system": CPT, "code": "85025"}], "text": "CBC with differential"},
    {"coding": [{"system": CPT, "code": "93000", "display": "Electrocardiogram, routine"}]},
    {"coding": [{"system": SNOMED, "code": "73761001", "display": "Colonoscopy"}]},
    {"text": "Chest X-ray"},
    {"text": "CXR"},
]


def answer_to_order_beside_warfarin(client: FlaskClient, code: Json) -> Json:
    order = {"resourceType": "ServiceRequest", "id": "o", "status": "draft", "intent": "order", "code": code}
    order |= {"subject": {"reference": "Patient/p"}, "reasonCode": [{"text": "Sciatica"}]}
    chart = [person(), sciatica(), drug(*WARFARIN), NO_ALLERGY, order]
    return ask(client, chart, "order-sign", complete="all")


@pytest.mark.parametrize("code", INJECTIONS, ids=lambda code: str(code.get("text") or code["coding"][0]["display"]))
def test_an_order_of_an_injection_in_short_forms_or_beside_a_code_that_is_switched_off_is_named(
    client: FlaskClient, code: Json
) -> None:
    answer = answer_to_order_beside_warfarin(client, code)
    assert status_of(answer, "epidural-ordered") == "unknown"
    words = code.get("text") or code["coding"][0]["display"]
    assert words[:8] in str([card["summary"] for card in answer["cards"]])


@pytest.mark.parametrize("code", OTHER_ORDERS, ids=lambda code: str(code.get("text") or code["coding"][0]["display"]))
def test_an_order_of_something_else_beside_the_same_codes_brings_no_card(client: FlaskClient, code: Json) -> None:
    answer = answer_to_order_beside_warfarin(client, code)
    assert status_of(answer, "epidural-ordered") == "absent"
    assert answer["cards"] == []


def document(section: Json, *entries: Json) -> list[Json]:
    """A document of somebody with sciatica whose Composition has one section of allergies."""
    loinc = {"coding": [{"system": "http://loinc.org", "code": "48765-2"}]}
    composition = {"resourceType": "Composition", "subject": {"reference": "Patient/p"}}
    composition |= {"section": [{"title": "Allergies", "code": loinc, **section}]}
    return [composition, person(), sciatica(), *entries, ordered(*IBUPROFEN)]


def empty_for(reason: str) -> Json:
    return {"emptyReason": {"coding": [{"code": reason}]}}


@pytest.mark.parametrize(
    ("section", "status"),
    [
        ({"entry": [{"reference": "AllergyIntolerance/n1"}]}, "absent"),
        ({"entry": [{"reference": "https://ehr.example/fhir/AllergyIntolerance/n1/_history/2"}]}, "absent"),
        ({"entry": [{"reference": "AllergyIntolerance/gone"}]}, "unknown"),
        ({"entry": [{"reference": "urn:uuid:9d0f9d24-0000-4000-8000-000000000000"}]}, "unknown"),
        ({"section": [{"entry": [{"reference": "AllergyIntolerance/gone"}]}]}, "unknown"),
        (empty_for("nilknown"), "absent"),
        (empty_for("withheld"), "unknown"),
        (empty_for("notasked"), "unknown"),
        ({"text": {"status": "generated", "div": "<div>Pollen</div>"}}, "absent"),
        ({"text": {"status": "additional", "div": "<div>Ibuprofen: anaphylaxis</div>"}}, "unknown"),
    ],
)
def test_a_document_whose_section_tells_more_than_its_entries_proves_nothing_by_silence(
    client: FlaskClient, section: Json, status: str
) -> None:
    pollen = coded("AllergyIntolerance", text="Pollen")
    answer = ask(client, document(section, pollen), "order-sign", complete="all")
    assert status_of(answer, "nsaid-allergy") == status


def test_words_beyond_the_entries_of_a_section_are_named_on_a_card(client: FlaskClient) -> None:
    section = {"text": {"status": "additional", "div": "<div>Ibuprofen: anaphylaxis</div>"}}
    answer = ask(client, document(section, coded("AllergyIntolerance", text="Pollen")), "order-sign", complete="all")
    assert "could not be read: AllergyIntolerance" in str([card["summary"] for card in answer["cards"]])


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("yes", "present"),
        ("Yes.", "present"),
        ("yes, except bladder", "unknown"),
        ("Yes (numb saddle)", "unknown"),
        ("yes; foot drop", "unknown"),
    ],
)
def test_a_red_flag_screen_is_clean_by_a_bare_yes_only(client: FlaskClient, answer: str, status: str) -> None:
    screen = coded("Observation", ("urn:sciatica-cds:code", "answer-red-flag-screen-negative", None))
    screen |= {"status": "final", "valueString": answer, "effectiveDateTime": "2026-11-23"}
    del screen["clinicalStatus"]
    told = visiting(client, screen)
    assert status_of(told, "red-flag-screen-negative") == status
    assert status_of(told, "saddle-numbness-new") == ("absent" if status == "present" else "unknown")


REPORTED = {"intent": "plan", "reportedBoolean": True}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (REPORTED, "present"),
        ({"intent": "plan", "reportedReference": {"reference": "Practitioner/1"}}, "present"),
        ({"intent": "plan", "reportedBoolean": False}, "unknown"),
        ({"intent": "plan"}, "unknown"),
        (REPORTED | {"status": "stopped"}, "absent"),
        (REPORTED | {"intent": "proposal", "reportedBoolean": False}, "absent"),
    ],
)
def test_a_drug_of_which_the_patient_told_is_taken_and_one_that_is_only_planned_is_named(
    client: FlaskClient, content: Json, status: str
) -> None:
    warfarin = drug(*WARFARIN) | content
    told = signing(client, NO_ALLERGY, warfarin)
    assert status_of(told, "anticoagulant-active") == status
    summaries = str([card["summary"] for card in told["cards"]])
    assert {"present": "bleeding", "unknown": "may still be taken", "absent": "["}[status] in summaries


@pytest.mark.parametrize("words", ["H/O heart failure", "Hx CHF", "History of congestive heart failure"])
def test_what_does_not_end_is_there_though_the_words_call_it_history(client: FlaskClient, words: str) -> None:
    assert status_of(signing(client, NO_ALLERGY, coded("Condition", text=words)), HEART) == "present"
    over = coded("Condition", text=words) | verified("refuted")
    assert status_of(signing(client, NO_ALLERGY, over), HEART) != "present"


@pytest.mark.parametrize("words", ["AERD", "Samter's triad", "Bextra", "Pepto-Bismol"])
def test_a_reaction_to_an_nsaid_by_its_other_names_is_one(client: FlaskClient, words: str) -> None:
    assert status_of(signing(client, coded("AllergyIntolerance", text=words)), "nsaid-allergy") == "present"


@pytest.mark.parametrize("words", ["Samteria", "Heart failure", "Asthma and nothing else"])
def test_words_that_name_a_problem_do_not_make_an_allergy_read(client: FlaskClient, words: str) -> None:
    assert status_of(signing(client, coded("AllergyIntolerance", text=words)), "nsaid-allergy") != "absent"


@pytest.mark.parametrize(
    "words", ["Glaucoma suspect", "Hernia repair", "Chronic pain syndrome", "Chest pain, non-cardiac", "Scoliosis"]
)
def test_an_ordinary_problem_in_words_costs_no_card(client: FlaskClient, words: str) -> None:
    assert "not recognised" not in str(signing(client, NO_ALLERGY, coded("Condition", text=words))["cards"])


READ_BY_CODE = [
    ((GM, "M54.3", "Ischialgie"), "Ischialgie rechts"),
    ((GM, "I10.90", None), "Hypertonie"),
    ((WHO, "I50.1", None), "Linksherzinsuffizienz NYHA II"),
    ((SNOMED, "722200003", "Duodenal ulcer caused by non-steroidal anti-inflammatory drug"), None),
]


@pytest.mark.parametrize(("code", "text"), READ_BY_CODE)
def test_a_problem_that_its_code_tells_is_not_named_as_not_recognised(
    client: FlaskClient, code: tuple[str, str, str | None], text: str | None
) -> None:
    answer = signing(client, NO_ALLERGY, coded("Condition", code, text=text))
    assert "not recognised" not in str(answer["cards"])


def test_what_an_mri_asks_for_first_is_said_of_the_mri_and_not_of_the_drug_beside_it(client: FlaskClient) -> None:
    image = {"resourceType": "ServiceRequest", "id": "o", "status": "draft", "intent": "order"}
    image |= {"subject": {"reference": "Patient/p"}, "code": {"text": "MRI lumbar spine"}}
    acetaminophen = ordered("313782", "acetaminophen 325 MG Oral Tablet")
    answer = ask(client, [person(), sciatica(), NO_ALLERGY, acetaminophen, image], "order-sign", complete="all")
    summary = next(card["summary"] for card in answer["cards"] if card["summary"].startswith("Not assessed"))
    assert "MRI lumbar spine: implanted devices" in summary
    assert "cetaminophen" not in summary


@pytest.mark.parametrize(
    ("value", "rule", "words"),
    [
        ({"value": 60, "comparator": "<"}, "sf-nsaid-egfr-below-60-no-number", "may be below 30"),
        ({"value": 30, "comparator": "<="}, "sf-nsaid-egfr-below-60-no-number", "may be below 30"),
        ({"value": 30, "comparator": "<"}, "sf-nsaid-egfr-below-30", "avoid NSAIDs"),
        ({"value": 45}, "sf-nsaid-egfr-30-59", "short course only"),
    ],
)
def test_an_egfr_told_as_a_limit_only_speaks_by_what_it_may_be(
    client: FlaskClient, value: Json, rule: str, words: str
) -> None:
    result = measured("98979-8", 45, "mL/min/{1.73_m2}", "2026-11-20")
    result["valueQuantity"] = value | {key: result["valueQuantity"][key] for key in ("unit", "system", "code")}
    answer = signing(client, NO_ALLERGY, result)
    assert rule in speaking(answer)
    assert words in answer["cards"][0]["summary"]


def entering(client: FlaskClient, hook: str, known: list[Json], **context: Json) -> str:
    """The summaries of the cards while something is being entered; somebody has these problems and takes ibuprofen."""
    body = {
        "hook": hook,
        "hookInstance": "5f0a4bde-1fbb-4e1f-9c1e-0d6f7f3a9b11",
        "context": {"userId": "Practitioner/1", "patientId": "p", **context},
        "prefetch": {
            "patient": person(),
            "conditions": {"resourceType": "Bundle", "entry": [{"resource": one} for one in known]},
            "medications": {"resourceType": "Bundle", "entry": [{"resource": drug(*IBUPROFEN)}]},
            "allergies": {"resourceType": "Bundle", "total": 0},
        },
    }
    answer = client.post(f"/cds-services/sciatica-{hook}", json=body)
    assert answer.status_code == 200, answer.get_json()
    return str([card["summary"] for card in answer.get_json()["cards"]])


@pytest.mark.parametrize("text", ["Allergie aux AINS", "Zorblaxin"])
def test_an_allergy_that_is_being_entered_and_was_not_recognised_is_named(client: FlaskClient, text: str) -> None:
    entered = coded("AllergyIntolerance", text=text)
    said = entering(client, "allergyintolerance-create", [sciatica()], allergyIntolerance=entered)
    assert f"{text} not recognised" in said


@pytest.mark.parametrize("known", [[sciatica()], []])
@pytest.mark.parametrize(
    ("entered", "words"),
    [
        (coded("Condition", text="Zorblax"), "Zorblax not recognised"),
        (coded("Condition", ("urn:x", "1", None)), "1 not recognised"),
        (coded("Condition"), "Condition not recognised"),
        (coded("Condition", text="Ingrown toenail"), None),
    ],
)
def test_a_problem_that_is_being_entered_and_was_not_recognised_is_named(
    client: FlaskClient, known: list[Json], entered: Json, words: str | None
) -> None:
    said = entering(client, "problem-list-item-create", known, conditions=entered)
    assert words in said if words else "not recognised" not in said


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("meta", "is_critical"),
    [
        (({}, {"lastUpdated": "2020-01-01T00:00:00Z"}), True),
        (({}, {}), True),
        (({"versionId": "1"}, {"versionId": "2"}), False),
        (({"lastUpdated": "2025-01-01T00:00:00Z"}, {"lastUpdated": "2026-01-01T00:00:00Z"}), False),
    ],
)
def test_of_two_versions_the_one_that_warns_is_set_aside_only_where_the_other_is_known_to_be_newer(
    client: FlaskClient, meta: tuple[Json, Json], is_critical: bool, turned: bool
) -> None:
    failure = coded("Condition", ("http://hl7.org/fhir/sid/icd-10-cm", "I50.9", None))
    versions = [failure | {"meta": meta[0]}, failure | verified("refuted") | {"meta": meta[1]}]
    answer = signing(client, NO_ALLERGY, *(reversed(versions) if turned else versions))
    assert bool(speaking(answer, "critical")) is is_critical


@pytest.mark.parametrize(
    ("conclusion", "is_imaged"),
    [
        ("Study aborted, claustrophobia. Non-diagnostic.", False),
        ("Patient unable to tolerate the scan.", False),
        ("Untersuchung abgebrochen.", False),
        ("Disc herniation L5/S1.", True),
    ],
)
def test_a_study_that_shows_nothing_is_no_imaging_before_an_epidural(
    client: FlaskClient, conclusion: str, is_imaged: bool
) -> None:
    epidural = {"resourceType": "ServiceRequest", "id": "o", "status": "draft", "intent": "order"}
    epidural |= {"subject": {"reference": "Patient/p"}, "code": {"text": "Lumbar epidural steroid injection"}}
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "conclusion": conclusion}
    report |= {"subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-11-20"}
    report |= {"code": {"text": "MRI lumbar spine"}}
    answer = ask(client, [person(), sciatica(), epidural, report], "order-sign", complete="all")
    assert ("oc-esi-no-imaging" not in speaking(answer)) is is_imaged


def test_a_dose_whose_number_may_be_a_thousand_times_more_is_not_read(client: FlaskClient) -> None:
    dosage = [{"text": "", "doseAndRate": [{"doseQuantity": {"value": "1.600", "unit": "mg"}}]}]
    order = ordered(*IBUPROFEN, dosageInstruction=dosage)
    answer = ask(client, [person(), sciatica(), order], "order-sign", complete="all")
    assert "1 entry could not be read: MedicationRequest" in str(answer["cards"])


@pytest.mark.parametrize("mark", ["(HCC)", "(CMS/HCC)", "(*)(HCC)"])
def test_a_billing_mark_is_no_cancer_and_hides_no_problem(client: FlaskClient, mark: str) -> None:
    """Epic appends it to every diagnosis that Medicare pays for; alone it is the hepatocellular carcinoma."""
    obese, failing = (coded("Condition", text=f"{text} {mark}") for text in ("Obesity", "Chronic heart failure"))
    answered = signing(client, NO_ALLERGY, obese)
    assert status_of(answered, "cancer-history") == "absent"
    assert speaking(answered) == speaking(signing(client, NO_ALLERGY, coded("Condition", text="Obesity")))
    told = signing(client, NO_ALLERGY, failing)
    assert status_of(told, HEART) == "present"
    assert mark not in json.dumps(told["cards"])
    assert status_of(signing(client, NO_ALLERGY, coded("Condition", text="HCC")), "cancer-history") == "present"


@pytest.mark.parametrize("subject", ["Group/1", "RelatedPerson/1", "Device/1"])
def test_an_order_or_a_result_of_no_patient_is_named(client: FlaskClient, subject: str) -> None:
    other = {"subject": {"reference": subject}}
    answered = ask(client, [person(), sciatica(), ordered(*IBUPROFEN) | other], "order-sign", complete="all")
    assert "1 of 1 order could not be checked" in str(answered["cards"])
    result = measured("98979-8", 25, "mL/min/{1.73_m2}", "2026-11-20") | other
    assert "1 entry could not be read: Observation" in str(signing(client, result)["cards"])


def test_a_result_about_a_device_or_a_fetus_of_the_patient_is_not_missed(client: FlaskClient) -> None:
    result = measured("98979-8", 25, "mL/min/{1.73_m2}", "2026-11-20") | {"focus": [{"reference": "Device/1"}]}
    assert "could not be read" not in str(signing(client, result)["cards"])


BACK_PROBLEMS = [
    ("M54.50", "Low back pain", "2026-11-14"),
    ("M54.50", "Low back pain", "2026-05-01"),
    ("M62.830", "Muscle spasm of back", "2026-11-20"),
    ("M48.061", "Lumbar spinal stenosis", "2025-11-01"),
    ("M51.26", "Lumbar disc herniation", "2026-11-01"),
]


@pytest.mark.parametrize("back", BACK_PROBLEMS)
@pytest.mark.parametrize("text", ["Zorblax disease", "Hartinfarkt en beroerte", "???"])
def test_a_problem_that_was_not_recognised_is_named_at_the_visit_whatever_the_back_problem(
    client: FlaskClient, back: tuple[str, str, str], text: str
) -> None:
    answer = ask(client, [person(), problem(*back), coded("Condition", text=text)], complete="all")
    assert text.strip("?") in str(answer["cards"])
    assert "not recognised" in str(answer["cards"])


def test_a_problem_that_was_not_recognised_is_named_once_at_the_visit_and_to_nobody_without_a_back_problem(
    client: FlaskClient,
) -> None:
    unread = coded("Condition", text="Zorblax disease")
    named = ask(client, [person(), problem(*BACK_PROBLEMS[0]), unread], complete="all")
    assert sum("Zorblax" in card["detail"] for card in named["cards"]) == 1
    assert not ask(client, [person(), unread], complete="all")["cards"]


def within(kind: str, **content: Any) -> Json:
    return {"resourceType": kind, **content}


FAILING = coded("Condition", ("http://hl7.org/fhir/sid/icd-10-cm", "I50.9", "Heart failure, unspecified"))


def test_a_resource_in_parameters_is_read(client: FlaskClient) -> None:
    parts = [{"name": "return", "resource": FAILING}]
    assert status_of(signing(client, within("Parameters", parameter=parts)), HEART) == "present"
    nested = within("Parameters", parameter=[{"name": "patient", "part": parts}])
    assert status_of(signing(client, nested), HEART) == "present"
    order = ordered(*IBUPROFEN)
    wrapped = within("Parameters", parameter=[{"name": "order", "resource": order}])
    assert speaking(ask(client, [person(), sciatica(), FAILING, wrapped], "order-sign"), "critical")


@pytest.mark.parametrize(
    "holder",
    [
        within("Provenance", contained=[FAILING]),
        within("Binary", contentType="application/fhir+json", data="e30="),
        within("Composition", section=[{"text": {"div": "<div><p>Heart failure</p></div>"}}]),
        within("DocumentReference", status="current", content=[{"attachment": {"title": "Heart failure clinic"}}]),
    ],
)
def test_a_problem_in_a_wrapper_that_is_not_opened_is_never_absent(client: FlaskClient, holder: Json) -> None:
    answered = signing(client, NO_ALLERGY, holder)
    assert status_of(answered, HEART) == "unknown"
    assert answered["cards"]


@pytest.mark.parametrize(
    "holder",
    [
        within("Provenance", contained=[ordered(*IBUPROFEN)]),
        within("List", status="current", mode="working", contained=[ordered(*IBUPROFEN)]),
        within("Binary", contentType="application/fhir+json", data="e30="),
    ],
)
def test_an_order_in_a_wrapper_could_not_be_checked(client: FlaskClient, holder: Json) -> None:
    answered = ask(client, [person(), sciatica(), holder], "order-sign", complete="all")
    assert "1 of 1 order could not be checked" in str(answered["cards"])


@pytest.mark.parametrize(
    "beside",
    [
        within("Binary", contentType="application/pdf", data="e30="),
        within("ExplanationOfBenefit", contained=[ordered(*IBUPROFEN)]),
        within("Composition", section=[{"text": {"div": "<div>No known problems</div>"}}]),
    ],
)
def test_papers_and_bills_leave_a_list_whole(client: FlaskClient, beside: Json) -> None:
    assert status_of(signing(client, NO_ALLERGY, beside), HEART) == "absent"


NO_KNOWN_ALLERGY = (SNOMED, "716186003", "No known allergy")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (coded("AllergyIntolerance", NO_KNOWN_ALLERGY), "absent"),
        (coded("AllergyIntolerance", NO_KNOWN_ALLERGY) | verified("refuted"), "unknown"),
        (coded("AllergyIntolerance", NO_KNOWN_ALLERGY) | RESOLVED, "unknown"),
        (coded("AllergyIntolerance", (SNOMED, "1003774007", "No known Hevea brasiliensis latex allergy")), "unknown"),
        (coded("AllergyIntolerance", text="No known penicillin allergy"), "unknown"),
        (coded("AllergyIntolerance", text="No known drug allergies"), "absent"),
        (coded("AllergyIntolerance", text="Latex"), "absent"),
    ],
)
def test_a_denial_that_was_taken_back_or_denies_one_thing_alone_is_no_full_no(
    client: FlaskClient, entry: Json, expected: str
) -> None:
    answer = signing(client, entry)
    assert status_of(answer, "nsaid-allergy") == expected
    assert ("not recognised" in str(answer["cards"])) is (expected == "unknown")


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("I97.131", HEART),
        ("S06.5X0A", "intracranial-bleed"),
        ("N99.0", "acute-kidney-injury"),
        ("K22.11", "gi-bleed-active"),
        ("K91.840", "gi-bleed-active"),
        ("D75.829", "bleeding-disorder"),
        ("I78.0", "bleeding-disorder"),
    ],
)
def test_a_danger_after_an_operation_or_an_injury_is_read_by_its_code_alone(
    client: FlaskClient, code: str, finding: str
) -> None:
    answer = signing(client, NO_ALLERGY, coded("Condition", (CM, code, None)) | {"onsetDateTime": "2026-11-20"})
    findings = answer["extension"]["sciatica-cds.decision"]["findings"]
    assert any(finding in item["name"] for item in findings if item["status"] == "present")


def test_a_creatinine_that_is_not_final_is_named_beside_an_older_egfr(client: FlaskClient) -> None:
    egfr = measured("98979-8", 90, "mL/min/{1.73_m2}", "2026-11-14")
    newer = measured("2160-0", 4.2, "mg/dL", "2026-11-23")
    waiting = signing(client, NO_ALLERGY, egfr, newer | {"status": "preliminary"})
    assert "creatinine 4.2 mg/dL on 2026-11-23" in str(waiting["cards"])
    good = signing(client, NO_ALLERGY, egfr, measured("2160-0", 0.8, "mg/dL", "2026-11-23") | {"status": "preliminary"})
    assert "not final" not in str([card["summary"] for card in good["cards"]])


PENICILLIN = coded("AllergyIntolerance", (RXNORM, "7980", "penicillin G"), text="Penicillin", name="al1")


@pytest.mark.parametrize(
    "beside",
    [
        {"note": [{"text": "also reacts to ibuprofen (anaphylaxis)"}]},
        {"note": [{"text": "Rash. NSAIDs: angioedema"}]},
        {"reaction": [{"manifestation": [{"text": "Bronchospasm with aspirin"}]}]},
        {"reaction": [{"description": "Also urticaria after naproxen", "manifestation": [{"text": "Hives"}]}]},
        {"reaction": [{"note": [{"text": "same with ibuprofen"}]}]},
    ],
)
def test_another_drug_in_the_words_of_an_allergy_is_named(client: FlaskClient, beside: Json) -> None:
    answered = signing(client, PENICILLIN | beside)
    assert status_of(answered, "nsaid-allergy") == "unknown"
    assert "not recognised" in str(answered["cards"])


@pytest.mark.parametrize(
    "beside",
    [
        {"note": [{"text": "tolerates ibuprofen"}]},
        {"note": [{"text": "also amoxicillin and warfarin"}]},
        {"reaction": [{"manifestation": [{"text": "Anaphylaxis"}], "description": "gastrointestinal bleeding"}]},
    ],
)
def test_what_else_an_allergy_tells_leaves_the_list_whole(client: FlaskClient, beside: Json) -> None:
    assert status_of(signing(client, PENICILLIN | beside), "nsaid-allergy") == "absent"


def test_an_allergy_that_names_its_own_drug_once_more_is_read(client: FlaskClient) -> None:
    naproxen = coded("AllergyIntolerance", (RXNORM, "7258", "naproxen"), text="Aleve", name="al1")
    answered = signing(client, naproxen | {"note": [{"text": "hives after naproxen"}]})
    assert status_of(answered, "nsaid-allergy") == "present"
    assert "not recognised" not in str(answered["cards"])


def test_a_section_entry_in_words_alone_leaves_its_list_unanswered(client: FlaskClient) -> None:
    problems = {"coding": [{"system": "http://loinc.org", "code": "11450-4"}]}
    document = within("Composition", section=[{"code": problems, "entry": [{"display": "Heart failure"}]}])
    answered = signing(client, NO_ALLERGY, document)
    assert status_of(answered, HEART) == "unknown"
    assert "1 entry could not be read" in str(answered["cards"])


@pytest.mark.parametrize(
    "taken_back", [verified("refuted"), RESOLVED, {"clinicalStatus": {"coding": [{"code": "inactive"}]}}]
)
def test_no_known_allergy_that_was_taken_back_is_no_answer(client: FlaskClient, taken_back: Json) -> None:
    answered = signing(client, NO_ALLERGY | taken_back)
    assert status_of(answered, "nsaid-allergy") == "unknown"
    what_was_found = signing(client, NO_ALLERGY | taken_back, PENICILLIN)
    assert status_of(what_was_found, "nsaid-allergy") == "absent"


@pytest.mark.parametrize(
    "text",
    ["Carcinoma in situ of prostate (disorder)", "Ductal carcinoma in situ of left breast", "DCIS", "Bowen's disease"],
)
def test_a_carcinoma_in_situ_is_understood_and_is_no_cancer_that_spreads(client: FlaskClient, text: str) -> None:
    answered = visiting(client, problem_in_words(text))
    assert status_of(answered, "problems-not-read") == "absent"
    assert status_of(answered, "cancer-history") == "absent"


@pytest.mark.parametrize(
    "text", ["Carcinoma of prostate", "Carcinoma in situ of prostate, now invasive", "DCIS with bone metastases"]
)
def test_words_beside_a_carcinoma_in_situ_that_say_more_are_not_set_aside(client: FlaskClient, text: str) -> None:
    assert status_of(visiting(client, problem_in_words(text)), "cancer-history") != "absent"
