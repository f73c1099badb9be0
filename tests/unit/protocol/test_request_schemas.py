"""The shape of a request, hook by hook (chapters 4 and 22 of the protocol reference)."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import RequestError
from service.knowledge.hooks import HOOKS, ContextField, Kind
from service.protocol.request import HookCall
from service.protocol.request_schemas import context_schema, read_call

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
VALUES: dict[Kind, Any] = {
    Kind.USER: "Practitioner/7",
    Kind.ID: "123",
    Kind.SELECTIONS: ["MedicationRequest/1"],
    Kind.BUNDLE: {"resourceType": "Bundle", "entry": []},
    Kind.RESOURCE: {"resourceType": "AllergyIntolerance"},
}


def body(hook: str = "patient-view", **changes: Any) -> dict[str, Any]:
    context = {field.name: VALUES[field.kind] for field in HOOKS[hook].fields}
    return {"hook": hook, "hookInstance": INSTANCE, "context": context} | changes


def context(hook: str = "patient-view", **changes: Any) -> dict[str, Any]:
    return body(hook, context=body(hook)["context"] | changes)


def read(document: Any, hook: str = "patient-view", *, strict: bool = False) -> HookCall:
    return read_call(document, hook=hook, strict=strict)


def faults(document: Any, hook: str = "patient-view", *, strict: bool = False) -> dict[str, str]:
    with pytest.raises(RequestError) as caught:
        read(document, hook, strict=strict)
    assert caught.value.status == 400
    return {fault.path: fault.text for fault in caught.value.issues}


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_schema_of_its_own_and_accepts_its_full_context(hook: str) -> None:
    assert read(body(hook), hook).patient_id == "123"
    assert set(context_schema(hook).fields) == {field.name for field in HOOKS[hook].fields}


@pytest.mark.requirement("RQ-4")
@pytest.mark.parametrize(
    ("hook", "field"), [(hook, field.name) for hook in HOOKS for field in HOOKS[hook].fields if field.required]
)
@pytest.mark.parametrize("how", ["left out", "null"])
def test_rq_4_a_required_context_field_that_is_missing_is_named(hook: str, field: str, how: str) -> None:
    sent = body(hook)
    if how == "null":
        sent["context"][field] = None
    else:
        del sent["context"][field]
    assert faults(sent, hook) == {f"context.{field}": "is missing"}


@pytest.mark.requirement("RQ-12", "TK-8")
@pytest.mark.parametrize(
    ("hook", "field"), [(hook, field.name) for hook in HOOKS for field in HOOKS[hook].fields if not field.required]
)
@pytest.mark.parametrize("how", ["left out", "null"])
def test_rq_12_tk_8_an_optional_context_field_may_be_left_out_or_null(hook: str, field: str, how: str) -> None:
    sent = body(hook)
    sent["context"][field] = None
    if how == "left out":
        del sent["context"][field]
    assert field not in read(sent, hook).context


@pytest.mark.requirement("RQ-4")
@pytest.mark.parametrize(("hook", "field"), [(hook, field) for hook in HOOKS for field in HOOKS[hook].fields])
@pytest.mark.parametrize("wrong", [17, [1], True, {"a": {"b": 1}}])
def test_rq_4_a_context_field_of_the_wrong_type_is_named(hook: str, field: ContextField, wrong: Any) -> None:
    sent = context(hook, **{field.name: wrong})
    if isinstance(wrong, dict) and field.kind in (Kind.BUNDLE, Kind.RESOURCE):
        # What an object holds is FHIR content, which is read leniently later (RQ-10).
        assert read(sent, hook).context[field.name] == wrong
    else:
        assert all(where.startswith(f"context.{field.name}") for where in faults(sent, hook))


def test_all_faults_are_named_at_once_with_their_paths() -> None:
    sent = {"hook": "patient-view", "context": {"userId": "x", "encounterId": 3}, "prefetch": []}
    assert faults(sent) == {
        "hookInstance": "is missing",
        "prefetch": "must be an object",
        "context.userId": "must be Type/id of a Practitioner, PractitionerRole, Patient or RelatedPerson",
        "context.patientId": "is missing",
        "context.encounterId": "must be a string",
    }


@pytest.mark.requirement("RQ-2", "RQ-3", "RQ-4")
@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_rq_2_rq_3_rq_4_the_envelope_is_checked(name: str) -> None:
    sent = body()
    del sent[name]
    assert faults(sent) == {name: "is missing"}
    assert name in faults(body() | {name: 7})


@pytest.mark.parametrize("document", [[], "text", 7, None, True])
def test_a_body_that_is_no_object_is_refused(document: Any) -> None:
    assert faults(document) == {"body": "must be an object"}


@pytest.mark.requirement("RQ-2")
def test_rq_2_another_hook_than_the_services_is_refused() -> None:
    assert faults(body("order-sign"), "patient-view")["hook"] == "this service is not offered for that hook"


@pytest.mark.requirement("RQ-3")
def test_rq_3_an_instance_that_is_no_uuid_is_noted_and_in_strict_mode_refused() -> None:
    sent = body(hookInstance="req-1")
    assert [deviation.path for deviation in read(sent).deviations] == ["hookInstance"]
    assert faults(sent, strict=True) == {"hookInstance": "is not a UUID"}


@pytest.mark.requirement("RQ-3")
def test_rq_3_upper_case_is_a_uuid_too() -> None:
    assert read(body(hookInstance=INSTANCE.upper()), strict=True).deviations == ()


TOKEN = {"access_token": "a", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "cds"}


@pytest.mark.requirement("RQ-5")
def test_rq_5_a_token_without_a_server_is_ignored_or_in_strict_mode_refused() -> None:
    sent = body(fhirAuthorization=TOKEN)
    assert read(sent).fhir_authorization is None
    assert "fhirServer" in faults(sent, strict=True)


@pytest.mark.parametrize("name", TOKEN)
def test_fa_an_incomplete_token_is_ignored_or_in_strict_mode_refused(name: str) -> None:
    token = {key: value for key, value in TOKEN.items() if key != name}
    sent = body(fhirServer="https://ehr.example/fhir", fhirAuthorization=token)
    assert read(sent).fhir_authorization is None
    assert faults(sent, strict=True) == {f"fhirAuthorization.{name}": "is missing"}


@pytest.mark.requirement("FA-3")
def test_fa_3_a_whole_token_is_kept_for_the_call_and_shows_in_no_text() -> None:
    secret = TOKEN | {"access_token": "canary-token"}
    call = read(body(fhirServer="https://ehr.example/fhir", fhirAuthorization=secret))
    assert call.fhir_authorization == secret
    assert "canary" not in repr(call)


@pytest.mark.requirement("RQ-9")
def test_rq_9_unknown_keys_are_ignored_everywhere() -> None:
    sent = context(foo=1)
    sent |= {"foo": {"bar": 1}, "fhirServer": "https://ehr.example/fhir", "fhirAuthorization": TOKEN | {"foo": 1}}
    call = read(sent, strict=True)
    assert "foo" not in call.context


@pytest.mark.requirement("RQ-11")
@pytest.mark.parametrize("patient", ["Patient/123", "123"])
def test_rq_11_a_matching_type_prefix_is_stripped(patient: str) -> None:
    call = read(context(patientId=patient, encounterId="Encounter/9"))
    assert (call.patient_id, call.encounter_id) == ("123", "9")
    assert call.tokens["context.patientId"] == "123"


@pytest.mark.requirement("RQ-11")
@pytest.mark.parametrize(
    "patient",
    [
        "Group/1",
        "Patient/Patient/1",
        "a/../b",
        "",
        "  ",
        "1?x=1",
        "x" * 129,
        "Patient/",
        ".",
        "..",
        "Patient/..",
        "Patient/.",
    ],
)
def test_rq_11_any_other_prefix_or_form_of_an_id_is_refused(patient: str) -> None:
    assert list(faults(context(patientId=patient))) == ["context.patientId"]


@pytest.mark.requirement("RQ-12")
@pytest.mark.parametrize("name", ["fhirServer", "fhirAuthorization", "prefetch", "extension"])
def test_rq_12_null_for_an_optional_member_is_absent(name: str) -> None:
    assert read(body(**{name: None}), strict=True).prefetch == {}


@pytest.mark.parametrize(
    ("user", "patient"), [("Patient/1", True), ("RelatedPerson/1", True), ("PractitionerRole/1", False)]
)
def test_the_user_decides_who_reads_the_answer(user: str, patient: bool) -> None:
    assert read(context(userId=user)).for_patient is patient


@pytest.mark.requirement("TK-7")
def test_tk_7_only_the_token_of_the_users_own_type_resolves() -> None:
    tokens = read(context(userId="PractitionerRole/r1")).tokens
    assert tokens["userPractitionerRoleId"] == "r1"
    assert not {"userPractitionerId", "userPatientId", "userRelatedPersonId"} & set(tokens)


def test_medication_refill_works_without_a_user() -> None:
    sent = body("medication-refill")
    del sent["context"]["userId"]
    assert read(sent, "medication-refill").user is None


def test_no_fault_quotes_what_was_sent() -> None:
    sent = {
        "hook": "Canary",
        "hookInstance": ["Canary"],
        "context": {"userId": "Canary", "patientId": "Ca/nary", "Canary": 1},
    }
    assert "Canary" not in str(faults(sent))
