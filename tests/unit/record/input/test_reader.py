"""Reader: one patient, nothing lost, nothing foreign, and silence only where the list came whole."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import RequestError
from service.record.input.prefetch_states import Selection, classify
from service.record.input.reader import read_bundle, read_prefetch
from service.record.input.unpacking import unpack_context
from service.record.model import Completeness, Record
from service.record.notes import text_of
from service.record.releases.fhir_classes import Release

PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female"}
OWN = {"reference": "Patient/p1"}


def condition(name: str = "c1", subject: object = OWN, **more: object) -> dict[str, Any]:
    resource = {"resourceType": "Condition", "id": name, "code": {"text": name}, **more}
    return resource if subject is None else {**resource, "subject": subject}


def order(name: str = "o1", **more: object) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "subject": OWN,
        "medicationCodeableConcept": {"text": "ibuprofen"},
        **more,
    }


def bundle(*resources: object, **members: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources], **members}


def reasons(record: Record) -> set[str]:
    return {text_of(problem.reason) for problem in record.problems}


def names(record: Record) -> list[str]:
    return [entry.reference for entry in record.entries]


class TestShapes:
    @pytest.mark.parametrize(
        "document",
        [
            bundle(PATIENT, condition(), type="collection"),
            bundle(PATIENT, condition()),
            {"entry": [{"resource": PATIENT}, {"resource": condition()}]},
            [PATIENT, condition()],
            [bundle(PATIENT), bundle(condition())],
            bundle(bundle(PATIENT, condition())),
            {"resourceType": "Bundle", "entry": [PATIENT, condition()]},
        ],
    )
    def test_any_shape_of_bundle_gives_the_same_record(self, document: object) -> None:
        record = read_bundle(document)
        assert names(record) == ["Condition/c1", "Patient/p1"]
        assert record.patient_id == "p1"
        assert record.release is Release.R4

    def test_one_resource_alone_is_a_record(self) -> None:
        assert names(read_bundle(condition())) == ["Condition/c1"]

    @pytest.mark.parametrize("document", [None, 5, "x", {}, {"entry": "x"}, True])
    def test_what_is_no_fhir_is_refused(self, document: object) -> None:
        with pytest.raises(RequestError) as refusal:
            read_bundle(document)
        assert refusal.value.status == 400

    def test_a_bad_entry_never_loses_the_others(self) -> None:
        record = read_bundle(
            {
                "resourceType": "Bundle",
                "entry": [None, 5, {}, {"resource": "x"}, {"resource": {"id": "1"}}, {"resource": PATIENT}],
            }
        )
        assert names(record) == ["Patient/p1"]
        assert [problem.path for problem in record.problems] == [
            "Bundle.entry[0]",
            "Bundle.entry[1]",
            "Bundle.entry[2]",
            "Bundle.entry[3].resource",
            "Bundle.entry[4].resource",
        ]

    def test_the_input_is_not_changed(self) -> None:
        document = bundle(PATIENT, condition(clinicalStatus="active"), order(medication={"concept": {}}))
        before = copy.deepcopy(document)
        read_bundle(document, order_hook=True)
        assert document == before

    def test_deep_nesting_is_a_problem_not_a_crash(self) -> None:
        document: dict[str, Any] = bundle(PATIENT)
        for _ in range(50):
            document = bundle(document)
        assert reasons(read_bundle(document)) == {"Bundles nested too deep"}

    def test_references_are_followed_inside_the_record(self) -> None:
        drug = {"resourceType": "Medication", "id": "m1"}
        record = read_bundle({"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:a", "resource": drug}]})
        assert record.resolve({"reference": "urn:uuid:a"}) is drug
        assert record.resolve({"reference": "Medication/m1"}) is drug


class TestReleases:
    def test_dstu2_is_refused_with_its_reason(self) -> None:
        with pytest.raises(RequestError, match="DSTU2") as refusal:
            read_bundle(bundle(PATIENT, {"resourceType": "MedicationOrder", "patient": OWN}))
        assert refusal.value.status == 422

    def test_one_careless_resource_does_not_make_a_document_dstu2(self) -> None:
        slip = {"resourceType": "Condition", "id": "c2", "patient": OWN}
        assert "Condition/c2" in names(read_bundle(bundle(PATIENT, condition(), slip)))

    def test_all_conditions_of_dstu2_shape_do(self) -> None:
        with pytest.raises(RequestError) as refusal:
            read_bundle(bundle(PATIENT, {"resourceType": "Condition", "patient": OWN}))
        assert refusal.value.status == 422

    def test_the_orders_tell_the_release(self) -> None:
        r5 = order(medication={"concept": {"text": "ibuprofen"}})
        del r5["medicationCodeableConcept"]
        assert read_bundle(bundle(PATIENT, condition(), r5), order_hook=True).release is Release.R5
        assert read_bundle(bundle(PATIENT, condition(), order()), order_hook=True).release is Release.R4

    def test_one_odd_resource_does_not_tell_it(self) -> None:
        many = [condition(f"c{number}", clinicalStatus={"coding": []}) for number in range(9)]
        assert read_bundle(bundle(PATIENT, *many, condition("odd", clinicalStatus="active"))).release is Release.R4
        assert read_bundle(bundle(PATIENT, condition("odd", clinicalStatus="active"))).release is Release.STU3


class TestPatients:
    def test_two_patients_are_refused_and_named(self) -> None:
        with pytest.raises(RequestError, match="p1, p2"):
            read_bundle(bundle(PATIENT, condition(), condition("c2", {"reference": "Patient/p2"})))

    def test_one_of_two_patients_can_be_picked_and_the_other_is_not_used(self) -> None:
        document = bundle(PATIENT, condition(), condition("c2", {"reference": "Patient/p2"}), condition("c3", None))
        record = read_bundle(document, patient="p1")
        assert names(record) == ["Condition/c1", "Patient/p1"]
        assert reasons(record) == {"about another patient; not used", "no subject; not used"}
        assert record.completeness_of("Condition") is Completeness.PARTIAL

    def test_a_patient_that_is_not_there_cannot_be_picked(self) -> None:
        with pytest.raises(RequestError, match="no such patient"):
            read_bundle(bundle(PATIENT), patient="p9")

    def test_the_same_id_on_another_server_is_another_person(self) -> None:
        document = {
            "resourceType": "Bundle",
            "entry": [
                {"fullUrl": "https://a.example/fhir/Patient/p1", "resource": PATIENT},
                {"resource": condition("c2", {"reference": "https://b.example/fhir/Patient/p1"})},
            ],
        }
        with pytest.raises(RequestError, match=r"https://b\.example/fhir/Patient/p1"):
            read_bundle(document)
        assert names(read_bundle(document, patient="p1")) == ["Patient/p1"]

    @pytest.mark.parametrize(
        "subject",
        [
            {"reference": "urn:uuid:x1"},
            {"reference": "https://a.example/fhir/Patient/p1"},
            {"reference": "http://A.example/fhir/Patient/p1/_history/2"},
            {"reference": "Patient/p1"},
            {"reference": "p1"},
            {"identifier": {"system": "urn:mrn", "value": "77"}},
            {"reference": "Patient?identifier=urn:mrn|77"},
        ],
    )
    def test_one_person_has_many_names(self, subject: object) -> None:
        me = {**PATIENT, "identifier": [{"system": "urn:mrn", "value": "77"}]}
        url = (
            "urn:uuid:x1"
            if "urn" in str(subject) and "mrn" not in str(subject)
            else "https://a.example/fhir/Patient/p1"
        )
        document = {
            "resourceType": "Bundle",
            "entry": [{"fullUrl": url, "resource": me}, {"resource": condition("c1", subject)}],
        }
        record = read_bundle(document)
        assert names(record) == ["Condition/c1", "Patient/p1"]
        assert record.problems == ()

    def test_a_uuid_that_is_the_id_is_the_patient(self) -> None:
        document = bundle({"resourceType": "Patient", "id": "abc"}, condition("c1", {"reference": "urn:uuid:abc"}))
        assert read_bundle(document).patient_id == "abc"

    def test_another_identifier_of_the_same_system_is_another_person(self) -> None:
        me = {**PATIENT, "identifier": [{"system": "urn:mrn", "value": "77"}]}
        with pytest.raises(RequestError) as refusal:
            read_bundle(bundle(me, condition("c1", {"identifier": {"system": "urn:mrn", "value": "78"}})))
        assert "78" not in str(refusal.value)

    def test_no_subject_in_a_document_of_one_patient_is_that_patient_and_said(self) -> None:
        record = read_bundle(bundle(PATIENT, condition("c1", None)))
        assert names(record) == ["Condition/c1", "Patient/p1"]
        assert reasons(record) == {"no subject; taken to be about the one patient of the document"}

    def test_what_is_not_about_a_patient_is_not_used(self) -> None:
        ward = {"resourceType": "Observation", "id": "x", "subject": {"reference": "Location/ward"}}
        fetus = {"resourceType": "Observation", "id": "y", "subject": OWN, "focus": [{"reference": "BodyStructure/f"}]}
        record = read_bundle(bundle(PATIENT, ward, fetus))
        assert names(record) == ["Patient/p1"]
        assert reasons(record) == {"about something other than a patient; not used"}

    def test_a_patient_without_id_is_the_one_the_others_name(self) -> None:
        record = read_bundle(bundle({"resourceType": "Patient"}, condition()))
        assert record.patient_id == "p1"
        assert record.patient is not None


class TestOrderAndRepeats:
    def test_the_order_of_entries_does_not_matter(self) -> None:
        resources = [
            PATIENT,
            *(condition(f"c{number}") for number in range(8)),
            condition("", text="a"),
            condition("", text="b"),
        ]
        expected = [entry.resource for entry in read_bundle(bundle(*resources)).entries]
        shuffler = random.Random(7)
        for _ in range(20):
            shuffler.shuffle(resources)
            assert [entry.resource for entry in read_bundle(bundle(*resources)).entries] == expected

    def test_a_repeat_is_dropped(self) -> None:
        record = read_bundle(bundle(PATIENT, condition(), condition(), PATIENT))
        assert names(record) == ["Condition/c1", "Patient/p1"]
        assert record.problems == ()

    def test_equal_content_without_id_is_a_repeat(self) -> None:
        record = read_bundle(bundle(PATIENT, condition(""), condition("")))
        assert len(record.of_type("Condition")) == 1

    def test_two_medications_without_id_keep_their_addresses(self) -> None:
        drug = {"resourceType": "Medication", "code": {"text": "ibuprofen"}}
        entries = [{"fullUrl": f"urn:uuid:{letter}", "resource": drug} for letter in "ab"]
        record = read_bundle({"resourceType": "Bundle", "entry": entries})
        assert record.resolve("urn:uuid:a") == record.resolve("urn:uuid:b") == drug

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_two_versions_the_newer_stays(self, turned: bool) -> None:
        old = condition(meta={"lastUpdated": "2026-01-01T00:00:00Z"}, note="old")
        new = condition(meta={"lastUpdated": "2026-02-01T00:00:00Z"}, note="new")
        versions = [new, old] if turned else [old, new]
        record = read_bundle(bundle(PATIENT, *versions))
        assert [entry.resource["note"] for entry in record.of_type("Condition")] == ["new"]
        assert reasons(record) == {"another version of the same resource was sent; the newer is used"}

    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize(
        ("older", "newer"),
        [
            ("2026-10-25T11:00:00+02:00", "2026-10-25T10:30:00+01:00"),
            ("2026-11-12T10:00:00Z", "2026-11-12T10:00:00.5Z"),
            ("2026-11-12T23:30:00-05:00", "2026-11-13T05:00:00Z"),
            ("2026-11-12", "2026-11-13"),
        ],
    )
    def test_the_newer_is_told_by_the_moment_and_not_by_its_letters(self, older: str, newer: str, turned: bool) -> None:
        old = condition(meta={"lastUpdated": older}, note="old")
        new = condition(meta={"lastUpdated": newer}, note="new")
        record = read_bundle(bundle(PATIENT, *([new, old] if turned else [old, new])))
        assert [entry.resource["note"] for entry in record.of_type("Condition")] == ["new"]

    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("2026-11-12T10:00:00Z", "2026-11-12T12:00:00+02:00"),
            ("2026-11-12", "2026-11-12T10:00:00Z"),
            ("yesterday", "2026-11-12T10:00:00Z"),
        ],
    )
    def test_of_two_versions_of_which_neither_is_known_to_be_newer_both_stay(
        self, one: str, other: str, turned: bool
    ) -> None:
        versions = [condition(meta={"lastUpdated": moment}, note=moment) for moment in (one, other)]
        record = read_bundle(bundle(PATIENT, *(reversed(versions) if turned else versions)))
        assert {entry.resource["note"] for entry in record.of_type("Condition")} == {one, other}


class TestCompletenessOfABundle:
    def test_a_type_that_occurs_is_complete_and_another_was_not_sent(self) -> None:
        record = read_bundle(bundle(PATIENT, condition()))
        assert record.completeness_of("Condition") is Completeness.COMPLETE
        assert record.completeness_of("AllergyIntolerance") is Completeness.NOT_SENT

    def test_the_caller_may_say_otherwise(self) -> None:
        assert read_bundle(PATIENT, complete="all").completeness_of("AllergyIntolerance") is Completeness.COMPLETE
        record = read_bundle(PATIENT, complete=frozenset({"Condition"}))
        assert record.completeness_of("Condition") is Completeness.COMPLETE
        assert record.completeness_of("AllergyIntolerance") is Completeness.NOT_SENT

    def test_a_next_page_leaves_every_list_partial(self) -> None:
        record = read_bundle(bundle(PATIENT, condition(), link=[{"relation": "next", "url": "x"}]))
        assert record.completeness_of("Condition") is Completeness.PARTIAL

    def test_something_unreadable_leaves_every_list_partial(self) -> None:
        record = read_bundle(bundle(PATIENT, condition(), "lost"), complete="all")
        assert record.completeness_of("Condition") is Completeness.PARTIAL
        assert record.completeness_of("Procedure") is Completeness.PARTIAL

    def test_an_outcome_in_place_of_data_does_too(self) -> None:
        outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
        assert read_bundle(bundle(PATIENT, condition(), outcome)).completeness_of("Condition") is Completeness.PARTIAL


class TestOrders:
    def test_drafts_are_orders_under_an_order_hook_only(self) -> None:
        document = bundle(PATIENT, order(), order("o2", status="active"))
        under_review = read_bundle(document, order_hook=True)
        assert [entry.id for entry in under_review.orders] == ["o1"]
        assert [entry.id for entry in under_review.of_type("MedicationRequest")] == ["o2"]
        assert read_bundle(document).orders == ()

    def test_a_draft_alone_is_no_medication_list(self) -> None:
        record = read_bundle(bundle(PATIENT, order()), order_hook=True)
        assert record.completeness_of("MedicationRequest") is Completeness.NOT_SENT


SELECTIONS = {
    "patient": Selection(("Patient",)),
    "conditions": Selection(("Condition",)),
    "labs": Selection(("Observation",), narrowed=True),
    "medications": Selection(("MedicationRequest", "MedicationStatement")),
}


def prefetched(orders: tuple[dict[str, Any], ...] = (), base: str | None = None, **values: object) -> Record:
    states = {key: classify(key, values.get(key), sent=key in values) for key in SELECTIONS}
    drafts = unpack_context(bundle(*orders), "context.draftOrders")
    return read_prefetch(states, patient_id="p1", selections=SELECTIONS, orders=drafts, base=base)


class TestPrefetch:
    @pytest.mark.parametrize(
        ("value", "completeness"),
        [
            (None, Completeness.COMPLETE),
            (bundle(), Completeness.COMPLETE),
            (bundle(condition()), Completeness.COMPLETE),
            (bundle(condition(), link=[{"relation": "next", "url": "x"}]), Completeness.PARTIAL),
            (bundle(condition(), "lost"), Completeness.PARTIAL),
            (condition(), Completeness.PARTIAL),
            ({"resourceType": "OperationOutcome"}, Completeness.FAILED),
            ({}, Completeness.NOT_SENT),
            (bundle({"resourceType": "Procedure", "subject": OWN}), Completeness.NOT_SENT),
        ],
    )
    def test_how_much_of_a_list_came(self, value: object, completeness: Completeness) -> None:
        assert prefetched(patient=PATIENT, conditions=value).completeness_of("Condition") is completeness

    def test_an_omitted_key_was_not_sent(self) -> None:
        assert prefetched(patient=PATIENT).completeness_of("Condition") is Completeness.NOT_SENT

    def test_a_narrowed_query_never_makes_a_list_whole(self) -> None:
        assert prefetched(labs=None).completeness_of("Observation") is Completeness.PARTIAL

    def test_one_key_may_ask_for_two_types(self) -> None:
        record = prefetched(medications=bundle(order(status="active")))
        assert record.completeness_of("MedicationStatement") is Completeness.COMPLETE

    def test_the_best_answer_to_several_keys_counts(self) -> None:
        selections = {"one": Selection(("Condition",)), "two": Selection(("Condition",))}
        states = {"one": classify("one", None), "two": classify("two", None, sent=False)}
        record = read_prefetch(states, patient_id="p1", selections=selections)
        assert record.completeness_of("Condition") is Completeness.COMPLETE

    def test_foreign_data_is_never_used_and_makes_its_list_partial(self) -> None:
        record = prefetched(
            patient=PATIENT, conditions=bundle(condition(), condition("c2", {"reference": "Patient/p2"}))
        )
        assert names(record) == ["Condition/c1", "Patient/p1"]
        assert record.completeness_of("Condition") is Completeness.PARTIAL

    def test_the_same_id_on_another_server_is_foreign(self) -> None:
        mine = condition("c1", {"reference": "https://ehr.example/fhir/Patient/p1"})
        theirs = condition("c2", {"reference": "https://other.example/fhir/Patient/p1"})
        record = prefetched(base="https://ehr.example/fhir/", patient=PATIENT, conditions=bundle(mine, theirs))
        assert names(record) == ["Condition/c1", "Patient/p1"]

    def test_no_subject_is_enough_in_the_context_but_not_in_the_prefetch(self) -> None:
        stray = order()
        del stray["subject"]
        record = prefetched(orders=(stray,), patient=PATIENT, conditions=bundle(condition("c1", None)))
        assert len(record.orders) == 1
        assert names(record) == ["Patient/p1"]

    def test_the_wrong_patient_is_refused(self) -> None:
        with pytest.raises(RequestError) as refusal:
            prefetched(patient={**PATIENT, "id": "p2"})
        assert refusal.value.status == 400

    def test_keys_nobody_asked_for_are_ignored(self) -> None:
        states = {"extra": classify("extra", bundle(condition()))}
        assert read_prefetch(states, patient_id="p1", selections=SELECTIONS).entries == ()

    def test_an_order_under_review_is_not_also_an_entry(self) -> None:
        record = prefetched(orders=(order(),), medications=bundle(order(status="active"), order("o2", status="active")))
        assert [entry.id for entry in record.orders] == ["o1"]
        assert [entry.id for entry in record.of_type("MedicationRequest")] == ["o2"]

    @pytest.mark.parametrize(
        ("type_", "element"),
        [
            ("MedicationRequest", "medicationCodeableConcept"),
            ("ServiceRequest", "code"),
            ("DeviceRequest", "codeCodeableConcept"),
        ],
    )
    def test_an_entry_with_the_id_of_the_order_that_is_about_something_else_is_told(
        self, type_: str, element: str
    ) -> None:
        one, other = (
            {"resourceType": type_, "id": "o1", "status": "draft", "subject": OWN, element: {"text": text}}
            for text in ("this", "that")
        )
        record = prefetched(orders=(one,), medications=bundle({**other, "status": "active"}))
        assert reasons(record) == {"has the id of an order under review and is about something else; not used"}
        assert names(record) == []
        assert reasons(prefetched(orders=(one,), medications=bundle({**one, "status": "active"}))) == set()

    def test_an_order_that_is_over_is_not_checked_and_said(self) -> None:
        record = prefetched(orders=(order(status="cancelled"), order("o2", status="active")))
        assert [entry.id for entry in record.orders] == ["o2"]
        assert reasons(record) == {"an order that is over already; not checked"}

    def test_an_order_may_bring_its_medication(self) -> None:
        drug = {"resourceType": "Medication", "id": "m1"}
        record = prefetched(orders=(order(medicationReference={"reference": "Medication/m1"}), drug))
        assert record.resolve("Medication/m1") is drug

    def test_dstu2_is_refused(self) -> None:
        with pytest.raises(RequestError) as refusal:
            prefetched(medications=bundle({"resourceType": "MedicationOrder", "patient": OWN}))
        assert refusal.value.status == 422


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["Patient", "Condition", "Patient/p1", "draft", "urn:uuid:1", "#x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "resourceType",
                        "entry",
                        "resource",
                        "id",
                        "subject",
                        "patient",
                        "reference",
                        "fullUrl",
                        "status",
                        "meta",
                    ),
                    *(
                        "identifier",
                        "focus",
                        "reason",
                        "medication",
                        "class",
                        "related",
                        "dosageInstruction",
                        "contained",
                        "type",
                    ),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_no_document_raises_anything_but_a_request_error(document: object) -> None:
    for shaped in (
        document,
        bundle(document),
        bundle(PATIENT, {"resourceType": "MedicationRequest", "reason": document}),
    ):
        try:
            record = read_bundle(shaped, order_hook=True)
        except RequestError:
            continue
        assert all(entry.type for entry in record.entries)


@pytest.mark.parametrize("deviation", [2**70, "\ud800", float("inf")])
def test_a_resource_that_cannot_be_written_down_is_still_read(deviation: object) -> None:
    record = read_bundle(bundle(PATIENT, condition("", note=deviation), condition("", note=deviation)))
    assert len(record.of_type("Condition")) == 1
