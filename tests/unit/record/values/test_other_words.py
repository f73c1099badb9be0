"""Other words: an entry in words alone is read only when each of its parts names something that is known."""

from __future__ import annotations

import pytest

from service.knowledge.model import Knowledge
from service.record.derive import Derivation
from service.record.values.coding import CodeIndex
from tests.thoroughness import some_of

SNOMED = "http://snomed.info/sct"


@pytest.fixture(scope="module")
def index(knowledge: Knowledge) -> CodeIndex:
    return Derivation(knowledge).matcher.index


@pytest.mark.parametrize(
    "words",
    [
        *("Open heart surgery", "Heart trouble", "Bad liver", "Low GFR", "EF 30%", "Fluid on the lungs", "GU"),
        *("Tumour of breast", "Lump in breast", "Mass in lung", "Under oncology", "Chemotherapy", "Terminal"),
        *("On warfarin", "Blood clots", "INR clinic", "Mechanical mitral valve", "DVT", "Easy bruising"),
        *("CES red flags", "Off legs", "Unsteady gait", "Numb groin", "Bladder trouble", "Cervical myelopathy"),
        *("Back surgery", "Spinal fusion", "Laminectomy", "Implant", "Metal in eye", "Insulin pump"),
        *("Fits", "Blackouts", "Brittle bones", "Fell", "Trauma", "On steroids", "G3P2", "EDD 12/1/2027", "RA"),
        *("Hypertension, legs feel funny", "Eczema and a funny turn", "Sciatica; under cardiology", "Left", "Stable"),
        *(
            "Osteopenia",
            "Syncope",
            "Fracture of hip",
            "Alcohol use",
            "Chest infection",
        ),
        *("Wife says he is not himself", "XQ7", "Diskushernie", "Gicht und Herzleiden"),
    ],
)
def test_words_that_name_nothing_known_are_not_read_as_a_problem(index: CodeIndex, words: str) -> None:
    assert not index.is_entry_read("Condition", {"text": words})


@pytest.mark.parametrize(
    "words",
    [
        *("Hypertension", "GERD", "Left knee osteoarthritis", "OA knees", "Ingrown toenail", "Hay fever since 2019"),
        *("Seasonal allergies", "ADHD", "PCOS", "Carpal tunnel syndrome, right", "Broken finger", "Vocal cord nodules"),
        *("Hypothyroidism, well controlled", "Smoker", "Annual review", "Dupuytren's contracture", "Tension headache"),
        *("Appendicectomy 1998", "Cholecystectomy", "Sciatica with eczema", "Low back pain radiating to left leg"),
        *(
            "Never smoked tobacco",
            "Telephone consultation",
            "Did not attend",
            "Retinal screening",
            "Fracture of radius",
        ),
        *("Seborrheic keratosis", "Cerumen impaction", "Screening for colon cancer", "Family history of heart disease"),
        *("No kidney disease", "Mother had breast cancer", "Donor of kidney", "s/p coronary artery bypass"),
    ],
)
def test_words_that_name_something_known_are_read_as_a_problem(index: CodeIndex, words: str) -> None:
    assert index.is_entry_read("Condition", {"text": words})


@pytest.mark.parametrize(
    ("words", "is_read"),
    [
        *((words, False) for words in ("Open heart surgery", "Back surgery", "Kidney transplant", "Operation", "Op")),
        *((words, True) for words in ("Laminectomy L4/5", "Coronary artery bypass", "Cataract surgery", "CBC")),
        *((words, True) for words in ("Appendectomy", "Flu vaccination", "Colonoscopy 2019", "Chest X-ray")),
    ],
)
def test_a_procedure_in_words_alone_is_read_by_what_is_looked_for_among_procedures(
    index: CodeIndex, words: str, is_read: bool
) -> None:
    assert index.is_entry_read("Procedure", {"text": words}) is is_read


def test_a_code_of_a_public_system_needs_no_known_words(index: CodeIndex) -> None:
    coding = {"system": SNOMED, "code": "224299000", "display": "Received higher education"}
    assert index.is_entry_read("Condition", {"coding": [coding]})
    assert not index.is_entry_read("Condition", {"coding": [coding | {"system": "urn:site", "display": "Odd finding"}]})


def test_no_term_of_a_value_set_is_taken_for_something_else(knowledge: Knowledge) -> None:
    """What the rules look for by its code is, in the words of that code alone, found or not read."""
    matcher = Derivation(knowledge).matcher
    asked = matcher.asked["Condition"] & knowledge.value_sets.keys()
    terms = {code.display for name in asked for code in knowledge.value_sets[name].codes if len(code.display) > 2}
    lost = [
        term
        for term in some_of(sorted(terms), 400)
        if matcher.index.match({"text": term}).all_sets.isdisjoint(asked)
        and matcher.index.is_entry_read("Condition", {"text": term})
    ]
    assert not lost


@pytest.mark.parametrize(
    ("words", "value_set"),
    [
        *((words, "cond-heart-failure") for words in ("HF on treatment", "Known CCF", "poor LV function", "low EF")),
        *((words, "cond-arrhythmia-heart-block") for words in ("known AF", "PAF", "AF, rate controlled")),
        *((words, "cond-ischaemic-heart-disease") for words in ("MI 2019", "NSTEMI, stable", "cardiac stents")),
        *((words, "cond-malignancy-active") for words in ("Ca prostate", "ca of the breast", "CLL", "DLBCL in 2024")),
        *((words, "cond-cauda-equina-syndrome") for words in ("CES", "CE syndrome", "CESI")),
        *((words, "local-cond-saddle-numbness") for words in ("numb down below", "can't feel when wiping")),
        *((words, "cond-urinary-retention") for words in ("can't pee", "not passing urine", "unable to pass water")),
        *((words, "local-cond-leg-weakness") for words in ("Legs giving way", "weak left leg", "dragging foot")),
        *((words, "local-cond-trauma-major") for words in ("MVA yesterday", "RTC last week", "RTA")),
        *((words, "cond-vertebral-fracture") for words in ("L1 fx", "#L1", "crush fracture", "VCF")),
        *((words, "cond-gi-bleeding") for words in ("UGIB", "black tarry stools", "PR bleed", "blood in stool")),
        *((words, "cond-pregnancy") for words in ("32/40", "G2P1 at 28 weeks", "IUP", "positive pregnancy test")),
        *((words, "device-cardiac-implant") for words in ("PPM in situ", "ICD in situ", "CRT-D", "loop recorder")),
        *((words, "cond-hepatic-impairment") for words in ("hep C", "fatty liver", "ALD")),
    ],
)
def test_the_short_words_of_a_clinic_are_found(index: CodeIndex, words: str, value_set: str) -> None:
    assert value_set in index.match({"text": words}).sets


@pytest.mark.parametrize(
    ("words", "value_set"),
    [
        ("Hay fever (HF)", "cond-heart-failure"),
        ("Chf clinic letter", "cond-heart-failure"),
        ("aft", "cond-arrhythmia-heart-block"),
        ("Congenital heart disease (CHD)", "cond-ischaemic-heart-disease"),
        ("Ca supplement", "cond-malignancy-active"),
        ("CES red flags discussed", "cond-cauda-equina-syndrome"),
        ("No CES", "cond-cauda-equina-syndrome"),
        ("Knee giving way", "local-cond-leg-weakness"),
        ("Distal RTA", "local-cond-trauma-major"),
        ("Mitral valve area (MVA)", "local-cond-trauma-major"),
        ("Velo-cardio-facial syndrome (VCF)", "cond-vertebral-fracture"),
        ("Black stools on iron", "cond-gi-bleeding"),
        ("ODI 18/40", "cond-pregnancy"),
        ("BP 132/40", "cond-pregnancy"),
        ("ICD-10 code K21", "device-cardiac-implant"),
        ("Hep B vaccine", "cond-hepatic-impairment"),
        ("Non-erosive reflux disease (NERD)", "cond-aspirin-exacerbated-respiratory-disease"),
    ],
)
def test_what_only_looks_like_a_short_word_of_a_clinic_is_not_found(
    index: CodeIndex, words: str, value_set: str
) -> None:
    assert value_set not in index.match({"text": words}).sets


@pytest.mark.parametrize("words", ["Wife worried about cancer", "Husband is concerned about his cancer"])
def test_the_worry_of_another_person_is_an_open_question_and_no_finding(index: CodeIndex, words: str) -> None:
    match = index.match({"text": words})
    assert "cond-malignancy-active" in match.suspected_sets
    assert "cond-malignancy-active" not in match.sets


@pytest.mark.parametrize("words", ["Mother had breast cancer", "Worried about mother's cancer", "FH: cancer"])
def test_the_illness_of_another_person_is_none_of_the_patient(index: CodeIndex, words: str) -> None:
    assert "cond-malignancy-active" not in index.match({"text": words}).all_sets
