"""Count facts, and settings."""

from __future__ import annotations

import pytest

from service.finding import Status
from service.record.derive import Derivation
from tests.unit.record.facts_in_python import (
    NOW,
    RXNORM,
    SCIATICA,
    concept,
    condition,
    fact,
    find,
    knowledge,
    medication,
    notes,
    record,
    source,
)

IBUPROFEN = (RXNORM, "197806", "ibuprofen 600 MG Oral Tablet")
NAPROXEN = (RXNORM, "198013", "naproxen 250 MG Oral Tablet")
HYDROCODONE_IBUPROFEN = (RXNORM, "859315", "hydrocodone bitartrate 10 MG / ibuprofen 200 MG Oral Tablet")
NSAIDS = fact("count", classes=("med-nsaid",), measure="ingredients", unit="1", complete=("MedicationRequest",))
VISITS = fact(
    "count",
    source("Encounter", "cond-sciatica", within_days=30, undated=False),
    measure="entries",
    unit="1",
    complete=("Encounter",),
)


def counted(*resources: dict[str, object], orders: object = (), whole: bool = True) -> tuple[object, ...]:
    finding = find(NSAIDS, *resources, orders=orders, complete=("MedicationRequest",) if whole else ())
    return finding.status.value, finding.low, finding.high


def test_different_ingredients_are_counted_once_each_taken_or_ordered() -> None:
    assert counted() == ("present", 0, 0)
    assert counted(medication(IBUPROFEN)) == ("present", 1, 1)
    assert counted(medication(IBUPROFEN), medication(HYDROCODONE_IBUPROFEN, name="m2")) == ("present", 1, 1)
    assert counted(medication(IBUPROFEN), medication(NAPROXEN, name="m2")) == ("present", 2, 2)
    assert counted(medication(IBUPROFEN), orders=[medication(NAPROXEN, "draft", "d1")]) == ("present", 2, 2)
    assert counted(medication(IBUPROFEN), orders=[medication(IBUPROFEN, "draft", "d1")]) == ("present", 1, 1)


def test_one_ingredient_alone_and_in_a_combination_are_two_products() -> None:
    products = fact("count", classes=("med-nsaid",), measure="products", unit="1", complete=("MedicationRequest",))

    def of(*resources: dict[str, object]) -> object:
        return find(products, *resources, complete=("MedicationRequest",)).low

    assert of(medication(IBUPROFEN), medication(HYDROCODONE_IBUPROFEN, name="m2")) == 2
    assert of(medication(IBUPROFEN), medication(IBUPROFEN, name="m2")) == 1
    assert of(medication(IBUPROFEN), medication({"text": "Advil 200 mg"}, name="m2")) == 1
    assert of(medication({"text": "hydrocodone 10 mg and ibuprofen 200 mg"}), medication(IBUPROFEN, name="m2")) == 2


def test_a_list_that_is_not_whole_counts_at_least_so_many() -> None:
    assert counted(medication(IBUPROFEN), whole=False) == ("present", 1, None)
    assert counted(whole=False) == ("unknown", None, None)


def test_a_drug_that_was_not_recognised_may_be_one_more() -> None:
    unread = medication(concept(text="house mixture no. 3"), name="m2")
    assert counted(medication(IBUPROFEN), unread) == ("present", 1, None)
    finding = find(NSAIDS, unread, complete=("MedicationRequest",))
    assert finding.status is Status.UNKNOWN
    assert "a medication that was not recognised" in notes(finding)


DAILY = fact("count", classes=("med-acetaminophen",), measure="daily-mg", unit="mg", complete=("MedicationRequest",))
TYLENOL = (RXNORM, "198440", "acetaminophen 500 MG Oral Tablet")
ACTAMIN = (RXNORM, "209368", "Acetaminophen 325 MG Oral Tablet [Actamin]")
NORCO = (RXNORM, "857002", "acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet")
Told = dict[str, object]


def dosed(code: tuple[str, str, str], tablets: float, times: int, status: str = "active", **more: object) -> Told:
    """An order of so many tablets so many times a day."""
    dosage = {
        "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": tablets, "unit": "tablet"}}],
        **({"asNeededBoolean": True} if more.pop("as_needed", False) else {}),
    }
    return medication(code, status, dosageInstruction=[dosage], **more)


def daily(*running: Told, orders: list[Told], whole: bool = True) -> tuple[object, ...]:
    """Status, and the least and the most milligrams a day."""
    finding = find(DAILY, *running, orders=orders, complete=("MedicationRequest",) if whole else ())
    return finding.status.value, finding.low, finding.high


def test_the_doses_of_all_orders_of_one_ingredient_are_added() -> None:
    four_grams = dosed(TYLENOL, 2, 4, "draft", name="d1")
    assert daily(orders=[four_grams]) == ("present", 4000, 4000)
    another = dosed(ACTAMIN, 1, 1, "draft", name="d2")
    assert daily(orders=[four_grams, another]) == ("present", 4325, 4325)
    assert daily(dosed(ACTAMIN, 1, 3), orders=[four_grams]) == ("present", 4975, 4975)


def test_a_combination_counts_with_its_share_ordered_or_running() -> None:
    three_grams = dosed(TYLENOL, 2, 3, "draft", name="d1")
    assert daily(dosed(NORCO, 1, 4), orders=[three_grams]) == ("present", 4300, 4300)
    assert daily(dosed(TYLENOL, 2, 3), orders=[dosed(NORCO, 1, 4, "draft", name="d1")]) == ("present", 4300, 4300)


@pytest.mark.parametrize(("tablets", "times", "sum_mg"), [(1, 7, 3500), (2, 4, 4000), (1, 9, 4500)])
def test_the_sum_is_exact_below_at_and_above_the_limit_of_4000_mg(tablets: int, times: int, sum_mg: int) -> None:
    assert daily(orders=[dosed(TYLENOL, tablets, times, "draft")]) == ("present", sum_mg, sum_mg)


def test_what_is_taken_as_needed_counts_with_the_most_that_is_allowed() -> None:
    assert daily(orders=[dosed(TYLENOL, 2, 4, "draft", as_needed=True)]) == ("present", 4000, 4000)


def test_a_list_that_did_not_come_leaves_the_sum_open_above() -> None:
    assert daily(orders=[dosed(TYLENOL, 2, 4, "draft")], whole=False) == ("present", 4000, None)


def test_a_dose_that_is_not_written_leaves_the_sum_open_and_alone_makes_it_unknown() -> None:
    assert daily(orders=[medication(TYLENOL, "draft")]) == ("unknown", None, None)
    assert daily(medication(ACTAMIN), orders=[dosed(TYLENOL, 2, 4, "draft", name="d1")]) == ("present", 4000, None)


def test_what_is_not_being_ordered_has_no_daily_dose_whatever_list_was_sent() -> None:
    assert daily(dosed(TYLENOL, 2, 5), orders=[medication(IBUPROFEN, "draft", "d1")]) == ("absent", None, None)
    assert daily(orders=[medication(IBUPROFEN, "draft")], whole=False) == ("absent", None, None)


def test_an_order_that_renews_a_running_product_replaces_it() -> None:
    running = dosed(TYLENOL, 2, 4)
    assert daily(running, orders=[dosed(TYLENOL, 2, 3, "draft", name="d1")]) == ("present", 3000, 3000)


def test_a_prescription_and_what_the_patient_tells_of_it_are_one_course() -> None:
    prescribed = dosed(ACTAMIN, 1, 3)
    result = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "medicationCodeableConcept": concept(ACTAMIN),
        "dosage": prescribed["dosageInstruction"],
    }
    assert daily(prescribed, result, orders=[dosed(TYLENOL, 2, 3, "draft", name="d1")]) == ("present", 3975, 3975)


def visit(on: str | None, name: str) -> dict[str, object]:
    period = {"period": {"start": on, "end": on}} if on else {}
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": "finished",
        "class": {"code": "AMB"},
        "reasonCode": [concept(SCIATICA)],
        **period,
    }


def test_entries_in_the_window_are_counted_and_uncertain_ones_widen_the_interval() -> None:
    visits = [visit("2026-11-20", "a"), visit("2026-11-01", "b"), visit("2026-01-01", "c")]
    assert find(VISITS, *visits, complete=["Encounter"]).value == 2
    open_end = find(VISITS, *visits)
    assert (open_end.low, open_end.high) == (2, None)
    uncertain = find(VISITS, *visits, visit("2026", "d"), visit(None, "e"), complete=["Encounter"])
    assert (uncertain.low, uncertain.high) == (2, 4)
    assert find(VISITS, complete=["Encounter"]).value == 0
    assert find(VISITS).status is Status.UNKNOWN


def test_a_setting_is_what_the_rule_set_says() -> None:
    always = fact("setting", setting="drug_safety_scope", equals="always")
    american = fact("setting", name="us", setting="jurisdiction", equals="us")
    other = fact("setting", name="uk", setting="jurisdiction", equals="uk")
    on = Derivation(knowledge(always, american, other, drug_safety_scope="always")).findings(record([]), NOW)
    assert [on[name].status.value for name in ("the-fact", "us", "uk")] == ["present", "present", "absent"]
    off = Derivation(knowledge(always, drug_safety_scope="in-scope")).findings(record([condition()]), NOW)
    assert off["the-fact"].status is Status.ABSENT


PLAIN = (RXNORM, "161", "acetaminophen")


def in_milligrams(dose_mg: int, times: int, status: str = "active", **more: object) -> Told:
    """An order of a drug without a strength, whose dosage tells the milligrams of one dose."""
    dosage = {
        "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": dose_mg, "unit": "mg"}}],
    }
    return medication(PLAIN, status, dosageInstruction=[dosage], **more)


def test_a_drug_without_a_strength_is_renewed_by_the_same_single_dose_and_joined_by_another() -> None:
    running = in_milligrams(500, 4)
    assert daily(running, orders=[in_milligrams(500, 6, "draft", name="d1")]) == ("present", 3000, 3000)
    assert daily(running, orders=[in_milligrams(1000, 3, "draft", name="d1")]) == ("present", 5000, 5000)
    assert daily(medication(PLAIN), orders=[in_milligrams(1000, 3, "draft", name="d1")]) == ("present", 3000, 3000)
