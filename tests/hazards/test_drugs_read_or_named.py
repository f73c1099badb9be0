"""A drug that was read by half, or not at all, never makes a danger absent; one that was taken is seen (H-02, H-12)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, details, signing, speaking, status_of, visiting
from tests.hazards.charts import Json, drug_in_words, person, problem, sciatica

ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SUPPLY = {"dispenseRequest": {"expectedSupplyDuration": {"value": 28, "unit": "days", "code": "d"}}}


def taken(concept: Json, status: str = "active", **more: object) -> Json:
    """An order of a drug on the list."""
    whose = {"subject": {"reference": "Patient/p"}, "intent": "order", "status": status}
    return {"resourceType": "MedicationRequest", "id": "mx", "medicationCodeableConcept": concept, **whose, **more}


@pytest.mark.parametrize(
    ("concept", "finding", "expected"),
    [
        ({"text": "xyzolin 100 mg / paracetamol 325 mg"}, "anticoagulant-active", "unknown"),
        ({"text": "xyzolin 100 mg / paracetamol 325 mg"}, "acetaminophen-active", "present"),
        ({"coding": [{"system": RXNORM, "code": "861007"}], "text": "metFORMIN"}, "anticoagulant-active", "absent"),
        (
            {"coding": [{"system": ATC, "code": "C03AA01", "display": "Bendroflumethiazide"}]},
            "diuretic-active",
            "present",
        ),
        ({"coding": [{"system": ATC, "code": "S01BC11", "display": "bromfenac"}]}, "nsaid-active", "absent"),
        ({"text": "Voltaren Emulgel"}, "nsaid-active", "absent"),
        ({"text": "Marcoumar 3 mg"}, "anticoagulant-active", "present"),
        ({"text": "aspirin"}, "aspirin-analgesic-active", "unknown"),
    ],
)
def test_a_drug_on_the_list_is_read_or_leaves_the_question_open(
    client: FlaskClient, concept: Json, finding: str, expected: str
) -> None:
    assert status_of(signing(client, taken(concept)), finding) == expected


def test_a_drug_that_was_not_read_is_named_on_a_card(client: FlaskClient) -> None:
    answered = signing(client, taken({"text": "xyzolin 10 mg"}))
    assert "xyzolin" in str([card["summary"] + card["detail"] for card in answered["cards"]])


def test_the_same_nsaid_in_a_combination_is_a_duplicate(client: FlaskClient) -> None:
    answered = signing(client, taken({"text": "Hydrocodone bitartrate 10 mg and ibuprofen 200 mg oral tablet"}))
    assert "oc-duplicate-nsaid" in speaking(answered, "critical")


def test_a_prescription_completed_yesterday_with_supply_for_weeks_is_being_taken(client: FlaskClient) -> None:
    warfarin = taken({"text": "warfarin 5 mg tablet"}, "completed", authoredOn="2026-11-23", **SUPPLY)
    assert status_of(signing(client, warfarin), "anticoagulant-active") == "present"


def test_no_card_calls_two_drugs_safe_while_the_third_may_be_on_the_list(client: FlaskClient) -> None:
    lisinopril = {**taken({"text": "lisinopril 10 mg"}), "id": "m1"}
    answered = signing(client, lisinopril, taken({"text": "xyzolin 5 mg"}))
    assert "showed no rise" not in str(answered["cards"])


@pytest.mark.parametrize(
    "system", ["https://dmd.nhs.uk", "http://snomed.info/sct", "http://hl7.org/fhir/NamingSystem/ca-hc-din"]
)
def test_a_product_code_of_another_country_is_read_by_its_words_or_named(client: FlaskClient, system: str) -> None:
    code = "319735007"
    named = taken({"coding": [{"system": system, "code": code, "display": "Warfarin 5mg tablets"}]})
    assert "sf-nsaid-anticoagulant" in speaking(signing(client, named), "critical")
    bare = signing(client, taken({"coding": [{"system": system, "code": code}]}))
    assert status_of(bare, "anticoagulant-active") == "unknown"
    assert f"Not recognised: {code}" in str(bare["cards"])


@pytest.mark.parametrize(("end", "indicator"), [("2027-01-01", "critical"), ("2026-11-01", None)])
def test_an_order_completed_at_issue_is_taken_until_the_end_of_its_dosage(
    client: FlaskClient, end: str, indicator: str | None
) -> None:
    repeat = {"boundsPeriod": {"start": "2026-06-01", "end": end}, "frequency": 1, "period": 1, "periodUnit": "d"}
    dosage = [{"timing": {"repeat": repeat}}]
    warfarin = taken({"text": "warfarin 5 mg"}, "completed", dosageInstruction=dosage, authoredOn="2026-06-01")
    answered = signing(client, warfarin)
    assert bool(speaking(answered, "critical")) is (indicator is not None)


def contained(name: str, *ingredients: Json) -> Json:
    """An order of a Medication within it, which has a name and a list of ingredients."""
    listed = [{"itemCodeableConcept": one} for one in ingredients]
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": name}, "ingredient": listed}
    order = taken({"text": name}, "draft") | {"medicationReference": {"reference": "#m"}, "contained": [medication]}
    order.pop("medicationCodeableConcept")
    return order


HEART_FAILURE = problem("I50.9", "Heart failure")
IN_IT = {"coding": [{"system": RXNORM, "code": "5640", "display": "ibuprofen"}]}


@pytest.mark.parametrize(
    ("ingredients", "is_critical"), [([], False), ([IN_IT], True), ([{"text": "paracetamol"}, IN_IT], True)]
)
def test_an_ingredient_listed_beside_a_plain_name_counts(
    client: FlaskClient, ingredients: list[Json], is_critical: bool
) -> None:
    order = contained("Paracetamol", *ingredients)
    answered = ask(client, [person(), sciatica(), HEART_FAILURE, order], "order-sign", complete="all")
    assert bool(speaking(answered, "critical")) is is_critical


def test_an_ingredient_listed_that_nobody_knows_may_be_any(client: FlaskClient) -> None:
    order = contained("Paracetamol", {"text": "paracetamol"}, {"text": "Zorblaxin"})
    answered = ask(client, [person(), sciatica(), HEART_FAILURE, order], "order-sign", complete="all")
    assert status_of(answered, "nsaid-ordered") == "unknown"
    assert "not recognised" in str(answered["cards"])


@pytest.mark.parametrize(
    ("text", "is_critical"),
    [
        ("Voltarol Emulgel 1.16%", False),
        ("Feldene gel", False),
        ("Voltarol 50 mg tablet", True),
        ("Voltarol", True),
        ("Advil Liqui-Gels", True),
        ("Aleve liquid gels", True),
    ],
)
def test_the_form_in_the_name_of_a_brand_tells_whether_it_stays_in_the_skin(
    client: FlaskClient, text: str, is_critical: bool
) -> None:
    order = taken({"text": text}, "draft")
    answered = ask(client, [person(), sciatica(), HEART_FAILURE, order], "order-sign", complete="all")
    assert bool(speaking(answered, "critical")) is is_critical


@pytest.mark.parametrize(
    ("route", "is_critical"), [("TOP", False), ("OU", False), ("PO", True), ("OS", True), ("OD", True)]
)
def test_a_short_form_of_a_route_is_read_where_it_has_one_meaning(
    client: FlaskClient, route: str, is_critical: bool
) -> None:
    order = taken({"text": "Diclofenac"}, "draft", dosageInstruction=[{"route": {"text": route}}])
    answered = ask(client, [person(), sciatica(), HEART_FAILURE, order], "order-sign", complete="all")
    assert bool(speaking(answered, "critical")) is is_critical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Heparin flush 10 units/mL lock", "absent"),
        ("heparin lock flush 100 UNT/ML", "absent"),
        ("heparin 5000 units subcutaneous", "present"),
        ("heparin infusion", "present"),
    ],
)
def test_heparin_that_keeps_a_line_open_is_no_anticoagulation(client: FlaskClient, text: str, expected: str) -> None:
    assert status_of(signing(client, taken({"text": text})), "anticoagulant-active") == expected


@pytest.mark.parametrize(("begun", "expected"), [("2026-10-27", "unknown"), ("2026-10-20", "absent")])
def test_a_completed_statement_that_began_lately_and_tells_no_end_may_go_on(
    client: FlaskClient, begun: str, expected: str
) -> None:
    told = {"resourceType": "MedicationStatement", "id": "ms", "subject": {"reference": "Patient/p"}}
    told |= {"status": "completed", "medicationCodeableConcept": {"text": "warfarin 5 mg"}}
    statement = told | {"effectivePeriod": {"start": begun}}
    assert status_of(signing(client, statement), "anticoagulant-active") == expected


@pytest.mark.parametrize(
    "text",
    [
        "Zorblaxin 5 mg",
        "\u0412\u0430\u0440\u0444\u0430\u0440\u0438\u043d 5 \u043c\u0433",
        "See paper chart",
        "blood thinner",
    ],
)
def test_a_running_drug_that_was_not_read_is_named_when_the_chart_is_opened(client: FlaskClient, text: str) -> None:
    naproxen = taken({"text": "naproxen 500 mg"})
    answered = visiting(client, naproxen, {**taken({"text": text}), "id": "m2"})
    assert f"Not recognised: {text}" in details(answered)


@pytest.mark.parametrize("text", ["metformin 500 mg", "amlodipine 5 mg tablet"])
def test_a_running_drug_that_was_read_is_not_named_when_the_chart_is_opened(client: FlaskClient, text: str) -> None:
    answered = visiting(client, taken({"text": text}))
    assert "not recognised" not in str(answered["cards"])


@pytest.mark.parametrize(
    ("named", "finding"),
    [
        *(("fingolimod 0.5 mg capsule", "immunosuppressant-active"), ("risankizumab", "immunosuppressant-active")),
        *(("tildrakizumab-asmn", "immunosuppressant-active"), ("Skyrizi", "immunosuppressant-active")),
        *(("satralizumab-mwge 120 mg", "immunosuppressant-active"), ("belimumab", "immunosuppressant-active")),
        *(("polythiazide 1 mg", "diuretic-active"), ("valdecoxib 10 mg", "nsaid-active")),
        *(("filgrastim-sndz", None), ("trastuzumab-dkst", None), ("insulin glargine-yfgn", None)),
    ],
)
def test_a_rarer_member_of_a_class_is_one_of_it_and_what_sounds_alike_is_none(
    client: FlaskClient, named: str, finding: str | None
) -> None:
    answered = signing(client, drug_in_words(named))
    present = {
        name
        for name in ("immunosuppressant-active", "diuretic-active", "nsaid-active")
        if status_of(answered, name) == "present"
    }
    assert present == ({finding} if finding else set())


def test_back_pain_under_a_rarer_immunosuppressant_asks_for_an_infection(client: FlaskClient) -> None:
    answered = ask(client, [person(), sciatica(), drug_in_words("risankizumab 150 mg")])
    assert any(name.startswith("rf-infection-risk") for name in speaking(answered, "warning"))


def dispensed(**content: object) -> Json:
    """A dispense of warfarin that is complete, as every one that was handed over is."""
    warfarin = {"coding": [{"system": RXNORM, "code": "11289", "display": "warfarin"}]}
    whose = {"resourceType": "MedicationDispense", "id": "d", "subject": {"reference": "Patient/p"}}
    return {**whose, "status": "completed", "medicationCodeableConcept": warfarin, **content}


SUPPLIED = {"daysSupply": {"value": 30, "unit": "d", "code": "d", "system": "http://unitsofmeasure.org"}}


@pytest.mark.parametrize(
    "undated",
    [
        *(dispensed(), dispensed(**SUPPLIED), dispensed(whenHandedOver="20/11/2026"), dispensed(recorded="2026-11-20")),
        taken({"text": "Warfarin 5 mg"}, "completed", authoredOn="20/11/2026"),
        taken({"text": "Warfarin 5 mg"}, "completed", **SUPPLY),
    ],
)
def test_what_was_dispensed_on_no_day_that_can_be_read_may_still_be_taken(client: FlaskClient, undated: Json) -> None:
    answered = signing(client, undated)
    assert status_of(answered, "anticoagulant-active") == "unknown"
    cards = str(answered["cards"])
    assert "may still be taken" in cards or "could not be read: MedicationRequest" in cards


@pytest.mark.parametrize(
    "over",
    [
        *(dispensed(whenHandedOver="2025-01-20", **SUPPLIED), dispensed(recorded="2025-01-20")),
        dispensed(status="entered-in-error"),
        taken({"text": "Warfarin 5 mg"}, "completed", authoredOn="2025-01-20"),
    ],
)
def test_what_was_dispensed_long_ago_is_over(client: FlaskClient, over: Json) -> None:
    answered = signing(client, over)
    assert status_of(answered, "anticoagulant-active") == "absent"
    assert "may still be taken" not in str(answered["cards"])
