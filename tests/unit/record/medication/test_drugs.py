"""Drugs: recognised by code, by name, by brand, or said not to be; with route, strength and class."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.model import Code, ValueSet
from service.note import Note, NoteCode
from service.record.medication.dosage import daily_amounts
from service.record.medication.drug import Drug
from service.record.medication.drug_names import brand_of, parse_name
from service.record.medication.drug_table import DRUGS_FORMAT, DrugTable, drug_table
from service.record.medication.drugs import Drugs

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"


def a_set(name: str, *codes: tuple[str, str, str]) -> ValueSet:
    listed = tuple(
        Code(system, code, text, system == ATC, verified=True, source="test") for system, code, text in codes
    )
    return ValueSet(name, name, listed)


SETS = [
    a_set("med-nsaid", (RXNORM, "5640", "ibuprofen"), (RXNORM, "3355", "diclofenac"), (ATC, "M01A", "NSAID")),
    a_set("med-aspirin", (RXNORM, "1191", "aspirin")),
    a_set("med-acetaminophen", (RXNORM, "161", "acetaminophen")),
    a_set("med-opioid", (RXNORM, "5489", "hydrocodone"), (RXNORM, "4337", "fentanyl"), (RXNORM, "2670", "codeine")),
    a_set("med-ssri", (RXNORM, "321988", "escitalopram"), (RXNORM, "2556", "citalopram")),
    a_set("med-topical-analgesic", (RXNORM, "6387", "lidocaine"), (RXNORM, "3355", "diclofenac")),
    a_set("med-nsaid-topical-drug", (RXNORM, "855633", "diclofenac sodium 0.01 MG/MG Topical Gel")),
    a_set("cond-other", (RXNORM, "5640", "ibuprofen")),
]
DRUGS = Drugs({one.id: one for one in SETS})


def coded(code: str, display: str | None = None, text: str | None = None, system: str = RXNORM) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": text}


def ingredients(drug: Drug) -> list[str]:
    return sorted(one.name for one in drug.ingredients)


def nowhere(_reference: object, _within: object) -> None:
    return None


def made_as(text: str, form: str) -> Drug:
    return DRUGS.recognise({"resourceType": "Medication", "code": {"text": text}, "form": {"text": form}}, nowhere)


class TestRecognition:
    def test_the_form_of_a_medication_tells_its_route_where_its_name_does_not(self) -> None:
        assert made_as("diclofenac", "gel").route == "topical"
        assert made_as("diclofenac", "gel").is_local
        assert made_as("diclofenac 50 mg", "Tablet").route == "oral"

    def test_a_form_that_does_not_fit_the_name_makes_no_drug_local(self) -> None:
        assert not made_as("ibuprofen 600 MG Oral Tablet", "gel").is_local

    def test_by_the_code_of_the_ingredient(self) -> None:
        drug = DRUGS.recognise_concept(coded("5640"))
        assert ingredients(drug) == ["ibuprofen"]
        assert drug.classes == {"med-nsaid"}
        assert drug.by == "ingredient"

    @pytest.mark.parametrize(
        ("text", "strengths"),
        [
            ("hydrocodone-acetaminophen (Norco) 10-325 mg tablet", {"hydrocodone": 10, "acetaminophen": 325}),
            ("acetaminophen-codeine 300-30 mg", {"acetaminophen": 300, "codeine": 30}),
            ("hydrocodone-acetaminophen 5-325", {"hydrocodone": 5, "acetaminophen": 325}),
            ("Norco 10/325", {"hydrocodone": 10, "acetaminophen": 325}),
            ("Percocet 325/5", {"oxycodone": 5, "acetaminophen": 325}),
            ("Norco 11/325", {"hydrocodone": None, "acetaminophen": None}),
            ("Norco 325", {"hydrocodone": None, "acetaminophen": None}),
        ],
    )
    def test_a_group_of_strengths_follows_the_order_of_the_names(self, text: str, strengths: dict[str, object]) -> None:
        drug = DRUGS.recognise_concept({"text": text})
        assert {one.name: one.strength_mg for one in drug.ingredients} == strengths

    def test_a_code_without_words_is_called_by_its_ingredients(self) -> None:
        assert DRUGS.recognise_concept({"coding": [{"system": RXNORM, "code": "197806"}]}).text == "ibuprofen"

    @pytest.mark.parametrize("display", [{}, {"display": "Simvistatin 10 MG"}])
    def test_by_an_older_code_of_a_strength_alone(self, display: dict[str, str]) -> None:
        drug = DRUGS.recognise_concept({"coding": [{"system": RXNORM, "code": "316672"} | display]})
        assert (ingredients(drug), drug.recognised) == (["simvastatin"], True)

    def test_by_the_table_with_strength_and_route(self) -> None:
        drug = DRUGS.recognise_concept(coded("197806"))
        assert ingredients(drug) == ["ibuprofen"]
        assert drug.ingredients[0].strength_mg == 600
        assert (drug.route, drug.by) == ("oral", "table")

    def test_a_combination_counts_for_each_ingredient(self) -> None:
        drug = DRUGS.recognise_concept(coded("857002"))
        assert {one.name: one.strength_mg for one in drug.ingredients} == {"acetaminophen": 325, "hydrocodone": 5}
        assert drug.classes == {"med-acetaminophen", "med-opioid"}

    def test_a_product_list_is_respected(self) -> None:
        gel = DRUGS.recognise_concept(coded("855633"))
        assert "med-nsaid-topical-drug" in gel.classes
        assert gel.is_local

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("ibuprofen 600 MG Oral Tablet", ["ibuprofen"]),
            ("IBUPROFEN 600MG TABS", ["ibuprofen"]),
            ("hydrocodone-acetaminophen 5-325 mg", ["acetaminophen", "hydrocodone"]),
            ("Hydrocodone/APAP", ["acetaminophen", "hydrocodone"]),
            ("Escitalopram 10 mg", ["escitalopram"]),
            ("dihydrocodeine", ["dihydrocodeine"]),
            ("Paracetamol 500 mg tablet", ["acetaminophen"]),
            ("ASA 81 mg", ["aspirin"]),
            ("acetaminophen 325 MG Oral Tablet [Ibuprofen Free]", ["acetaminophen"]),
        ],
    )
    def test_by_name_as_whole_words(self, text: str, names: list[str]) -> None:
        drug = DRUGS.recognise_concept({"text": text})
        assert ingredients(drug) == names
        assert drug.by == "name"

    @pytest.mark.parametrize(
        "text", ["5-ASA", "aspirin-free pain reliever", "methylibuprofen", "N-codeine", "", "unknown"]
    )
    def test_a_part_of_a_word_is_no_name(self, text: str) -> None:
        drug = DRUGS.recognise_concept({"text": text})
        assert not drug.ingredients
        assert not drug.recognised

    def test_by_brand_over_all_its_products(self) -> None:
        percocet = DRUGS.recognise_concept({"text": "Percocet 5-325"})
        assert ingredients(percocet) == ["acetaminophen", "oxycodone"]
        assert percocet.by == "brand"
        assert ingredients(DRUGS.recognise_concept({"text": "Tylenol"})) == ["acetaminophen"]

    def test_by_class_code_alone(self) -> None:
        drug = DRUGS.recognise_concept(coded("M01AB16", "Aceclofenac", system=ATC))
        assert drug.classes == {"med-nsaid"}
        assert (drug.recognised, drug.by) == (True, "class")

    @pytest.mark.parametrize("code", ["00002-0152-01", "0002-0152-01", "00002015201"])
    def test_by_the_code_of_a_package(self, code: str) -> None:
        drug = DRUGS.recognise_concept(coded(code, system="http://hl7.org/fhir/sid/ndc"))
        assert ingredients(drug) == ["tirzepatide"]
        assert (drug.recognised, drug.by, drug.classes) == (True, "table", frozenset())

    def test_a_package_lies_in_the_sets_of_its_product(self) -> None:
        drug = DRUGS.recognise_concept(coded("69256-0012-35", system="http://hl7.org/fhir/sid/ndc"))
        assert "med-nsaid-topical-drug" in drug.classes

    @pytest.mark.parametrize(
        ("code", "named"),
        [
            ("1551467", ["bupropion", "naltrexone"]),
            ("214317", ["bisoprolol", "hydrochlorothiazide"]),
            ("1540229", ["ketorolac", "phenylephrine"]),
            ("1372732", ["Amlodipine", "hydrochlorothiazide", "olmesartan"]),
        ],
    )
    def test_the_code_of_a_combination_or_brand_holds_every_part(self, code: str, named: list[str]) -> None:
        assert ingredients(DRUGS.recognise_concept(coded(code))) == named

    @pytest.mark.parametrize("name", ["ustekinumab-ttwe", "26 ML ustekinumab-auub 5 MG/ML Injection"])
    def test_a_biosimilar_is_the_substance_it_copies(self, name: str) -> None:
        assert ingredients(DRUGS.recognise_concept({"text": name})) == ["ustekinumab"]

    @pytest.mark.parametrize(
        ("name", "named"),
        [
            ("Diclac 75 ID", ["diclofenac"]),
            ("Ponstan", ["mefenamic acid"]),
            ("Ortoton 750", ["methocarbamol"]),
            ("Solpadol 30/500", ["acetaminophen", "codeine"]),
            ("Micardis plus", ["hydrochlorothiazide", "telmisartan"]),
            ("Elavil 25 qhs", ["amitriptyline"]),
            ("Decortin H", ["prednisolone"]),
        ],
    )
    def test_by_a_brand_sold_elsewhere(self, name: str, named: list[str]) -> None:
        assert ingredients(DRUGS.recognise_concept({"text": name})) == named

    def test_a_package_of_an_unlisted_size_is_told_by_its_product_code(self) -> None:
        assert ingredients(DRUGS.recognise_concept(coded("00002-0152-99", system="http://hl7.org/fhir/sid/ndc"))) == [
            "tirzepatide"
        ]

    @pytest.mark.parametrize("code", ["99999-9999-99", "0002", "not a code", "9" * 5000, "12-34-56-78"])
    def test_a_package_code_that_is_none_is_not_recognised(self, code: str) -> None:
        assert not DRUGS.recognise_concept(coded(code, system="http://hl7.org/fhir/sid/ndc")).recognised

    def test_by_the_code_of_a_substance(self) -> None:
        assert ingredients(DRUGS.recognise_concept(coded("WK2XYI10QM", system="http://fdasis.nlm.nih.gov"))) == [
            "ibuprofen"
        ]

    @pytest.mark.parametrize(("unii", "name"), [("R16CO5Y76E", "aspirin"), ("362O9ITL9D", "acetaminophen")])
    def test_by_the_code_of_a_substance_that_the_table_lacks(self, unii: str, name: str) -> None:
        assert ingredients(DRUGS.recognise_concept(coded(unii, system="urn:oid:2.16.840.1.113883.4.9"))) == [name]

    def test_an_endless_code_is_no_code(self) -> None:
        drug = DRUGS.recognise_concept(coded("1" * 5000))
        assert not drug.recognised
        assert len(drug.text) < 1000

    def test_a_value_set_outside_the_drugs_gives_no_class(self) -> None:
        assert "cond-other" not in DRUGS.recognise_concept(coded("5640")).classes


class TestOtherDrugs:
    @pytest.mark.parametrize(
        "name",
        ["Xyzolin 250 MG Oral Capsule", "24 HR Zyxomin hydrochloride 500 MG Extended Release Oral Tablet"],
    )
    def test_a_full_rxnorm_name_says_what_a_drug_is_not(self, name: str) -> None:
        drug = DRUGS.recognise_concept(coded("99999999", name))
        assert (drug.recognised, drug.by, drug.classes) == (True, "other", frozenset())

    @pytest.mark.parametrize(
        "name",
        [
            "Ibuprofin 200 MG Oral Tablet",
            "Simvistatin 10 MG",
            "Pirprofen 100 MG Oral Tablet",
            "Xyzolin 28 Day Pack",
            "Xyzolin",
        ],
    )
    def test_a_name_that_could_be_one_of_ours_does_not(self, name: str) -> None:
        assert not DRUGS.recognise_concept(coded("99999999", name)).recognised

    def test_nor_does_a_full_name_without_an_rxnorm_code(self) -> None:
        assert not DRUGS.recognise_concept({"text": "Xyzolin 250 MG Oral Capsule"}).recognised

    def test_a_drug_of_no_class_is_recognised_as_such(self) -> None:
        drug = DRUGS.recognise_concept({"text": "metFORMIN (GLUCOPHAGE) 500 mg tablet"})
        assert ingredients(drug) == ["metformin"]
        assert (drug.recognised, drug.classes) == (True, frozenset())


class TestMedicationResources:
    def test_a_medication_reference_is_followed(self) -> None:
        medication = {"resourceType": "Medication", "code": coded("197806")}
        request = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/1"}}
        assert ingredients(DRUGS.recognise(request, lambda _reference, _within: medication)) == ["ibuprofen"]

    def test_one_that_was_not_sent_is_read_by_its_display_and_said(self) -> None:
        request = {
            "resourceType": "MedicationRequest",
            "medicationReference": {"reference": "x", "display": "ibuprofen"},
        }
        drug = DRUGS.recognise(request, nowhere)
        assert ingredients(drug) == ["ibuprofen"]
        assert drug.notes == (Note(NoteCode.MEDICATION_NOT_SENT),)

    def test_a_compound_lists_its_ingredients(self) -> None:
        parts = [{"itemCodeableConcept": coded("5640")}, {"itemCodeableConcept": {"text": "vehicle x"}}]
        drug = DRUGS.recognise({"resourceType": "Medication", "ingredient": parts}, nowhere)
        assert ingredients(drug) == ["ibuprofen"]
        assert not drug.recognised

    def test_the_ordered_route_counts(self) -> None:
        request = {
            "resourceType": "MedicationRequest",
            "medicationCodeableConcept": {"text": "diclofenac"},
            "dosageInstruction": [{"route": {"text": "Apply to skin"}}],
        }
        assert DRUGS.recognise(request, nowhere).is_local

    def test_a_route_that_does_not_fit_the_product_counts_as_systemic(self) -> None:
        request = {
            "resourceType": "MedicationRequest",
            "medicationCodeableConcept": coded("855633"),
            "dosageInstruction": [{"route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}}],
        }
        drug = DRUGS.recognise(request, nowhere)
        assert not drug.is_local
        assert drug.notes == (Note(NoteCode.ROUTE_DOES_NOT_FIT),)

    @pytest.mark.parametrize(
        ("text", "is_local"),
        [
            ("lidocaine 5% patch", True),
            ("fentanyl 25 mcg/hr patch", False),
            ("diclofenac 1% gel", True),
            ("diclofenac 0.1% ophthalmic solution", True),
            ("diclofenac 50 mg tablet", False),
            ("diclofenac", False),
        ],
    )
    def test_local_drugs_are_told_from_systemic_ones(self, text: str, is_local: bool) -> None:
        assert DRUGS.recognise_concept({"text": text}).is_local is is_local

    def test_no_medication_at_all_is_not_recognised(self) -> None:
        drug = DRUGS.recognise({"resourceType": "MedicationRequest"}, nowhere)
        assert not drug.recognised
        assert drug.text == ""


def request(code: str, dose: object, timing: object, **more: object) -> dict[str, Any]:
    dosage = {"doseAndRate": [dose], "timing": timing, **more}
    return {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": coded(code),
        "dosageInstruction": [dosage],
    }


def dose(value: object, unit: str) -> dict[str, Any]:
    return {"doseQuantity": {"value": value, "unit": unit}}


THREE_A_DAY = {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}


class TestDailyDose:
    def daily(self, resource: dict[str, Any], name: str = "ibuprofen") -> tuple[Decimal | None, Decimal | None] | None:
        drug = DRUGS.recognise(resource, nowhere)
        ingredient = next(one for one in drug.ingredients if one.name == name)
        amount = drug.daily_mg(ingredient, daily_amounts(resource))
        return None if amount is None else (amount.low, amount.high)

    def test_tablets_times_strength(self) -> None:
        assert self.daily(request("197806", dose(1, "tablet"), THREE_A_DAY)) == (1800, 1800)

    def test_milligrams_are_milligrams(self) -> None:
        assert self.daily(request("197806", dose(800, "mg"), THREE_A_DAY)) == (2400, 2400)

    def test_every_six_to_eight_hours_is_a_range(self) -> None:
        timing = {"repeat": {"period": 6, "periodMax": 8, "periodUnit": "h"}}
        assert self.daily(request("197806", dose(1, "{tablet}"), timing)) == (1800, 2400)

    def test_one_to_two_tablets_is_a_range(self) -> None:
        span = {"doseRange": {"low": {"value": 1, "unit": "tab"}, "high": {"value": 2, "unit": "tab"}}}
        assert self.daily(request("197806", span, THREE_A_DAY)) == (1800, 3600)

    def test_as_needed_is_one_dose_at_least(self) -> None:
        assert self.daily(request("197806", dose(1, "tablet"), THREE_A_DAY, asNeededBoolean=True)) == (600, 1800)

    def test_the_most_that_is_allowed_caps_it(self) -> None:
        limit = {"numerator": {"value": 2, "unit": "tablet"}, "denominator": {"value": 1, "unit": "d"}}
        assert self.daily(request("197806", dose(1, "tablet"), THREE_A_DAY, maxDosePerPeriod=limit)) == (1200, 1200)

    def test_the_most_that_is_allowed_tells_where_nothing_else_does(self) -> None:
        limit = {"numerator": {"value": 4800, "unit": "mg"}, "denominator": {"value": 1, "unit": "d"}}
        order = request("197806", {}, {}, maxDosePerPeriod=limit, asNeededBoolean=True)
        order["dosageInstruction"][0].pop("doseAndRate")
        assert self.daily(order) == (0, 4800)

    def test_a_timing_code_will_do(self) -> None:
        timing = {"code": {"coding": [{"code": "BID"}]}}
        assert self.daily(request("197806", dose(1, "tablet"), timing)) == (1200, 1200)

    def test_steps_of_a_taper_lie_between_least_and_most(self) -> None:
        taper = request("197806", dose(2, "tablet"), THREE_A_DAY, sequence=1)
        taper["dosageInstruction"].append(
            {**taper["dosageInstruction"][0], "doseAndRate": [dose(1, "tablet")], "sequence": 2}
        )
        assert self.daily(taper) == (1800, 3600)

    def test_doses_side_by_side_add_up(self) -> None:
        both = request("197806", dose(1, "tablet"), {"code": {"coding": [{"code": "AM"}]}})
        both["dosageInstruction"].append(
            {"doseAndRate": [dose(2, "tablet")], "timing": {"code": {"coding": [{"code": "PM"}]}}}
        )
        assert self.daily(both) == (1800, 1800)

    def test_a_patch_gives_its_strength_by_the_hour(self) -> None:
        timing = {"repeat": {"frequency": 1, "period": 3, "periodUnit": "d"}}
        assert self.daily(request("197696", dose(1, "patch"), timing), "fentanyl") == (Decimal("1.8"), Decimal("1.8"))

    @pytest.mark.parametrize(
        "resource",
        [
            request("197806", {"doseQuantity": {"value": 1}}, THREE_A_DAY),
            request("197806", dose(1, "spoonful"), THREE_A_DAY),
            request("197806", dose(1, "tablet"), {}),
            request("197806", dose(1, "tablet"), {"repeat": {"frequency": 3}}),
            request("5640", dose(1, "tablet"), THREE_A_DAY),
            request("857002", dose(5, "mg"), THREE_A_DAY),
        ],
    )
    def test_what_cannot_be_computed_is_not_guessed(self, resource: dict[str, Any]) -> None:
        name = DRUGS.recognise(resource, nowhere).ingredients[0].name
        assert self.daily(resource, name) is None


class TestNames:
    def test_a_name_is_taken_apart(self) -> None:
        parsed = parse_name("12 HR aspirin 25 MG / dipyridamole 200 MG Extended Release Oral Capsule [Aggrenox]")
        assert [(one.name, one.strength_mg) for one in parsed.components] == [("aspirin", 25), ("dipyridamole", 200)]
        assert parsed.is_complete
        assert brand_of("aspirin 25 MG Oral Tablet [Bayer]") == "Bayer"

    def test_micrograms_and_rates_are_read(self) -> None:
        (one,) = parse_name("72 HR fentanyl 0.075 MG/HR Transdermal System").components
        assert (one.strength_mg, one.per) == (Decimal("0.075"), "HR")
        assert parse_name("levothyroxine 75 mcg tablet").components[0].strength_mg == Decimal("0.075")

    def test_units_are_no_milligrams(self) -> None:
        assert parse_name("heparin sodium 5000 UNT/ML Injection").components[0].strength_mg is None


class TestTable:
    def test_the_shipped_tables_are_small(self, project: Path) -> None:
        data = project / "service" / "record" / "medication" / "data"
        assert sum(file.stat().st_size for file in data.glob("rxnorm-*.gz")) < 1_000_000
        drug_table.cache_clear()
        tracemalloc.start()
        try:
            table = drug_table()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(table) > 28_000
        assert held < 5_000_000

    def test_every_drug_of_the_table_can_be_read(self) -> None:
        table = drug_table()
        for rxcui in table.codes:
            row = table.drug(rxcui)
            assert row is not None
            assert row.parts
            assert all(part.rxcui in table.ingredients or part.rxcui.startswith("~") for part in row.parts)

    def test_another_format_is_refused(self) -> None:
        with pytest.raises(ValueError, match=DRUGS_FORMAT):
            DrugTable(b"something else 0\n", "")

    def test_what_is_no_code_is_not_found(self) -> None:
        assert drug_table().drug("A12") is None
        assert drug_table().drug("1") is None
        assert drug_table().brand("no such brand") is None


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.sampled_from(["d", "tablet", "197806", RXNORM]),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *(
                            "medicationCodeableConcept",
                            "medicationReference",
                            "dosageInstruction",
                            "doseAndRate",
                            "timing",
                        ),
                        *(
                            "repeat",
                            "period",
                            "periodUnit",
                            "doseQuantity",
                            "value",
                            "unit",
                            "coding",
                            "code",
                            "text",
                            "route",
                        ),
                    ]
                ),
                inner,
            )
        ),
        max_leaves=20,
    )
)
def test_odd_resources_never_raise(value: object) -> None:
    resource = {"resourceType": "MedicationRequest", "medicationCodeableConcept": value, "dosageInstruction": value}
    drug = DRUGS.recognise(resource, nowhere)
    known = DRUGS.recognise_concept(coded("197806"))
    known.daily_mg(known.ingredients[0], daily_amounts(resource))
    assert isinstance(drug.text, str)


@pytest.mark.parametrize(
    ("text", "is_recognised"),
    [
        ("Orphenadrine compound", False),
        ("Carisoprodol Compound-Codeine", False),
        ("Ramipril comp", False),
        ("Telmisartan plus", False),
        ("Co-Diovan", False),
        ("Orphenadrine 100 mg", True),
        ("Ramipril 5 mg plus hydrochlorothiazide 12.5 mg", True),
        ("Co-codamol", True),
        ("Hyzaar", True),
    ],
)
def test_a_word_for_a_further_part_leaves_the_drug_half_read(text: str, is_recognised: bool) -> None:
    assert DRUGS.recognise_concept({"text": text}).recognised is is_recognised
