"""What a call brings is read or named: drafts not selected (ST-8), the reasons of bookings and orders, results."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, call, signing, speaking, status_of, value_of
from tests.hazards.charts import (
    CYCLOBENZAPRINE,
    EPIDURAL,
    IBUPROFEN,
    ICD,
    WARFARIN,
    Json,
    drug,
    drug_in_words,
    measured,
    ordered,
    person,
    sciatica,
)
from tests.http.calls import searchset

TIZANIDINE = ("57258", "tizanidine")
CIPROFLOXACIN = ("2551", "ciprofloxacin")
LINEZOLID = ("190376", "linezolid")
ACETAMINOPHEN = ("161", "acetaminophen")
NAPROXEN = ("7258", "naproxen")


def selecting(client: FlaskClient, selected: Json, *others: Json) -> Json:
    """The answer while the first is selected and the others are drafts beside it."""
    chosen = [f"{selected['resourceType']}/{selected['id']}"]
    answered = call(client, "order-select", selections=chosen, draftOrders=searchset(selected, *others))
    assert answered.status_code == 200
    content: Json = answered.get_json()
    return content


@pytest.mark.parametrize(
    ("selected", "beside"),
    [
        (ordered(*IBUPROFEN), ordered(*WARFARIN)),
        (ordered(*WARFARIN), ordered(*IBUPROFEN)),
        (ordered(*IBUPROFEN), ordered(*NAPROXEN)),
        (ordered(*TIZANIDINE), ordered(*CIPROFLOXACIN)),
        (ordered(*CIPROFLOXACIN), ordered(*TIZANIDINE)),
        (ordered(*CYCLOBENZAPRINE), ordered(*LINEZOLID)),
        (EPIDURAL, ordered(*WARFARIN)),
        (ordered(*WARFARIN), EPIDURAL),
    ],
)
def test_a_draft_beside_the_selected_order_makes_the_forbidden_pair(
    client: FlaskClient, selected: Json, beside: Json
) -> None:
    assert not speaking(selecting(client, selected), "critical")
    assert speaking(selecting(client, selected, beside), "critical")


def test_drafts_that_are_not_selected_get_no_cards_of_their_own(client: FlaskClient) -> None:
    plain = selecting(client, ordered(*ACETAMINOPHEN))
    beside = selecting(client, ordered(*ACETAMINOPHEN), ordered(*IBUPROFEN), ordered(*WARFARIN))
    assert speaking(beside) <= speaking(plain)


def appointment(**content: Any) -> Json:
    takes_part = [{"actor": {"reference": "Patient/p"}, "status": "needs-action"}]
    return {"resourceType": "Appointment", "id": "a", "status": "proposed", "participant": takes_part, **content}


RETENTION = {"coding": [{"system": ICD, "code": "R33.9", "display": "Retention of urine"}]}


@pytest.mark.parametrize(
    "said",
    [
        {"reasonCode": [RETENTION]},
        {"reason": [{"concept": RETENTION}]},
        {"reasonReference": [{"display": "Urinary retention"}]},
        {"description": "Back pain, urinary retention since yesterday"},
    ],
)
def test_the_reason_of_a_visit_that_is_booked_raises_the_alarm(client: FlaskClient, said: Json) -> None:
    booked = call(client, "appointment-book", appointments=searchset(appointment(**said)))
    assert speaking(booked.get_json(), "critical")


def test_a_booking_names_the_back_pain_that_no_list_holds(client: FlaskClient) -> None:
    booked = appointment(description="Back pain, urinary retention since yesterday")
    answered = call(client, "appointment-book", known=(), appointments=searchset(booked))
    assert speaking(answered.get_json(), "critical")


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"serviceType": [{"text": "Cauda equina review"}]}, "Cauda equina review"),
        ({"supportingInformation": [{"display": "urinary retention"}]}, "urinary retention"),
        ({"reasonCode": [{"text": "Zorblax"}]}, "Zorblax not recognised"),
        ({"serviceType": [{"text": "Eye test"}]}, None),
    ],
)
def test_what_else_a_booking_tells_of_a_danger_is_named(client: FlaskClient, said: Json, named: str | None) -> None:
    booked = call(client, "appointment-book", appointments=searchset(appointment(**said)))
    cards = booked.get_json()["cards"]
    assert named in str(cards) if named else "not recognised" not in str(cards)


@pytest.mark.parametrize("said", [{}, {"description": "Follow-up"}, {"status": "cancelled", "reasonCode": [RETENTION]}])
def test_a_visit_for_nothing_alarming_raises_none(client: FlaskClient, said: Json) -> None:
    booked = call(client, "appointment-book", appointments=searchset(appointment(**said)))
    assert not speaking(booked.get_json(), "critical")


def test_an_appointment_of_another_patient_is_refused(client: FlaskClient) -> None:
    foreign = appointment(reasonCode=[RETENTION], participant=[{"actor": {"reference": "Patient/other"}}])
    refused = call(client, "appointment-book", appointments=searchset(foreign))
    assert refused.status_code == 400
    assert "another patient" in refused.get_data(as_text=True)


@pytest.mark.parametrize(
    ("recorded", "creatinine", "of_day", "expected"),
    [
        (85, 3.0, "2026-11-23", 27.0),  # a newer creatinine speaks against the eGFR
        (85, 3.0, "2026-11-01", 85),  # an older one does not
        (85, 3.0, "2026-11-10", 85),  # nor does one of the same day
        (25, 0.8, "2026-11-23", 25),  # and a better one lifts nothing
    ],
)
def test_a_newer_creatinine_that_gives_a_lower_egfr_counts(
    client: FlaskClient, recorded: float, creatinine: float, of_day: str, expected: float
) -> None:
    egfr = measured("98979-8", recorded, "mL/min/{1.73_m2}", "2026-11-10")
    newer = measured("2160-0", creatinine, "mg/dL", of_day)
    answered = ask(client, [person(), sciatica(), egfr, newer, ordered(*IBUPROFEN)], "order-sign")
    assert value_of(answered, "egfr") == pytest.approx(expected, abs=8)
    assert bool(speaking(answered, "critical") & {"sf-nsaid-egfr-below-30"}) is (expected < 30)


@pytest.mark.parametrize(
    ("drug", "reason", "speaks"),
    [
        ("gabapentin", "Epilepsy", False),
        ("gabapentin", "Postherpetic neuralgia", False),
        ("gabapentin", "Sciatica", True),
        ("gabapentin", "pain", True),
        ("prednisone", "Asthma exacerbation", False),
        ("prednisone", "back pain", True),
        ("diazepam", "Anxiety", False),
        ("diazepam", "no anxiety", True),
    ],
)
def test_a_reason_in_words_that_names_another_problem_is_another_reason(
    client: FlaskClient, drug: str, reason: str, speaks: bool
) -> None:
    order = drug_in_words(drug, status="draft") | {"reasonCode": [{"text": reason}]}
    answered = ask(client, [person(), sciatica(), order], "order-sign", complete="all")
    summaries = [card["summary"] for card in answered["cards"]]
    assert any("sciatica" in summary or "back pain" in summary for summary in summaries) is speaks, summaries


def test_a_newer_result_that_is_not_final_is_named_as_the_newer_one_and_once(client: FlaskClient) -> None:
    final = measured("98979-8", 80, "mL/min/{1.73_m2}", "2026-11-10")
    waiting = measured("98979-8", 25, "mL/min/{1.73_m2}", "2026-11-23") | {"status": "preliminary"}
    answered = ask(
        client, [person(gender="male"), sciatica(), final, waiting, ordered(*IBUPROFEN)], "order-sign", "all"
    )
    card = next(card for card in answered["cards"] if "not final" in card["summary"])
    assert "a newer eGFR (25 mL/min/1.73 m²) not final" in card["summary"]
    assert card["detail"].count("25 mL/min/1.73 m²") == 1


def test_results_that_a_search_counts_and_does_not_send_are_named(client: FlaskClient) -> None:
    lost = {"resourceType": "Bundle", "type": "searchset", "total": 1}
    drafts = searchset(ordered(*IBUPROFEN))

    def told(labs: Json) -> str:
        answered = call(client, "order-sign", lists={"labs": labs}, draftOrders=drafts)
        return str(answered.get_json()["cards"])

    assert "1 entry could not be read: Observation" in told(lost)
    assert "could not be read" not in told(lost | {"total": 0})


WARFARIN_TAKEN = drug(*WARFARIN)


def epidural_in_words(words: str, *codings: tuple[str, str, str | None]) -> dict[str, Any]:
    told = [{"system": system, "code": code} | ({"display": show} if show else {}) for system, code, show in codings]
    code = {"text": words} | ({"coding": told} if told else {})
    order = {"resourceType": "ServiceRequest", "id": "o", "status": "draft", "intent": "order", "code": code}
    reason = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.32"}]}
    return order | {"subject": {"reference": "Patient/p"}, "reasonCode": [reason]}


@pytest.mark.parametrize(
    ("words", "codings"),
    [
        ("NJX DX/THER SBST INTRLMNR LMBR/SAC W/IMG GDN", [("http://www.ama-assn.org/go/cpt", "62323", None)]),
        ("Pain procedure", [("http://www.ama-assn.org/go/cpt", "62323", "Pain procedure")]),
        *((words, []) for words in ("SNRB L5", "Wurzelblockade L5", "Neuraxial steroid", "SCS trial", "Zorblax")),
    ],
)
def test_an_order_whose_words_tell_nothing_is_named_as_not_checked(
    client: FlaskClient, words: str, codings: list[tuple[str, str, str | None]]
) -> None:
    order = epidural_in_words(words, *codings)
    answered = ask(client, [person(), sciatica(), WARFARIN_TAKEN, order], "order-sign", complete="all")
    assert "not recognised, not checked" in str(answered["cards"])


SAY_NOTHING = [
    *("Other", "Unknown", "see note", "Miscellaneous order", "Procedure", "Referral", "None", "Sciatica L5"),
    *("hidden", "Visit", "-", "n/a", "TBD", ".", "test", "To be determined", "null", "xxx", "1", "yes", "Various"),
    *("Medication", "as above", "Restricted", "Scan", "ordered", "stat", "routine", "Clinic"),
]


@pytest.mark.parametrize("words", SAY_NOTHING)
@pytest.mark.parametrize("code", [(), (("http://www.ama-assn.org/go/cpt", "62323", None),)])
def test_an_order_in_words_that_tell_nothing_is_named_as_not_checked(
    client: FlaskClient, words: str, code: tuple[tuple[str, str, str | None], ...]
) -> None:
    order = epidural_in_words(words, *code)
    answered = ask(client, [person(), sciatica(), WARFARIN_TAKEN, order], "order-sign", complete="all")
    assert "not recognised, not checked" in str(answered["cards"])


@pytest.mark.parametrize("words", ["None", "nil", "no medication", "hidden", "Visit", "see note", "-", "TBD", "test"])
def test_a_drug_order_in_words_that_tell_nothing_is_named_as_not_checked(client: FlaskClient, words: str) -> None:
    order = drug_in_words(words, status="draft")
    answered = ask(client, [person(), sciatica(), WARFARIN_TAKEN, order], "order-sign", complete="all")
    assert "not recognised, not checked" in str(answered["cards"])
    assert status_of(answered, "anticoagulant-ordered") == "unknown"


@pytest.mark.parametrize(("words", "status"), [("None", "absent"), ("no medication", "absent"), ("hidden", "unknown")])
def test_a_list_of_drugs_that_says_none_is_a_no(client: FlaskClient, words: str, status: str) -> None:
    listed = [person(), sciatica(), drug_in_words(words), ordered(*IBUPROFEN)]
    assert status_of(ask(client, listed, "order-sign", complete="all"), "anticoagulant-active") == status


@pytest.mark.parametrize("words", ["ESI L5/S1", "ILESI", "Epiduralinfiltration", "Infiltration épidurale"])
def test_an_epidural_is_found_by_its_short_names(client: FlaskClient, words: str) -> None:
    order = epidural_in_words(words)
    answered = ask(client, [person(), sciatica(), WARFARIN_TAKEN, order], "order-sign", complete="all")
    assert "es-esi-anticoagulation" in speaking(answered, "critical")


@pytest.mark.parametrize(
    "words",
    [
        *("Chest X-ray", "CBC", "Cardiac rehab", "Flu vaccination", "Office visit", "Follow-up appointment"),
        *("Medication review", "Care plan"),
    ],
)
def test_an_order_of_something_else_is_no_card(client: FlaskClient, words: str) -> None:
    order = epidural_in_words(words)
    answered = ask(client, [person(), sciatica(), WARFARIN_TAKEN, order], "order-sign", complete="all")
    assert "not checked" not in str(answered["cards"])


@pytest.mark.parametrize("told", [{"reportedBoolean": True}, {"reportedReference": {"reference": "Patient/p"}}])
@pytest.mark.parametrize("intent", ["plan", "directive"])
def test_a_drug_on_the_list_that_was_reported_and_is_active_is_taken(
    client: FlaskClient, told: dict[str, Any], intent: str
) -> None:
    listed = WARFARIN_TAKEN | {"intent": intent} | told
    answered = signing(client, listed)
    assert "sf-nsaid-anticoagulant" in speaking(answered, "critical")


def test_an_active_plan_of_which_nobody_told_is_named(client: FlaskClient) -> None:
    listed = WARFARIN_TAKEN | {"intent": "plan"}
    answered = signing(client, listed)
    assert "warfarin may still be taken" in str(answered["cards"])


UNREADABLE_ORDERS: list[Json] = [
    {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "Zorblax"}},
    {"resourceType": "MedicationRequest", "medicationCodeableConcept": {}},
    {"resourceType": "ServiceRequest", "code": {"text": "\u786c\u819c\u5916\u6ce8\u5c04"}},
    {"resourceType": "ServiceRequest", "code": {}},
]


@pytest.mark.parametrize("order", UNREADABLE_ORDERS)
@pytest.mark.parametrize(("reason", "is_named"), [("M54.31", True), ("J06.9", False)])
def test_an_order_for_the_back_that_was_not_recognised_is_named_though_no_list_holds_the_back(
    client: FlaskClient, order: Json, reason: str, is_named: bool
) -> None:
    draft = {"id": "o", "status": "draft", "intent": "order", "subject": {"reference": "Patient/p"}, **order}
    draft["reasonCode"] = [{"coding": [{"system": ICD, "code": reason}]}]
    answered = ask(client, [person(), draft], "order-sign", complete="all")
    cards = str(answered["cards"])
    has_words = bool(order.get("code") or order.get("medicationCodeableConcept"))
    assert ("not recognised" in cards or "could not be" in cards) is (is_named or not has_words)


@pytest.mark.parametrize(
    ("search", "is_whole"),
    [
        ("Condition?patient=p", True),
        ("Condition?patient=p&category=problem-list-item", True),
        ("Condition?patient=p&_since=2026-11-01", False),
        ("Condition?patient=p&category=encounter-diagnosis", False),
        ("Condition?patient=p&clinical-status=inactive", False),
        ("Condition?clinical-status=inactive,resolved&patient=p", False),
        ("Condition?patient=p&clinical-status=active", True),
        ("Condition?patient=p&clinical-status=inactive,active", True),
    ],
)
def test_the_answer_to_a_narrower_search_is_a_part_of_the_list(
    client: FlaskClient, search: str, is_whole: bool
) -> None:
    problems = searchset(sciatica()) | {"link": [{"relation": "self", "url": f"https://ehr.example/{search}"}]}
    drafts = searchset(ordered(*IBUPROFEN))
    answered = call(client, "order-sign", lists={"conditions": problems}, draftOrders=drafts)
    assert ("Received in part: " in str(answered.get_json()["cards"])) is not is_whole


LOST: list[Any] = ["allergyintolerance", "Conditon", 7, None]


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(
    ("hook", "field", "in_bundle"),
    [
        ("allergyintolerance-create", "allergyIntolerance", False),
        ("problem-list-item-create", "conditions", True),
        ("appointment-book", "appointments", True),
    ],
)
def test_what_is_being_entered_and_cannot_be_read_is_refused_with_its_path(
    client: FlaskClient, hook: str, field: str, in_bundle: bool, kind: object
) -> None:
    entry = {"resourceType": kind, "id": "x", "code": {"text": "Ibuprofen"}, "patient": {"reference": "Patient/p"}}
    answered = call(client, hook, known=[], **{field: searchset(entry) if in_bundle else entry})
    assert answered.status_code == 400
    assert f"context.{field}" in str(answered.get_json()["issue"])


def test_an_empty_context_of_entries_is_no_fault(client: FlaskClient) -> None:
    assert call(client, "problem-list-item-create", known=[], conditions=searchset()).status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        {"comment": "Sciatica, numb saddle area since yesterday"},
        {"note": [{"text": "Sciatica, numb saddle area since yesterday"}]},
        {"reason": [{"concept": {"text": "Sciatica, numb saddle area"}}]},
    ],
)
def test_what_is_written_beside_a_booking_is_read_in_r4_and_in_r5(client: FlaskClient, told: Json) -> None:
    booking = {"resourceType": "Appointment", "id": "b", "status": "proposed", "start": "2027-01-04T09:00:00Z"}
    booking["participant"] = [{"actor": {"reference": "Patient/p"}, "status": "accepted"}]
    answered = call(client, "appointment-book", known=[], appointments=searchset(booking | told)).get_json()
    assert speaking(answered, "critical")


@pytest.mark.parametrize("note", [[{"text": "Bring the referral letter"}], [{"text": 7}], "x", [None], []])
def test_a_note_that_tells_nothing_changes_nothing(client: FlaskClient, note: object) -> None:
    booking = {"resourceType": "Appointment", "id": "b", "status": "proposed", "start": "2027-01-04T09:00:00Z"}
    booking |= {"participant": [{"actor": {"reference": "Patient/p"}, "status": "accepted"}], "note": note}
    answered = call(client, "appointment-book", known=[], appointments=searchset(booking))
    assert answered.status_code == 200
    assert not speaking(answered.get_json(), "critical")
