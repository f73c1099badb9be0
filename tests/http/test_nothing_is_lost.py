"""What arrives is read, named in the answer, or refused with the path; never set aside without a word."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.config import Settings
from service.protocol.prefetch_of_call import states_of
from service.protocol.request_schemas import read_call
from service.record.input.prefetch_states import State, classify
from service.record.input.prefetch_templates import Template
from tests.properties.charts import INSTANCE, bundle

Json = dict[str, Any]
NOW = "2026-11-28"
OWN = {"reference": "Patient/p1"}
PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1975-04-02"}
SCT, CPT, RXNORM = (
    "http://snomed.info/sct",
    "http://www.ama-assn.org/go/cpt",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
)
SCIATICA = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": OWN,
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": SCT, "code": "23056005", "display": "Sciatica"}]},
    "onsetDateTime": "2026-11-15",
}
WARFARIN = {
    "resourceType": "MedicationRequest",
    "id": "w",
    "status": "active",
    "intent": "order",
    "subject": OWN,
    "authoredOn": "2026-11-20",
    "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "11289", "display": "warfarin"}]},
}
IBUPROFEN = WARFARIN | {
    "id": "n1",
    "status": "draft",
    "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "5640", "display": "ibuprofen"}]},
}
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}
LISTS = (
    *("labs", "vitals", "findings", "scores", "social", "answers", "statements", "allergies", "procedures", "requests"),
    *("reports", "imaging", "devices", "device-use", "encounters", "goals", "communications", "communication-requests"),
)


def service_order(*codings: Json, text: str | None = None, type_: str = "ServiceRequest", **more: Any) -> Json:
    concept: Json = {"coding": list(codings)} if codings else {}
    concept |= {} if text is None else {"text": text}
    name = "code" if type_ == "ServiceRequest" else "codeCodeableConcept"
    order = {"resourceType": type_, "id": "s1", "status": "draft", "intent": "order", "subject": OWN, name: concept}
    return order | more


def call(drafts: Any, hook: str = "order-sign", **prefetch: Any) -> Json:
    context: Json = {"userId": "Practitioner/u1", "patientId": "p1"}
    if drafts is not None:
        context["draftOrders"] = drafts
    sent = dict.fromkeys(LISTS, EMPTY) | {"patient": PATIENT, "conditions": bundle([SCIATICA], "searchset")}
    sent["medications"] = bundle([WARFARIN], "searchset")
    return {"hook": hook, "hookInstance": INSTANCE, "context": context, "prefetch": sent | prefetch}


def post(client: FlaskClient, body: Json) -> Any:
    return client.post(f"/cds-services/sciatica-{body['hook']}", json=body)


def words(reply: Any) -> str:
    assert reply.status_code == 200, reply.json
    return " ".join(f"{card['summary']} {card['detail']}" for card in reply.json["cards"])


def levels(reply: Any) -> list[str]:
    return [card["indicator"] for card in reply.json["cards"]]


@pytest.mark.parametrize(
    "order",
    [
        service_order({"system": CPT, "code": "62323"}),
        service_order({"system": CPT, "code": "72148"}),
        service_order({"system": "urn:site", "code": "4711"}),
        service_order({"system": SCT, "code": "71388002"}),
        service_order({"system": "urn:site", "code": "4711"}, text="Rezonans magnetyczny odcinka lędźwiowego"),
        service_order({"system": SCT, "code": "71388002", "display": "Infiltration péridurale"}),
        service_order({"system": CPT, "code": "62323"}, type_="DeviceRequest"),
        service_order({"system": SCT, "code": "71388002", "display": "Procedure"}),
    ],
)
def test_an_order_that_no_code_and_no_words_make_known_is_named_as_not_checked(
    client: FlaskClient, order: Json
) -> None:
    assert "not recognised, not checked" in words(post(client, call(bundle([order], "collection"))))


@pytest.mark.parametrize("system", ["http://hl7.org/fhir/sid/icd-10", "http://fhir.de/CodeSystem/bfarm/icd-10-gm"])
def test_a_category_of_icd_10_excuses_no_drug(client: FlaskClient, system: str) -> None:
    gabapentin = IBUPROFEN | {"medicationCodeableConcept": {"text": "gabapentin 300 mg capsule"}}
    epilepsy = {"coding": [{"system": system, "code": "G40.9"}]}
    on_the_list = call(
        bundle([gabapentin], "collection"),
        conditions=bundle([SCIATICA, SCIATICA | {"id": "c2", "code": epilepsy}], "searchset"),
    )
    as_the_reason = call(bundle([gabapentin | {"reasonCode": [epilepsy]}], "collection"))
    for body in (on_the_list, as_the_reason):
        assert "gabapentin for back or leg pain" in words(post(client, body)).lower()


def test_a_drug_that_may_still_be_taken_is_named_where_it_decides_a_warning(client: FlaskClient) -> None:
    lately = WARFARIN | {"status": "completed"}
    body = call(bundle([IBUPROFEN], "collection"), medications=bundle([lately], "searchset"))
    assert "warfarin may still be taken, not checked" in words(post(client, body))


@pytest.mark.parametrize(
    "order",
    [
        service_order({"system": "urn:site", "code": "55"}, text="CBC"),
        service_order({"system": "urn:site", "code": "56"}, text="Urinalysis with reflex to culture"),
        service_order({"system": "urn:site", "code": "57", "display": "Chest X-ray, two views"}),
        service_order({"system": CPT, "code": "45378", "display": "Colonoscopy, flexible; diagnostic"}),
        service_order({"system": SCT, "code": "73761001", "display": "Colonoscopy"}),
    ],
)
def test_an_order_that_its_words_show_to_be_something_else_brings_no_card(client: FlaskClient, order: Json) -> None:
    assert post(client, call(bundle([order], "collection"))).json["cards"] == []


def test_the_long_words_of_a_code_that_is_switched_off_are_read(client: FlaskClient) -> None:
    mri = "Magnetic resonance (eg, proton) imaging, spinal canal and contents, lumbar; without contrast material"
    reply = post(client, call(bundle([service_order({"system": CPT, "code": "72148", "display": mri})], "collection")))
    assert "MRI" in words(reply) or "imaging" in words(reply)
    assert "could not be checked" not in words(reply)
    injection = "Injection(s), including needle or catheter placement, interlaminar epidural, lumbar or sacral"
    order = service_order({"system": CPT, "code": "62323", "display": injection})
    assert "critical" in levels(post(client, call(bundle([order], "collection"))))


def test_a_device_that_is_ordered_is_judged_as_the_same_service(client: FlaskClient) -> None:
    orders = [
        service_order(text="TENS unit for home use", type_=type_) for type_ in ("ServiceRequest", "DeviceRequest")
    ]
    said = [_selected(client, order) for order in orders]
    assert said[0]
    assert said[0] == said[1]


def _selected(client: FlaskClient, order: Json) -> list[str]:
    body = call(bundle([order], "collection"), "order-select")
    body["context"]["selections"] = [f"{order['resourceType']}/s1"]
    return [card["summary"] for card in post(client, body).json["cards"]]


@pytest.mark.parametrize(
    ("drafts", "where"),
    [
        ({"MedicationRequest": IBUPROFEN}, "context.draftOrders"),
        (bundle([IBUPROFEN | {"subject": {"reference": "Patient/OTHER"}}], "collection"), "entry[0].resource.subject"),
        (
            bundle([IBUPROFEN | {"subject": {"reference": "https://other.example.org/fhir/Patient/p1"}}], "collection"),
            "entry[0].resource.subject",
        ),
        (bundle([IBUPROFEN | {"resourceType": "medicationRequest"}], "collection"), "entry[0].resource"),
        ({"resourceType": "Bundle", "entry": [{}]}, "entry[0]"),
        ({"resourceType": "Bundle", "entry": "x"}, "context.draftOrders.entry"),
    ],
)
def test_orders_of_nobody_or_of_somebody_else_are_refused_with_the_path(
    client: FlaskClient, drafts: Json, where: str
) -> None:
    reply = post(client, call(drafts) | {"fhirServer": "https://ehr.example.org/fhir"})
    assert reply.status_code == 400
    assert where in reply.json["issue"][0]["expression"][0]


@pytest.mark.parametrize("type_", ["RequestGroup", "NutritionOrder", "CarePlan"])
def test_an_order_of_a_kind_that_is_not_checked_is_named(client: FlaskClient, type_: str) -> None:
    other = {"resourceType": type_, "id": "g1", "status": "draft", "intent": "order", "subject": OWN}
    assert "1 of 1 order could not be checked" in words(post(client, call(bundle([other], "collection"))))
    both = words(post(client, call(bundle([other, IBUPROFEN], "collection"))))
    assert "1 of 2 orders could not be checked" in both


def outcome(code: str, severity: str = "warning", **more: Any) -> Json:
    issue = {"severity": severity, "code": code, **more}
    return EMPTY | {"entry": [{"resource": {"resourceType": "OperationOutcome", "issue": [issue]}}]}


@pytest.mark.parametrize("code", ["suppressed", "incomplete", "throttled", "timeout", "forbidden"])
def test_a_list_cut_by_a_warning_is_not_an_empty_list(client: FlaskClient, code: str) -> None:
    cut = outcome(code)
    reply = post(client, call(None, "patient-view", medications=cut, statements=cut, encounters=EMPTY))
    offered = [member for card in reply.json["cards"] for member in card.get("suggestions", ())]
    assert not [one for one in offered if one["actions"][0]["resource"]["resourceType"] == "MedicationRequest"]
    assert "medication" in words(reply).lower()


@pytest.mark.parametrize(
    ("cut", "is_cut"),
    [
        (outcome("processing"), False),
        (outcome("informational", "information"), False),
        (outcome("processing", details={"coding": [{"system": "urn:oid:1.2", "code": "4101"}]}), False),
        (outcome("processing", details={"coding": [{"system": "urn:oid:1.2", "code": "59204"}]}), True),
        (outcome("suppressed", "information"), True),
        (outcome("processing", "error"), True),
    ],
)
def test_what_a_server_says_beside_an_empty_list_decides_whether_it_is_whole(
    client: FlaskClient, cut: Json, *, is_cut: bool
) -> None:
    assert (classify("allergies", cut).state is not State.NULL) == is_cut
    reply = post(client, call(bundle([IBUPROFEN], "collection"), allergies=cut, medications=EMPTY))
    assert ("allergies not received" in words(reply)) == is_cut


UNREADABLE = [
    {"code": None},
    {"code": "Sciatica"},
    {"code": 7},
    {"code": {"coding": [{}]}},
    {"code": {"coding": [{"code": "84114007"}]}},
    {"code": {"coding": [{"system": SCT, "code": "84114008"}]}},
    {"resourceType": "condition"},
    {"resourceType": ["Condition"]},
    {"resourceType": "Conditon"},
    {"subject": {"reference": "https://other.example.org/fhir/Patient/p1"}},
    {"subject": None},
]


@pytest.mark.parametrize("change", UNREADABLE)
def test_a_problem_that_cannot_be_read_is_named_and_makes_no_finding_absent(client: FlaskClient, change: Json) -> None:
    spoilt = SCIATICA | {"id": "c2"} | change
    problems = bundle([SCIATICA, {name: value for name, value in spoilt.items() if value is not None}], "searchset")
    body = call(bundle([IBUPROFEN], "collection"), conditions=problems, medications=EMPTY)
    body["fhirServer"] = "https://ehr.example.org/fhir"
    assert "1 entry could not be read" in words(post(client, body))
    chart = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}, *problems["entry"]]}
    reply = client.post("/evaluate?hook=order-sign&now=2026-11-28T12:00:00Z&complete=all", json=chart)
    if reply.status_code == 200 and "subject" not in change:
        # Of a chart that speaks of one patient only, an entry without a subject is about that patient.
        found = {one["name"]: one["status"] for one in reply.json["extension"]["sciatica-cds.decision"]["findings"]}
        assert found["heart-failure"] == "unknown"


@pytest.mark.requirement("RP-7")
def test_keys_of_the_clients_own_are_used_for_what_they_show_and_never_as_a_whole_list(client: FlaskClient) -> None:
    sent = {"item1": PATIENT, "item2": bundle([SCIATICA], "searchset"), "item3": bundle([WARFARIN], "searchset")}
    body = call(bundle([IBUPROFEN], "collection")) | {
        "prefetch": sent | {"item4": {"resourceType": "OperationOutcome"}}
    }
    reply = post(client, body)
    assert "critical" in levels(reply)
    assert "allergies" in words(reply)


def test_a_document_is_about_the_subject_of_its_composition(client: FlaskClient) -> None:
    stray = {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/99"}}
    stray["code"] = {"text": "something"}
    composition = {"resourceType": "Composition", "subject": OWN}
    document = bundle([composition, PATIENT, SCIATICA, stray], "document")
    reply = client.post("/evaluate?now=2026-11-28T12:00:00Z", json=document)
    assert "1 entry could not be read: Observation" in words(reply)
    again = client.post("/evaluate?now=2026-11-28T12:00:00Z", json=bundle([PATIENT, SCIATICA, stray], "collection"))
    assert again.status_code == 400


@pytest.mark.parametrize(
    "entry",
    [
        {"resourceType": ["Condition"], "subject": OWN},
        SCIATICA | {"onsetAge": {"value": 1e300, "unit": "a"}},
        SCIATICA | {"meta": {"versionId": "9" * 5000}},
        SCIATICA | {"clinicalStatus": ["active"]},
    ],
)
def test_odd_values_are_named_and_crash_nothing(client: FlaskClient, entry: Json) -> None:
    for search in ({"mode": ["match"]}, {"mode": {}}, 7):
        odd = {"resourceType": "Bundle", "entry": [{"resource": entry, "search": search}]}
        assert post(client, call(None, "patient-view", conditions=odd)).status_code == 200


def test_an_order_with_an_odd_status_is_checked(client: FlaskClient) -> None:
    reply = post(client, call(bundle([IBUPROFEN | {"status": ["draft"]}], "collection")))
    assert "critical" in levels(reply)


@pytest.mark.parametrize(
    "odd",
    [
        {"dispenseRequest": {"expectedSupplyDuration": {"value": "#", "unit": "d"}}},
        {"dispenseRequest": {"quantity": {"value": "ninety"}}},
        {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": "eight hundred", "unit": "mg"}}]}]},
        {"dosageInstruction": 800},
    ],
)
def test_an_order_whose_dose_or_supply_cannot_be_read_is_named_as_a_draft_too(client: FlaskClient, odd: Json) -> None:
    said = words(post(client, call(bundle([IBUPROFEN | odd], "collection"), medications=EMPTY)))
    assert "could not be read" in said


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_time_at_the_end_of_the_calendar_is_refused(client: FlaskClient, year: str) -> None:
    reply = client.post(f"/evaluate?now={year}-01-01T00:00:00Z", json=bundle([PATIENT], "collection"))
    assert reply.status_code == 400


def test_too_many_entries_are_refused_with_the_limit(client: FlaskClient) -> None:
    reply = client.post("/evaluate", json=[{}] * 20_001)
    assert reply.status_code == 413
    assert "20000" in reply.json["issue"][0]["details"]["text"]


def test_a_call_that_takes_too_much_cpu_is_given_up_and_says_why() -> None:
    client = create_app(Settings(max_cpu_ms=1, log_level="error")).test_client()
    chart = bundle([PATIENT, *(SCIATICA | {"id": f"c{number}"} for number in range(2000))], "collection")
    reply = client.post("/evaluate", json=chart)
    assert reply.status_code == 503
    assert "1 ms of CPU" in reply.json["issue"][0]["details"]["text"]


class BrokenStream:
    """The body of a request whose transfer is broken: each server has an error of its own for that."""

    def read(self, _size: int = -1) -> bytes:
        raise ValueError("bad chunk size")


def test_a_broken_transfer_is_a_fault_of_the_request(client: FlaskClient) -> None:
    broken = {"wsgi.input": BrokenStream(), "wsgi.input_terminated": True}
    reply = client.post("/evaluate", headers={"Content-Type": "application/json"}, environ_overrides=broken)
    assert reply.status_code == 400


def test_null_is_none_only_where_the_patient_is_the_only_token() -> None:
    body = call(None, "patient-view", conditions=None)
    body["context"]["encounterId"] = "e1"
    asked = read_call(body, hook="patient-view")
    whole = Template("conditions", "Condition?patient={{context.patientId}}", ("Condition",))
    visit = Template("conditions", f"{whole.query}&encounter={{{{context.encounterId}}}}", ("Condition",))
    assert states_of(asked, [whole])["conditions"].state is State.NULL
    assert states_of(asked, [visit])["conditions"].state is State.NOT_SENT


EGFR = {
    "resourceType": "Observation",
    "id": "g1",
    "status": "final",
    "subject": OWN,
    "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]},
    "effectiveDateTime": "2026-11-20",
    "valueQuantity": {"value": 25, "unit": "mL/min/{1.73_m2}", "code": "mL/min/{1.73_m2}"},
}
ALONE = {"medications": EMPTY}


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"valueQuantity": {}}, "eGFR in the past 12 months: value not given"),
        ({"valueQuantity": {"value": 25, "unit": "furlong"}}, "eGFR in the past 12 months: unit not known"),
        ({"effectiveDateTime": None}, "eGFR in the past 12 months: no date given, 25 mL/min"),
    ],
)
def test_a_result_that_cannot_be_used_is_told_where_an_order_waits_for_it(
    client: FlaskClient, spoilt: Json, why: str
) -> None:
    drafts = bundle([IBUPROFEN], "collection")
    assert "eGFR" in words(post(client, call(drafts, labs=bundle([EGFR], "searchset"), **ALONE)))
    said = words(post(client, call(drafts, labs=bundle([EGFR | spoilt], "searchset"), **ALONE)))
    assert "1 entry could not be read: Observation" in said
    assert why in said


def test_a_patient_without_a_birth_date_is_told_where_an_order_depends_on_the_age(client: FlaskClient) -> None:
    relaxant = IBUPROFEN | {"medicationCodeableConcept": {"text": "cyclobenzaprine 10 MG Oral Tablet"}}
    born = {name: value for name, value in PATIENT.items() if name != "birthDate"}
    said = words(post(client, call(bundle([relaxant], "collection"), patient=born, **ALONE)))
    assert "age not on record" in said
    assert "age not on record" not in words(post(client, call(bundle([relaxant], "collection"), **ALONE)))
