"""Drug texts: what is read from names as people and systems write them, what is not, and what is said of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.record.medication.drug_spelling import plain
from service.record.notes import text_of
from service.record.values.tidy import tidied
from tests.thoroughness import examples
from tests.unit.record.medication.test_drug_value_sets import recognised

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
FREQUENT_IN_THE_US = {
    "METOPROLOL SUCC ER 50 MG TAB": "metoprolol",
    "ASA 81": "aspirin",
    "HCTZ 25mg": "hydrochlorothiazide",
    "oxyCODONE-acetaminophen 5-325": "acetaminophen oxycodone",
    "HYDROCODON-ACETAMINOPHN 5-325": "acetaminophen hydrocodone",
    "Norco 5/325": "acetaminophen hydrocodone",
    "ACETAMINOPHEN-COD #3 TABLET": "acetaminophen codeine",
    "Tylenol with codeine": "acetaminophen codeine",
    "Tylenol #3": "acetaminophen codeine",
    "APAP/codeine 300-30": "acetaminophen codeine",
    "Lisinopril 10mg daily": "lisinopril",
    "LISINOPRIL-HCTZ 20-12.5 MG TAB": "hydrochlorothiazide lisinopril",
    "TRIAMTERENE-HCTZ 37.5-25 MG": "hydrochlorothiazide triamterene",
    "LOSARTAN POT 50 MG": "losartan",
    "HYDROCHLOROTHIAZ 25 MG": "hydrochlorothiazide",
    "amLODIPine besylate 5 mg": "amlodipine",
    "warfarin (Coumadin) 5 mg tablet": "warfarin",
    "bupropion (WELLBUTRIN XL) 150 mg 24 hr tablet": "bupropion",
    "metFORMIN (GLUCOPHAGE) 500 mg tablet": "metformin",
    "Lithium carbonate 300 mg": "lithium carbonate",
    "enoxaparin 40 mg/0.4 mL syringe": "enoxaparin",
    "EC-Naprosyn": "naproxen",
    "Advil PM": "diphenhydramine ibuprofen",
    "Ibuprofen 200 mg liqui-gel": "ibuprofen",
    "potassium chloride ER 20 mEq": "potassium chloride",
    "Augmentin 875-125": "amoxicillin clavulanate",
    "Vitamin B12 1000 mcg": "vitamin b12",
    "Multivitamin": "multivitamin",
    "TRAMADOL HCL 50 MG TABLET": "tramadol",
    "Hydrocodone bitartrate 10 mg and ibuprofen 200 mg oral tablet": "hydrocodone ibuprofen",
}
ABROAD = {
    "Ibuprofen 600 mg 1-0-1": "ibuprofen",
    "Diclofenac 75 mg retard 1-0-0-1": "diclofenac",
    "Ibuprofen 400 mg bei Bedarf": "ibuprofen",
    "Pantoprazol 40 mg 1/2-0-0": "pantoprazole",
    "Ibuprofène 400 mg comprimé": "ibuprofen",
    "ibuprofeno 600 mg": "ibuprofen",
    "Ibuprofen-ratiopharm 600 mg Filmtabletten": "ibuprofen",
    "Diclofenac-Natrium 50 mg": "diclofenac",
    "diclofenaco sódico 50 mg": "diclofenac",
    "Metoprololsuccinat 47,5 mg": "metoprolol",
    "hidroclorotiazida 25 mg": "hydrochlorothiazide",
    "Acetylsalicylsäure 100 mg": "aspirin",
    "acide acétylsalicylique 75 mg": "aspirin",
    "ácido acetilsalicílico 100 mg": "aspirin",
    "Mefenaminsäure 500 mg": "mefenamic acid",
    "warfarina 5 mg": "warfarin",
    "Phenprocoumon 3 mg": "phenprocoumon",
    "Marcoumar": "phenprocoumon",
    "acenocumarol 4 mg": "acenocoumarol",
    "Torasemid 10 mg": "torsemide",
    "chlortalidone 25 mg": "chlorthalidone",
    "espironolactona 25 mg": "spironolactone",
    "litio carbonato 300 mg": "lithium",
    "Lithiumcarbonat 450 mg": "lithium",
    "morfina 10 mg": "morphine",
    "Co-codamol 30/500": "acetaminophen codeine",
    "paracetamol 1 g": "acetaminophen",
    "Sirdalud 4 mg": "tizanidine",
}


def named(text: str) -> list[str]:
    return sorted(one.name.lower() for one in recognised({"text": text}).ingredients)


@pytest.mark.parametrize(("text", "ingredients"), (FREQUENT_IN_THE_US | ABROAD).items())
def test_a_name_as_it_is_written_is_read_whole(text: str, ingredients: str) -> None:
    assert " ".join(named(text)) == ingredients
    assert recognised({"text": text}).recognised


@pytest.mark.parametrize(
    ("text", "found", "unrecognised"),
    [
        ("xyzolin 100 mg / paracetamol 325 mg tablet", ["acetaminophen"], ("xyzolin",)),
        ("paracetamol 325 mg / xyzolin 100 mg tablet", ["acetaminophen"], ("xyzolin",)),
        ("Paracetamol 325 mg + Xyzolin 100 mg", ["acetaminophen"], ("xyzolin",)),
        ("paracetamol 325 mg, xyzolin 100 mg", ["acetaminophen"], ("xyzolin",)),
        ("paracetamol 325 mg xyzolin 100 mg", ["acetaminophen"], ("xyzolin",)),
        ("paracetamol and xyzolin", ["acetaminophen"], ("xyzolin",)),
        ("xyzolin-acetaminophen 5-325", ["acetaminophen"], ()),
        ("xyzprofen, paracetamol", ["acetaminophen"], ("xyzprofen",)),
        ("xyzolin in water 100 mg", ["water"], ("xyzolin",)),
        ("metformin, xyzolin", ["metformin"], ("xyzolin",)),
        ("paracetamol, combinations", ["acetaminophen"], ("combinations",)),
    ],
)
def test_a_combination_read_by_half_is_known_to_be_so(
    text: str, found: list[str], unrecognised: tuple[str, ...]
) -> None:
    drug = recognised({"text": text})
    assert named(text) == found
    assert not drug.recognised
    assert drug.unrecognised == unrecognised


@pytest.mark.parametrize(
    "text",
    [
        *("lithium battery", "blood glucose test strips", "influenza vaccine 2026", "heparin-coated stent"),
        *("aspirin-free pain reliever", "aspirin free", "no aspirin", "avoid ibuprofen", "without codeine"),
        *("peanut butter", "latex gloves", "shellfish", "bee sting", "codfish", "bananas", "compression stockings"),
        *("dragon fruit", "Genesis chair", "perform exercises"),
        *("5-ASA", "N-codeine", "methylibuprofen", "soy milk", "salmon", "pollen", "unknown", "see list", "w", ""),
    ],
)
def test_what_is_no_drug_of_a_class_is_not_taken_for_one(text: str) -> None:
    classes = {name for name in recognised({"text": text}).classes if "med-" in name}
    assert classes == set()


@pytest.mark.parametrize("text", ["xyzolin 40 mg syringe", "xyzolin syringe", "xyzolin stent", "x" * 700])
def test_what_may_be_a_drug_is_not_taken_for_a_device(text: str) -> None:
    assert not recognised({"text": text}).recognised


def test_a_drug_given_for_a_device_is_the_drug() -> None:
    assert named("clopidogrel for stent") == ["clopidogrel"]
    assert named("enoxaparin syringe") == ["enoxaparin"]


@pytest.mark.parametrize("text", ["influenza vaccine", "pen needles", "blood glucose test strips", "alcohol swabs"])
def test_supplies_and_vaccines_are_known_to_be_something_else(text: str) -> None:
    assert recognised({"text": text}).recognised


def test_what_is_cut_off_may_name_anything() -> None:
    drug = recognised({"text": "ibuprofen " + "and caffeine " * 60})
    assert "ibuprofen" in {one.name for one in drug.ingredients}
    assert not drug.recognised


def test_words_beside_a_code_add_an_ingredient_and_take_none_away() -> None:
    coding = {"system": RXNORM, "code": "855332"}
    assert named("warfarin 5 mg") == ["warfarin"]
    both = recognised({"coding": [coding], "text": "warfarin, ibuprofen"})
    assert {one.name for one in both.ingredients} == {"warfarin", "ibuprofen"}
    assert any("ibuprofen" in text_of(note) for note in both.notes)


@pytest.mark.parametrize("text", ["Ibuprofin 200 mg", "Warferin 5 mg", "Metoprolal 50 mg"])
def test_a_misspelt_name_is_not_recognised(text: str) -> None:
    assert not recognised({"text": text}).recognised


@pytest.mark.parametrize("text", ["Metamizol 500 mg", "Novaminsulfon 500 mg", "Novalgin"])
def test_a_drug_whose_class_is_disputed_is_not_recognised(text: str) -> None:
    assert not recognised({"text": text}).recognised


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        ("Voltaren Emulgel", True),
        ("Voltaren 1 % gel", True),
        ("Prolensa", True),
        ("Bromfenac Augentropfen", True),
        ("diclofénac collyre 0,1 %", True),
        ("Ibuprofen Schmerzgel", True),
        ("Advil Liqui-Gels", False),
        ("ibuprofen 200 mg gel cap", False),
        ("ibuprofen softgel 200 mg", False),
        ("Voltaren 50 mg tablet", False),
        ("nepafenac 0.1 %", True),
        ("bromfenac", True),
        ("bromfenac 25 mg capsule", False),
        ("diclofenac", False),
    ],
)
def test_what_stays_on_the_skin_or_in_the_eye_is_told_by_its_name(text: str, is_local: bool) -> None:
    assert recognised({"text": text}).is_local is is_local


@pytest.mark.parametrize(("code", "route"), [("S01BC11", "ophthalmic"), ("M02AA15", "topical"), ("M01AB05", None)])
def test_an_atc_group_tells_the_route(code: str, route: str | None) -> None:
    coding = {"system": "http://www.whocc.no/atc", "code": code, "display": "diclofenac"}
    assert recognised({"coding": [coding]}).route == route


@pytest.mark.parametrize(
    ("text", "strengths"),
    [
        ("ASA 81 mg", [("81", "")]),
        ("Acetylsalicylsäure 1 g", [("1000", "")]),
        ("acetaminophen 1,000 mg", [("1000", "")]),
        ("Metoprololsuccinat 47,5 mg", [("47.5", "")]),
        ("hydrocodone bitartrate 10 mg and ibuprofen 200 mg", [("10", ""), ("200", "")]),
        ("ibuprofen 100 mg/5 mL suspension", [("20", "ML")]),
        ("fentanyl 25 mcg/hr patch", [("0.025", "HR")]),
        ("lidocaine 5% patch", [None]),
        ("ASA 81", [None]),
        ("ibuprofen 400 mg 800 mg", [None]),
    ],
)
def test_the_strength_beside_a_name_is_read(text: str, strengths: list[tuple[str, str] | None]) -> None:
    drug = recognised({"text": text})
    result = {
        one.name: None if one.strength_mg is None else (str(one.strength_mg), one.per) for one in drug.ingredients
    }
    assert [result[name] for name in sorted(result)] == strengths


@pytest.mark.parametrize(
    ("concept", "is_recognised"),
    [
        ({"text": "No known current medicines"}, True),
        ({"text": "None"}, True),
        ({"coding": [{"system": IPS, "code": "no-known-medications"}]}, True),
        ({"coding": [{"system": IPS, "code": "no-medication-info", "display": "No information"}]}, False),
        ({"text": "no known allergy to aspirin"}, False),
    ],
)
def test_nothing_taken_is_an_answer_and_no_information_is_none(concept: dict[str, object], is_recognised: bool) -> None:
    drug = recognised(concept)
    assert drug.recognised is is_recognised
    assert drug.classes == frozenset()


@pytest.mark.parametrize(
    ("text", "ingredients", "is_complete"),
    [
        ("Reaptan 10 mg/10 mg (perindopril arginine/amlodipine) tablet", ["amlodipine", "perindopril"], True),
        ("Xyzolin (ibuprofen)", ["ibuprofen"], True),
        ("Xyzolin 100 mg (with paracetamol 325 mg)", ["acetaminophen"], False),
        ("paracetamol / xyzolin (caffeine)", ["acetaminophen", "caffeine"], False),
        ("Xyzprofen (caffeine)", ["caffeine"], False),
    ],
)
def test_brackets_that_name_the_ingredients_explain_a_brand(
    text: str, ingredients: list[str], is_complete: bool
) -> None:
    assert named(text) == ingredients
    assert recognised({"text": text}).recognised is is_complete


DANGEROUS = ("ibuprofen", "aceclofenac", "warfarin", "phenprocoumon", "tizanidine", "oxycodone", "lithium carbonate")
HARMLESS = ("paracetamol", "caffeine", "xyzolin", "amoxicillin")
JOINERS = (" / ", "/", " + ", " and ", ", ", " und ", " et ", " with ", "; ")


@settings(max_examples=examples(200))
@given(
    dangerous=st.sampled_from(DANGEROUS),
    others=st.lists(st.sampled_from(HARMLESS), min_size=1, max_size=3, unique=True),
    joiner=st.sampled_from(JOINERS),
    place=st.integers(0, 3),
    strengths=st.booleans(),
    form=st.sampled_from(("", " tablet", " oral tablet", " CAPS")),
)
def test_joining_and_splitting_never_makes_a_danger_absent(
    dangerous: str, others: list[str], joiner: str, place: int, strengths: bool, form: str
) -> None:
    parts = [*others[:place], dangerous, *others[place:]]
    result = [f"{part} {10 * (at + 1)} mg" if strengths else part for at, part in enumerate(parts)]
    alone = recognised({"text": dangerous}).classes
    for drug in (
        recognised({"text": joiner.join(result) + form}),
        recognised({"text": result[min(place, len(others))]}),
    ):
        assert alone <= drug.classes


CODED = {"855332": "warfarin sodium 5 MG Oral Tablet", "310965": "ibuprofen 200 MG Oral Tablet", "1364430": "apixaban"}
SYSTEMS = (
    *(RXNORM, None, "urn:oid:1.2.3.4", "http://snomed.info/sct", "http://www.whocc.no/atc", "http://example.org/drugs"),
    *("http://hl7.org/fhir/sid/ndc", "http://fdasis.nlm.nih.gov", "http://www.ama-assn.org/go/cpt"),
)


@pytest.mark.parametrize("code", CODED)
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("words", ["display", "text", "neither", "house name"])
def test_a_drug_in_another_coding_is_the_same_drug_or_not_recognised(code: str, system: str | None, words: str) -> None:
    danger = {name for name in recognised({"text": CODED[code]}).classes if "med-" in name}
    coding = {"system": system, "code": code, "display": CODED[code] if words == "display" else None}
    text = {"text": CODED[code], "house name": "house drug no. 3"}.get(words)
    drug = recognised({"coding": [coding], "text": text})
    assert danger <= drug.classes or not drug.recognised


@settings(max_examples=examples(300))
@given(st.text(max_size=400))
def test_no_text_is_too_odd(text: str) -> None:
    drug = recognised({"text": text})
    assert tidied(text.replace("_", " ")).startswith(drug.text)
    assert all(word in plain(text) for word in drug.unrecognised)
