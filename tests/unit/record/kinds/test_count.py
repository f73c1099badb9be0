"""Count facts, and settings."""

from __future__ import annotations

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
