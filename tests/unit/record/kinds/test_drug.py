"""Drug facts: what the patient takes, or took until lately."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from service.finding import Status
from tests.unit.record.facts_in_python import RXNORM, Asking, caveat, concept, fact, find, medication, notes, said

IBUPROFEN = (RXNORM, "197806", "ibuprofen 600 MG Oral Tablet")
HYDROCODONE_IBUPROFEN = (RXNORM, "859315", "hydrocodone bitartrate 10 MG / ibuprofen 200 MG Oral Tablet")
DICLOFENAC_GEL = (RXNORM, "855633", "diclofenac sodium 0.01 MG/MG Topical Gel")
DICLOFENAC_TABLET = (RXNORM, "855664", "diclofenac sodium 25 MG Delayed Release Oral Tablet")
ASPIRIN_81 = (RXNORM, "243670", "aspirin 81 MG Oral Tablet")
ASPIRIN_325 = (RXNORM, "212033", "aspirin 325 MG Oral Tablet")
CYCLOBENZAPRINE = (RXNORM, "828348", "cyclobenzaprine hydrochloride 10 MG Oral Tablet")
AMOXICILLIN = (RXNORM, "308182", "amoxicillin 250 MG Oral Capsule")

NSAID = fact("drug", classes=("med-nsaid",), complete=("MedicationRequest",))
RECENT_NSAID = fact("drug", classes=("med-nsaid",), complete=("MedicationRequest",), stopped_within_days=14)
STOPPED_NSAID = fact(
    "drug", classes=("med-nsaid",), complete=("MedicationRequest",), stopped_within_days=14, stop_not_known=True
)
NEW_NSAID = fact("drug", classes=("med-nsaid",), complete=("MedicationRequest",), within_days=90)
LOW_ASPIRIN = fact(
    "drug", classes=("med-aspirin",), complete=("MedicationRequest",), daily_dose_mg=(None, Decimal(162))
)
HIGH_ASPIRIN = fact(
    "drug", classes=("med-aspirin",), complete=("MedicationRequest",), daily_dose_mg=(Decimal(163), None)
)


def daily(tablets: float, times: int = 1, unit: str = "{tbl}") -> dict[str, object]:
    return {
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": tablets, "unit": "tablet" if unit == "{tbl}" else unit}}],
            }
        ]
    }


def until(day: str) -> dict[str, object]:
    return {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": day}}}}]}


def test_an_active_drug_is_present_with_its_name_and_date() -> None:
    finding = find(NSAID, medication(IBUPROFEN, authoredOn="2026-11-01"))
    assert finding.status is Status.PRESENT
    (evidence,) = finding.evidence
    assert (evidence.resource, evidence.text, evidence.date) == (
        "MedicationRequest/m1",
        "ibuprofen 600 MG Oral Tablet",
        "2026-11-01",
    )


def test_silence_counts_only_in_a_whole_list() -> None:
    other = medication(CYCLOBENZAPRINE)
    assert find(NSAID, other, complete=["MedicationRequest"]).status is Status.ABSENT
    assert find(NSAID, other).status is Status.UNKNOWN
    assert said(find(NSAID, MedicationRequest="failed")) == ("MedicationRequest list could not be fetched",)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("active", "present"),
        ("on-hold", "present"),
        ("stopped", "absent"),
        ("completed", "absent"),
        ("cancelled", "absent"),
        ("entered-in-error", "absent"),
        ("draft", "absent"),
    ],
)
def test_the_status_decides_whether_it_is_taken(status: str, expected: str) -> None:
    finding = find(NSAID, medication(IBUPROFEN, status), complete=["MedicationRequest"])
    assert finding.status == expected
    if status == "on-hold":
        assert "on hold" in notes(finding)


def test_a_plan_is_not_yet_taken() -> None:
    planned = medication(IBUPROFEN, intent="plan")
    finding = find(NSAID, planned, complete=["MedicationRequest"])
    assert finding.status is Status.UNKNOWN
    assert finding.evidence[0].resource == "MedicationRequest/m1"


def test_a_statement_counts_like_a_request() -> None:
    statement = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "medicationCodeableConcept": concept(IBUPROFEN),
        "effectivePeriod": {"start": "2026-10-01"},
    }
    finding = find(NSAID, statement)
    assert finding.status is Status.PRESENT
    assert finding.evidence[0].date == "2026-10-01"
    assert find(NSAID, {**statement, "status": "not-taken"}).status is Status.UNKNOWN


def test_a_medication_that_was_not_recognised_may_be_any_drug() -> None:
    unread = medication(concept(text="house mixture no. 3"), name="m2")
    finding = find(NSAID, unread, complete=["MedicationRequest"])
    assert finding.status is Status.UNKNOWN
    assert said(finding) == ("a medication that was not recognised",)
    assert [item.resource for item in finding.evidence] == ["MedicationRequest/m2"]
    assert find(NSAID, unread, medication(IBUPROFEN)).status is Status.PRESENT
    stopped = medication(concept(text="house mixture no. 3"), "stopped")
    assert find(NSAID, stopped, complete=["MedicationRequest"]).status is Status.ABSENT


def test_a_drug_of_no_class_here_is_recognised_as_something_else() -> None:
    finding = find(NSAID, medication(AMOXICILLIN), complete=["MedicationRequest"])
    assert finding.status is Status.ABSENT


def test_a_combination_counts_for_each_of_its_ingredients() -> None:
    opioid = fact("drug", classes=("med-opioid",))
    assert find(NSAID, medication(HYDROCODONE_IBUPROFEN)).status is Status.PRESENT
    assert find(opioid, medication(HYDROCODONE_IBUPROFEN)).status is Status.PRESENT


def test_an_excluded_ingredient_does_not_hide_the_others_of_a_combination() -> None:
    both = fact("drug", classes=("med-nsaid", "med-opioid"), exclude=("med-opioid",), complete=("MedicationRequest",))
    assert find(both, medication(HYDROCODONE_IBUPROFEN)).status is Status.PRESENT
    only_opioid = medication((RXNORM, "1049621", "oxycodone hydrochloride 5 MG Oral Tablet"))
    assert find(both, only_opioid, complete=["MedicationRequest"]).status is Status.ABSENT


@pytest.mark.parametrize(
    ("route", "gel", "tablet"),
    [("systemic", "absent", "present"), ("local", "present", "absent"), ("any", "present", "present")],
)
def test_the_route_tells_the_gel_from_the_tablet(route: str, gel: str, tablet: str) -> None:
    diclofenac = fact("drug", classes=("med-diclofenac",), complete=("MedicationRequest",), route=route)
    assert find(diclofenac, medication(DICLOFENAC_GEL), complete=["MedicationRequest"]).status == gel
    assert find(diclofenac, medication(DICLOFENAC_TABLET), complete=["MedicationRequest"]).status == tablet


def test_a_route_that_is_not_told_counts_as_systemic() -> None:
    bare = medication((RXNORM, "3355", "diclofenac"))
    assert find(fact("drug", classes=("med-diclofenac",)), bare).status is Status.PRESENT


@pytest.mark.parametrize(
    ("drug", "dosage", "low", "high"),
    [
        (ASPIRIN_81, daily(1), "present", "absent"),
        (ASPIRIN_81, daily(2), "present", "absent"),  # 162 mg, the limit
        (ASPIRIN_81, daily(3), "absent", "present"),
        (ASPIRIN_81, {}, "present", "unknown"),  # one or two a day are assumed; whether more, is not known
        (ASPIRIN_325, daily(1), "absent", "present"),
        (ASPIRIN_325, {}, "unknown", "unknown"),
        ((RXNORM, "1191", "aspirin"), {}, "unknown", "unknown"),  # neither dose nor strength: may be either
        ((RXNORM, "1191", "aspirin"), daily(162, unit="mg"), "present", "absent"),
        ((RXNORM, "1191", "aspirin"), daily(163, unit="mg"), "absent", "present"),
    ],
)
def test_the_daily_dose_tells_low_dose_aspirin_from_the_pain_killer(
    drug: tuple[str, str, str], dosage: dict[str, object], low: str, high: str
) -> None:
    resource = medication(drug, **dosage)
    assert find(LOW_ASPIRIN, resource, complete=["MedicationRequest"]).status == low
    assert find(HIGH_ASPIRIN, resource, complete=["MedicationRequest"]).status == high


def test_a_dose_that_is_not_given_is_told() -> None:
    assert "dose not given" in notes(find(LOW_ASPIRIN, medication(ASPIRIN_81)))


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"status": "stopped", "statusChanged": "2026-11-11"}, "present"),  # 13 days ago
        ({"status": "stopped", "statusChanged": "2026-11-10"}, "present"),  # 14 days ago
        ({"status": "stopped", "statusChanged": "2026-11-09"}, "absent"),
        ({"status": "stopped", "authoredOn": "2026-11-12"}, "present"),  # begun and stopped within the window
        ({"status": "stopped", "authoredOn": "2026-09-01"}, "unknown"),  # stopped at some time since
        ({"status": "stopped"}, "unknown"),
        ({"status": "cancelled"}, "absent"),
    ],
)
def test_a_drug_stopped_lately_still_counts_where_the_fact_says_so(elements: dict[str, str], expected: str) -> None:
    resource = {**medication(IBUPROFEN), **elements}
    finding = find(RECENT_NSAID, resource, complete=["MedicationRequest"])
    assert finding.status == expected
    if expected == "unknown":
        assert "stopped, but not known when" in notes(finding)


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"status": "stopped", "authoredOn": "2026-05-01"}, "present"),
        ({"status": "stopped", "authoredOn": "2026-05-01", "meta": {"lastUpdated": "2026-11-22T10:00:00Z"}}, "present"),
        ({"status": "stopped", "authoredOn": "2026-05-01", "meta": {"lastUpdated": "2026-11-09T10:00:00Z"}}, "absent"),
        ({"status": "stopped", "authoredOn": "2026-05-01", **until("2026-11-10")}, "present"),
        ({"status": "stopped", "authoredOn": "2026-05-01", **until("2026-11-09")}, "absent"),
        ({"status": "completed", "authoredOn": "2026-05-01"}, "unknown"),
    ],
)
def test_a_stopped_drug_that_does_not_tell_when_counts_where_the_fact_says_so(
    elements: dict[str, object], expected: str
) -> None:
    finding = find(STOPPED_NSAID, {**medication(IBUPROFEN), **elements}, complete=["MedicationRequest"])
    assert finding.status == expected
    if expected == "present":
        assert caveat(finding.evidence[0]) == "stopped, but not known when"


def test_a_stopped_drug_ended_no_later_than_its_supply() -> None:
    supply = {"dispenseRequest": {"expectedSupplyDuration": {"value": 10, "unit": "days", "code": "d"}}}
    long_ago = medication(IBUPROFEN, "completed", authoredOn="2026-09-01", **supply)
    assert find(RECENT_NSAID, long_ago, complete=["MedicationRequest"]).status is Status.ABSENT
    late = medication(IBUPROFEN, "stopped", authoredOn="2026-11-01", **supply)
    assert find(RECENT_NSAID, late, complete=["MedicationRequest"]).status is Status.UNKNOWN
    taken = medication(IBUPROFEN, "completed", authoredOn="2026-11-01", **supply)
    assert find(RECENT_NSAID, taken, complete=["MedicationRequest"]).status is Status.PRESENT


@pytest.mark.parametrize(
    ("authored", "supplied", "expected"),
    [
        ("2026-11-23", 28, "present"),
        ("2026-10-28", 28, "present"),
        ("2026-10-27", 27, "absent"),
        ("2026-10-27", 28, "present"),
        ("2026-10-26", 28, "absent"),
        ("2026-11-23", None, "unknown"),
        ("2026-10-25", None, "unknown"),
        ("2026-10-24", None, "absent"),
    ],
)
def test_an_order_completed_when_it_was_issued_counts_while_its_supply_lasts(
    authored: str, supplied: int | None, expected: str
) -> None:
    days = {"expectedSupplyDuration": {"value": supplied, "unit": "days", "code": "d"}} if supplied else {}
    order = medication(IBUPROFEN, "completed", authoredOn=authored, dispenseRequest=days)
    finding = find(NSAID, order, complete=["MedicationRequest"])
    assert finding.status == expected
    if expected == "present":
        assert caveat(finding.evidence[0]) == "completed, supply not used up"


def test_a_supply_of_months_that_may_reach_to_now_leaves_it_open() -> None:
    month = {"dispenseRequest": {"expectedSupplyDuration": {"value": 1, "code": "mo"}}}
    order = medication(IBUPROFEN, "completed", authoredOn="2026-10-25", **month)
    assert find(NSAID, order, complete=["MedicationRequest"]).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("dated", "supplied", "expected"),
    [({}, 28, "unknown"), ({}, None, "absent"), ({"authoredOn": "2031-01-01"}, 28, "unknown")],
)
def test_a_supply_from_a_day_that_nobody_knows_may_last(
    dated: dict[str, object], supplied: int | None, expected: str
) -> None:
    days = {"expectedSupplyDuration": {"value": supplied, "unit": "days", "code": "d"}} if supplied else {}
    order = medication(IBUPROFEN, "completed", **{"authoredOn": None, **dated}, dispenseRequest=days)
    assert find(NSAID, order, complete=["MedicationRequest"]).status == expected


def test_an_order_completed_with_a_recorded_end_is_over() -> None:
    bounded = [{"timing": {"repeat": {"boundsPeriod": {"start": "2026-11-10", "end": "2026-11-20"}}}}]
    supply = {"expectedSupplyDuration": {"value": 28, "unit": "days", "code": "d"}}
    order = medication(
        IBUPROFEN, "completed", authoredOn="2026-11-10", dosageInstruction=bounded, dispenseRequest=supply
    )
    assert find(NSAID, order, complete=["MedicationRequest"]).status is Status.ABSENT


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ({"start": "2026-01-01", "end": "2026-03-01"}, "unknown"),
        ({"start": "2026-01-01", "end": "2026-12-24"}, "present"),
        ({"start": "2026-01-01"}, "present"),
    ],
)
def test_a_statement_that_is_active_and_over_at_once_settles_nothing(period: dict[str, str], expected: str) -> None:
    said = {"resourceType": "MedicationStatement", "id": "s", "status": "active", "effectivePeriod": period}
    taken = said | {"medicationCodeableConcept": {"text": "ibuprofen 400 mg tablet"}}
    assert find(NSAID, taken, complete=["MedicationRequest"]).status == expected


HALF_READ = {"text": "paracetamol 325 mg / xyzolin 100 mg tablet"}


def test_a_combination_read_by_half_is_what_was_read_and_may_be_anything_else() -> None:
    acetaminophen = fact("drug", classes=("med-acetaminophen",), complete=("MedicationRequest",))
    taken = medication(HALF_READ)
    assert find(acetaminophen, taken, complete=["MedicationRequest"]).status is Status.PRESENT
    nsaid = find(NSAID, taken, complete=["MedicationRequest"])
    assert nsaid.status is Status.UNKNOWN
    assert "paracetamol 325 mg / xyzolin 100 mg tablet" in {evidence.text for evidence in nsaid.evidence}


def test_a_combination_ordered_and_read_by_half_is_ordered_and_may_be_anything_else() -> None:
    order = medication(HALF_READ, "draft")
    acetaminophen = fact("order", classes=("med-acetaminophen",), resource="MedicationRequest")
    nsaid = fact("order", classes=("med-nsaid",), resource="MedicationRequest")
    assert find(acetaminophen, orders=[order]).status is Status.PRESENT
    assert find(nsaid, orders=[order]).status is Status.UNKNOWN


BACLOFEN_BAND = fact("order", classes=("med-nsaid",), resource="MedicationRequest", daily_dose_mg=(Decimal(20), None))


@pytest.mark.parametrize(
    ("dosage", "expected"),
    [({}, "unknown"), (daily(19, unit="mg"), "absent"), (daily(20, unit="mg"), "present"), (daily(1), "present")],
)
def test_an_order_of_a_dose_or_more_is_unknown_while_no_dose_is_written(
    dosage: dict[str, object], expected: str
) -> None:
    finding = find(BACLOFEN_BAND, orders=[medication(IBUPROFEN, "draft", **dosage)])
    assert finding.status == expected
    if expected == "unknown":
        assert "dose not given" in str(notes(finding))


@pytest.mark.parametrize(
    ("authored", "expected"),
    [
        ("2026-08-27", "present"),  # 89 days ago
        ("2026-08-26", "present"),  # 90 days ago
        ("2026-08-25", "absent"),
        ("2026-08", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_look_back_asks_when_it_was_ordered(authored: str | None, expected: str) -> None:
    dated = {"authoredOn": authored} if authored else {}
    finding = find(NEW_NSAID, medication(IBUPROFEN, **dated), complete=["MedicationRequest"])
    assert finding.status == expected


def test_classes_of_this_project_count_too() -> None:
    own = fact("drug", classes=("local-med-cyclobenzaprine",))
    assert find(own, medication(CYCLOBENZAPRINE)).status is Status.PRESENT


def dispensed(on: str, days: int | None, status: str = "completed") -> dict[str, object]:
    supply = {"daysSupply": {"value": days, "unit": "days", "code": "d"}} if days else {}
    return {
        "resourceType": "MedicationDispense",
        "id": "d1",
        "status": status,
        "medicationCodeableConcept": concept(IBUPROFEN),
        "whenHandedOver": on,
        **supply,
    }


def test_a_dispense_counts_as_taken_while_its_supply_lasts() -> None:
    assert find(NSAID, dispensed("2026-11-14", 10)).status is Status.PRESENT
    assert find(NSAID, dispensed("2026-11-13", 10)).status is Status.UNKNOWN
    assert find(NSAID, dispensed("2026-11-14", None)).status is Status.UNKNOWN
    assert "dispensed, supply not used up" in notes(find(NSAID, dispensed("2026-11-14", 10)))


def test_a_drug_was_stopped_before_the_entry_that_says_so_was_last_changed() -> None:
    old = medication(IBUPROFEN, "stopped", authoredOn="2026-01-01", meta={"lastUpdated": "2026-06-01T10:00:00Z"})
    assert find(RECENT_NSAID, old, complete=["MedicationRequest"]).status is Status.ABSENT
    lately = {**old, "meta": {"lastUpdated": "2026-11-20T10:00:00Z"}}
    assert find(RECENT_NSAID, lately, complete=["MedicationRequest"]).status is Status.UNKNOWN


def test_a_drug_stopped_lately_that_was_not_recognised_may_be_the_one() -> None:
    unread = medication(concept(text="house mixture no. 3"), "stopped", statusChanged="2026-11-20")
    assert find(RECENT_NSAID, unread, complete=["MedicationRequest"]).status is Status.UNKNOWN
    assert (
        find(RECENT_NSAID, {**unread, "statusChanged": "2026-01-20"}, complete=["MedicationRequest"]).status == "absent"
    )
    assert find(NSAID, unread, complete=["MedicationRequest"]).status is Status.ABSENT


def test_what_is_ordered_beside_it_counts_where_the_fact_says_so() -> None:
    basket = fact("drug", classes=("med-nsaid",), complete=("MedicationRequest",), or_ordered=True)
    order = medication(IBUPROFEN, "draft", "d1")
    whole = ["MedicationRequest"]
    finding = find(basket, orders=[order], complete=whole)
    assert finding.status is Status.PRESENT
    assert "being ordered now" in notes(finding)
    assert find(NSAID, orders=[order], complete=whole).status is Status.ABSENT
    unread = medication(concept(text="house mixture no. 3"), "draft", "d2")
    assert find(basket, orders=[unread], complete=whole).status is Status.UNKNOWN
    assert find(basket, orders=[medication(CYCLOBENZAPRINE, "draft", "d3")], complete=whole).status is Status.ABSENT


@pytest.mark.parametrize(
    ("authored", "others", "is_old"),
    [
        ("2026-11-01", (), False),
        ("2025-11-24", (), False),
        ("2025-11-23", (), True),
        ("2020-01-01", (), True),
        ("2020-01-01", (medication(IBUPROFEN, "stopped", "m2", authoredOn="2026-10-01"),), False),
        ("2020-01-01", (medication(CYCLOBENZAPRINE, "active", "m2", authoredOn="2026-10-01"),), True),
    ],
)
def test_an_order_active_for_years_without_supply_may_still_be_taken(
    authored: str, others: tuple[dict[str, object], ...], is_old: bool
) -> None:
    finding = find(NSAID, medication(IBUPROFEN, authoredOn=authored), *others)
    assert finding.status is Status.PRESENT
    assert ("may still be taken" in notes(finding)) is is_old


def test_a_supply_that_reached_into_the_last_year_is_supply_since() -> None:
    year = {"dispenseRequest": {"expectedSupplyDuration": {"value": 90, "unit": "days", "code": "d"}}}
    finding = find(NSAID, medication(IBUPROFEN, authoredOn="2025-09-15", **year))
    assert "may still be taken" not in notes(finding)


@pytest.fixture(scope="module")
def asking() -> Asking:
    alike = {"classes": ("med-nsaid",), "complete": ("MedicationRequest",)}
    others = ({"unconfirmed": False}, {"old_orders": False}, {"route": "local"}, {"stopped_within_days": 300})
    either = fact("drug", classes=("med-nsaid", "med-opioid"), exclude=("med-opioid",))
    facts = (fact("drug", **alike, **one) for one in others)
    return Asking([NSAID, RECENT_NSAID, STOPPED_NSAID, NEW_NSAID, either, *facts])


@pytest.mark.parametrize("status", ["active", "on-hold", "unknown", "stopped", "completed", "entered-in-error"])
@pytest.mark.parametrize("authored", ["2026-11-20", "2026-03-01", "2024-01-01", "2026"])
@pytest.mark.parametrize("drug", [IBUPROFEN, HYDROCODONE_IBUPROFEN])
def test_facts_that_ask_otherwise_of_one_entry_hear_each_its_own_answer(
    asking: Asking, status: str, authored: str, drug: tuple[str, str, str]
) -> None:
    entry = medication(drug, status, authoredOn=authored)
    assert asking.disagree(entry, complete=["MedicationRequest"]) == []


def test_the_dose_of_each_entry_decides_although_they_name_the_same_drug() -> None:
    one, four = medication(ASPIRIN_81, name="m1", **daily(1)), medication(ASPIRIN_81, name="m2", **daily(4))
    both = [replace(LOW_ASPIRIN, id="low"), replace(HIGH_ASPIRIN, id="high")]
    for number, reference in enumerate(("MedicationRequest/m1", "MedicationRequest/m2")):
        finding = find(both[number], one, four, also=[both[1 - number]])
        assert [evidence.resource for evidence in finding.evidence] == [reference]
