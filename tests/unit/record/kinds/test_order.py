"""Order facts: what is being ordered in this call, and why."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.finding import Status
from service.note import Note, NoteCode
from tests.unit.record.facts_in_python import (
    CPT,
    MRI,
    RXNORM,
    SCIATICA,
    SNOMED,
    concept,
    condition,
    fact,
    find,
    medication,
    notes,
)

IBUPROFEN = (RXNORM, "197806", "ibuprofen 600 MG Oral Tablet")
CYCLOBENZAPRINE = (RXNORM, "828348", "cyclobenzaprine hydrochloride 10 MG Oral Tablet")
EPILEPSY = (SNOMED, "84757009", "Epilepsy")
NSAID = fact("order", name="nsaid-ordered", resource="MedicationRequest", classes=("med-nsaid",))
MRI_ORDER = fact("order", name="mri-ordered", resource="ServiceRequest", codes=("order-mri",))
FOR_SCIATICA = fact(
    "order", name="nsaid-for-sciatica", resource="MedicationRequest", classes=("med-nsaid",), reasons=("cond-sciatica",)
)
REASON = fact("order-reason", name="why", order="nsaid-ordered", reasons=("cond-sciatica",))


def drafted(
    code: tuple[str, str, str] | dict[str, object] = IBUPROFEN, name: str = "d1", **more: object
) -> dict[str, object]:
    return medication(code, "draft", name, **more)


def imaging(code: dict[str, object], name: str = "d2", **more: object) -> dict[str, object]:
    return {"resourceType": "ServiceRequest", "id": name, "status": "draft", "intent": "order", "code": code, **more}


def test_a_matching_order_is_present_and_is_its_own_evidence() -> None:
    finding = find(NSAID, orders=[drafted(), drafted(CYCLOBENZAPRINE, "d9")])
    assert finding.status is Status.PRESENT
    assert [(item.resource, item.text) for item in finding.evidence] == [
        ("MedicationRequest/d1", "ibuprofen 600 MG Oral Tablet")
    ]


def test_without_a_matching_order_it_is_absent() -> None:
    assert find(NSAID).status is Status.ABSENT
    assert find(NSAID, orders=[drafted(CYCLOBENZAPRINE)]).status is Status.ABSENT
    assert find(NSAID, orders=[imaging(concept(MRI))]).status is Status.ABSENT


def test_what_is_taken_is_not_being_ordered() -> None:
    assert find(NSAID, medication(IBUPROFEN)).status is Status.ABSENT


def test_an_order_that_is_not_recognised_is_named_as_not_checked() -> None:
    finding = find(NSAID, orders=[drafted(concept(text="house mixture no. 3"))])
    assert finding.status is Status.UNKNOWN
    assert finding.evidence[0].resource == "MedicationRequest/d1"
    assert "not checked" in notes(finding)
    beside = find(NSAID, orders=[drafted(), drafted(concept(text="house mixture no. 3"), "d3")])
    assert beside.status is Status.PRESENT
    assert "not checked" in notes(beside)
    assert [item.resource for item in beside.evidence] == ["MedicationRequest/d1"]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "revoked"])
def test_a_withdrawn_order_is_no_order(status: str) -> None:
    assert find(NSAID, orders=[{**drafted(), "status": status}]).status is Status.ABSENT


def test_an_order_to_leave_something_undone_is_no_order() -> None:
    assert find(NSAID, orders=[drafted(doNotPerform=True)]).status is Status.ABSENT


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (concept(MRI), "present"),
        (concept(text="MRI of the lumbar spine"), "present"),
        (concept((CPT, "71046", "Chest X-ray")), "absent"),
        (concept(("urn:local", "4711", "Outside order")), "unknown"),
        (concept(text="as discussed"), "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_service_order_is_known_by_its_code_or_its_words(code: dict[str, object], expected: str) -> None:
    finding = find(MRI_ORDER, orders=[imaging(code)])
    assert finding.status == expected
    if code == concept(text="MRI of the lumbar spine"):
        assert "matched by text only" in notes(finding)


def test_the_daily_dose_of_an_order_counts() -> None:
    high = fact("order", resource="MedicationRequest", classes=("med-nsaid",), daily_dose_mg=(Decimal(1200), None))

    def ordered(times: int) -> Status:
        dosage = {
            "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
        }
        return find(high, orders=[drafted(dosageInstruction=[dosage])]).status

    assert ordered(1) is Status.ABSENT
    assert ordered(2) is Status.PRESENT
    assert ordered(3) is Status.PRESENT


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ([concept(SCIATICA)], "present"),
        ([concept(EPILEPSY)], "absent"),
        ([concept(EPILEPSY), concept(SCIATICA)], "present"),
        ([concept(text="sciatica, left leg")], "present"),
        ([concept(text="see letter")], "unknown"),
        ([], "unknown"),
    ],
)
def test_the_reason_of_an_order_is_one_of_these_another_or_not_given(
    reasons: list[dict[str, object]], expected: str
) -> None:
    order = drafted(reasonCode=reasons)
    assert find(REASON, orders=[order], also=[NSAID]).status == expected
    assert find(FOR_SCIATICA, orders=[order]).status == expected


def test_a_reason_may_be_a_reference_to_a_problem() -> None:
    order = drafted(reasonReference=[{"reference": "Condition/c1"}])
    assert find(REASON, condition(SCIATICA), orders=[order], also=[NSAID]).status is Status.PRESENT
    assert find(REASON, condition(EPILEPSY), orders=[order], also=[NSAID]).status is Status.ABSENT
    assert find(REASON, orders=[order], also=[NSAID]).status is Status.UNKNOWN


def test_no_order_has_no_reason() -> None:
    assert find(REASON, also=[NSAID]).status is Status.ABSENT
    assert find(REASON, orders=[drafted(CYCLOBENZAPRINE)], also=[NSAID]).status is Status.ABSENT


def test_the_reason_of_an_order_that_was_not_recognised_is_unknown() -> None:
    unread = drafted(concept(text="house mixture no. 3"), reasonCode=[concept(SCIATICA)])
    assert find(REASON, orders=[unread], also=[NSAID]).status is Status.UNKNOWN


def test_one_order_without_a_reason_beside_one_with_another_leaves_it_open() -> None:
    orders = [drafted(reasonCode=[concept(EPILEPSY)]), drafted(name="d5")]
    assert find(REASON, orders=orders, also=[NSAID]).status is Status.UNKNOWN


EPIDURAL = fact("order", resource="ServiceRequest", codes=("order-epidural",), exclude=("site-neck",))
INJECTION = concept((SNOMED, "171787008", "Therapeutic epidural injection"))


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        ([], "present"),
        (["Cervical spine"], "absent"),
        (["Lumbar spine"], "present"),
        (["Cervical spine", "Lumbar spine"], "present"),
        (["Cervical and lumbar spine"], "present"),
    ],
)
def test_an_order_for_another_site_is_left_out_and_one_without_a_site_is_not(sites: list[str], expected: str) -> None:
    order = imaging(INJECTION, bodySite=[{"text": site} for site in sites])
    assert find(EPIDURAL, orders=[order]).status.value == expected


def test_the_words_beside_the_code_may_name_the_site() -> None:
    result = {**INJECTION, "text": "Cervical epidural injection C7-T1"}
    assert find(EPIDURAL, orders=[imaging(result)]).status is Status.ABSENT


def test_a_product_of_one_dose_form_is_known_by_its_code_or_its_words() -> None:
    release = fact("order", resource="MedicationRequest", classes=("local-med-er",))
    coded = (RXNORM, "828358", "24 HR cyclobenzaprine hydrochloride 15 MG Extended Release Oral Capsule")
    result = concept(text="cyclobenzaprine 15 mg extended-release capsule")
    plain = (RXNORM, "828320", "cyclobenzaprine hydrochloride 5 MG Oral Tablet")
    found = [find(release, orders=[drafted(one)]).status.value for one in (coded, result, plain)]
    assert found == ["present", "present", "absent"]


NEW = fact("order", name="nsaid-new", resource="MedicationRequest", classes=("med-nsaid",), not_taken=True)


def test_an_order_is_new_only_where_the_same_ingredient_is_not_taken() -> None:
    naproxen = medication((RXNORM, "198013", "naproxen 250 MG Oral Tablet"))
    whole = ["MedicationRequest"]
    assert find(NEW, naproxen, orders=[drafted()], complete=whole).status is Status.PRESENT
    assert find(NEW, medication(IBUPROFEN), orders=[drafted()], complete=whole).status is Status.ABSENT
    assert find(NEW, orders=[drafted()]).status is Status.UNKNOWN
    unread = medication({"text": "Foobarin"})
    assert find(NEW, unread, orders=[drafted()], complete=whole).status is Status.UNKNOWN
    assert find(NEW, naproxen, complete=whole).status is Status.ABSENT


def test_an_order_judged_at_a_site_says_where_it_names_none() -> None:
    somewhere = fact("order", name="mri", resource="ServiceRequest", codes=("order-mri",), site=("order-mri-lumbar",))
    (said,) = find(somewhere, orders=[imaging(concept(MRI))]).evidence
    assert said.note == Note(NoteCode.SITE_NOT_GIVEN)
