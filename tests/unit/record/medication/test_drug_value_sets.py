"""Every entry of every drug value set is found: by its code, by its name, and by its name as it stands on a label."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.knowledge.model import Code
from service.record.medication.drugs import Drug, Drugs
from service.record.medication.entry import with_all_classes
from service.record.values.coding import CodeIndex
from tests.shipped import shipped_knowledge

RULES = Path(__file__).resolve().parents[4] / "rules"
KNOWLEDGE = shipped_knowledge()
DRUGS = Drugs(KNOWLEDGE.value_sets)
INDEX = CodeIndex(KNOWLEDGE.value_sets, KNOWLEDGE.danger_terms, KNOWLEDGE.other_words)
BY_CODE = {"http://www.nlm.nih.gov/research/umls/rxnorm", "urn:sciatica-cds:code"}
ENTRIES = [
    pytest.param(value_set.id, code, id=f"{value_set.id}: {code.display}")
    for value_set in KNOWLEDGE.value_sets.values()
    if value_set.id.startswith(("med-", "local-med-"))
    for code in value_set.codes
    if code.verified and code.system in BY_CODE
]


def is_product(code: Code) -> bool:
    return any(map(str.isdigit, code.display))


def recognised(concept: dict[str, object]) -> Drug:
    return with_all_classes(DRUGS.recognise_concept(concept), INDEX)


def test_there_are_entries() -> None:
    assert len(ENTRIES) > 400


@pytest.mark.parametrize(("value_set", "code"), ENTRIES)
def test_an_entry_is_found_by_code_and_by_name(value_set: str, code: Code) -> None:
    by_code = recognised({"coding": [{"system": code.system, "code": code.code}]})
    assert value_set in by_code.classes
    assert by_code.recognised
    by_name = recognised({"text": code.display})
    on_a_label = by_name if is_product(code) else recognised({"text": f"{code.display.upper()} 10 MG TABLET"})
    # A set of products (gels, eye drops) is told by ingredient and route where only the name is known.
    wanted = {one.rxcui for one in by_code.ingredients} if is_product(code) else {code.code}
    for drug in (by_name, on_a_label):
        assert drug.recognised
        assert not wanted or wanted & {one.rxcui for one in drug.ingredients}
        assert is_product(code) or value_set in drug.classes
    if is_product(code) and by_code.is_local:
        assert by_name.is_local


@pytest.mark.parametrize(
    ("name", "value_set"),
    [
        ("Dabigatran 150 mg capsule", "med-anticoagulant"),
        ("Nicoumalone 1 mg", "med-anticoagulant"),
        ("Mycophenolate 500 mg tablet", "med-immunosuppressant"),
        ("Mycophenolate sodium 360 mg", "med-immunosuppressant"),
        ("Certolizumab 200 mg/mL", "med-immunosuppressant"),
        ("Enalaprilat 1.25 mg/mL", "med-ace-inhibitor"),
        ("Quinaprilat", "med-ace-inhibitor"),
        ("Ethacrynate sodium 50 mg", "med-diuretic"),
        ("Mefenamate", "med-nsaid-nonselective"),
        ("Meclofenamic acid 100 mg", "med-nsaid-nonselective"),
        ("Lysine acetylsalicylate 500 mg", "med-aspirin"),
        ("Choline magnesium trisalicylate 500 mg", "med-salicylate-nonacetylated"),
        ("Zoledronate 5 mg", "med-bone-antiresorptive"),
        ("Clorazepic acid 10 mg", "med-benzodiazepine"),
    ],
)
def test_the_base_of_an_ester_or_salt_and_the_reverse_are_the_same_drug(name: str, value_set: str) -> None:
    drug = recognised({"text": name})
    assert drug.recognised
    assert value_set in drug.classes


@pytest.mark.parametrize(
    ("concept", "is_local"),
    [
        ({"text": "Sprix nasal spray"}, False),
        ({"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1006103"}]}, False),
        ({"text": "ketorolac nasal"}, False),
        ({"text": "fluticasone nasal spray"}, True),
        ({"text": "ketorolac ophthalmic solution"}, True),
    ],
)
def test_a_nasal_nsaid_acts_on_the_whole_body(concept: dict[str, object], is_local: bool) -> None:
    assert recognised(concept).is_local is is_local


@pytest.mark.parametrize("brand", ["Nurofen", "Advil", "Voltaren"])
@pytest.mark.parametrize(
    "coding",
    [
        {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "161", "display": "acetaminophen"},
        {"system": "http://www.whocc.no/atc", "code": "N02BE01", "display": "paracetamol"},
        {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "313782"},
    ],
)
def test_a_brand_of_another_drug_beside_a_code_names_that_drug_too(coding: dict[str, str], brand: str) -> None:
    drug = recognised({"coding": [coding], "text": brand})
    assert {"med-acetaminophen", "med-nsaid-nonselective"} <= drug.classes


def test_a_brand_beside_its_own_drug_adds_nothing() -> None:
    paracetamol = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "161", "display": "acetaminophen"}
    assert len(recognised({"coding": [paracetamol], "text": "Tylenol"}).ingredients) == 1
