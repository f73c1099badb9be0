"""Terms: what words of problems are read as, and what sounds alike and is not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from benchmarks.term_recall import DATA, Reading, ideas, terms, wrong
from service.record.values.coding import CodeIndex, Match
from tests.shipped import shipped_knowledge

ROOT = Path(__file__).parents[4]
PUBLISHED = pytest.mark.skipif(not DATA.is_dir(), reason="the public code lists are not there (SCIATICA_CDS_TEST_DATA)")


@cache
def index() -> CodeIndex:
    return CodeIndex(shipped_knowledge().value_sets, shipped_knowledge().danger_terms, shipped_knowledge().other_words)


def read(text: str) -> Match:
    """The words as the display of a code that nobody knows."""
    return index().match({"coding": [{"system": "urn:example:unknown", "code": "x", "display": text}]})


@pytest.mark.parametrize(
    ("text", "value_set"),
    [
        ("Primigravida (finding)", "cond-pregnancy"),
        ("Anaemia in pregnancy", "cond-pregnancy"),
        ("Sick sinus syndrome (disorder)", "cond-arrhythmia-heart-block"),
        ("Complete atrioventricular block due to Lyme disease", "cond-arrhythmia-heart-block"),
        ("Ventricular premature complex (disorder)", "cond-arrhythmia-heart-block"),
        ("Stenosis of left main coronary artery", "cond-ischaemic-heart-disease"),
        ("Acute non-Q wave infarction", "cond-ischaemic-heart-disease"),
        ("Left ventricular systolic dysfunction", "cond-heart-failure"),
        ("Decompensated cardiac failure", "cond-heart-failure"),
        ("Primary angiosarcoma of left lower limb", "cond-malignancy-active"),
        ("Malignant melanoma of skin of back", "cond-malignancy-active"),
        ("Squamous cell carcinoma of lung", "cond-malignancy-active"),
        (
            "Chronic kidney disease with glomerular filtration rate category G4 and albuminuria category A2",
            "cond-ckd-stage-4",
        ),
        ("End stage renal failure", "cond-esrd-dialysis"),
        ("Renal transplant recipient", "cond-kidney-transplant"),
        ("Rectal haemorrhage", "cond-gi-bleeding"),
        ("Bleeding gastric erosion", "local-cond-gi-bleed-active"),
        ("Gastrojejunal ulcer with perforation", "cond-peptic-ulcer"),
        ("Moderate recurrent major depression", "cond-depression"),
        ("Tuberculosis of vertebral column", "cond-spinal-infection"),
        ("Fracture of transverse process of lumbar vertebra", "cond-vertebral-fracture"),
        ("Shares syringes", "cond-injection-drug-use"),
        ("Familial atrial fibrillation", "cond-arrhythmia-heart-block"),
        ("Bilateral sciatica", "local-cond-bilateral-sciatica"),
        ("Sciatica of both legs", "local-cond-bilateral-sciatica"),
        ("Beidseitige Ischialgie", "local-cond-bilateral-sciatica"),
        ("Lumboischialgie bds", "local-cond-bilateral-sciatica"),
        ("Sciatique bilatérale", "local-cond-bilateral-sciatica"),
        ("Can't get an erection since the back pain", "local-cond-sexual-dysfunction"),
        ("Selective immunoglobulin A deficiency", "local-cond-immunosuppression"),
        ("Complement 3 deficiency", "local-cond-immunosuppression"),
        ("Deficiency of cell-mediated immunity", "local-cond-immunosuppression"),
        ("Bare lymphocyte syndrome", "local-cond-immunosuppression"),
        ("Congenital factor VIII disorder", "cond-bleeding-disorder"),
        ("Christmas disease", "cond-bleeding-disorder"),
        ("Low platelets", "cond-bleeding-disorder"),
        ("Ischemic cardiomyopathy", "cond-ischaemic-heart-disease"),
        ("Anterolateral transmural (Q wave) infarction (acute)", "cond-ischaemic-heart-disease"),
        ("Presence of drug-eluting stent in left circumflex coronary artery", "cond-ischaemic-heart-disease"),
        ("Saphenous vein graft replacement of two coronary arteries", "proc-cabg"),
        ("Third degree block", "cond-arrhythmia-heart-block"),
        ("Tachy-brady syndrome", "cond-arrhythmia-heart-block"),
        ("Cardiogenic pulmonary edema", "cond-heart-failure"),
        ("Franklin disease", "cond-malignancy-active"),
        ("Polycythaemia rubra vera", "cond-malignancy-active"),
        ("GIST of stomach", "cond-malignancy-active"),
        ("Metastatic squamous cell carcinoma to skin", "cond-malignancy-active"),
        ("Acute cortical necrosis", "cond-acute-kidney-injury"),
        ("Hypertensive nephropathy", "cond-ckd-unspecified"),
        ("Drug-induced liver injury", "cond-hepatic-impairment"),
        ("Stress ulcer of stomach", "cond-peptic-ulcer"),
        ("BRBPR (bright red blood per rectum)", "local-cond-gi-bleed-active"),
        ("Exercise induced bronchospasm", "cond-asthma"),
        ("Epilepsia partialis continua", "cond-seizure"),
        ("Peroneal nerve palsy", "cond-foot-drop"),
        ("Mental and behavioural disorders due to use of opioids: harmful use", "cond-opioid-use-disorder"),
        ("Miller Fisher syndrome", "cond-peripheral-neuropathy"),
        ("Thrombosis of right vertebral artery", "cond-stroke-tia"),
        ("Embolism of left carotid artery", "cond-stroke-tia"),
        ("Anterior choroidal artery syndrome", "cond-stroke-tia"),
        ("Multi-infarct dementia", "cond-stroke-tia"),
        ("External capsule haemorrhage", "cond-stroke-tia"),
        ("Bipolar affective disorder, currently depressed", "cond-depression"),
        ("Lumbar HNP", "cond-lumbar-disc-herniation-without-radiculopathy"),
        ("Lumbar herniated disc", "cond-lumbar-disc-herniation-without-radiculopathy"),
        ("Bulging disc L5-S1", "cond-lumbar-disc-herniation-without-radiculopathy"),
        ("Prolapsed intervertebral disc L4/5", "cond-lumbar-disc-herniation-without-radiculopathy"),
        (
            "Other intervertebral disc displacement, lumbosacral region",
            "cond-lumbar-disc-herniation-without-radiculopathy",
        ),
        ("Lumbar disc disorder with radiculopathy", "cond-lumbar-disc-herniation-with-radiculopathy"),
        ("Lumbar and other intervertebral disc disorders with myelopathy", "cond-lumbar-disc-with-myelopathy"),
        ("Degenerative disc disease at L5-S1 level", "cond-lumbar-disc-degeneration"),
        ("Lumbar disc desiccation", "cond-lumbar-disc-degeneration"),
        ("Osteoarthritis of lumbar spine", "cond-lumbar-spondylosis"),
        ("Lumbar facet arthropathy", "cond-lumbar-spondylosis"),
        ("Lumbar facet syndrome", "cond-low-back-pain"),
        ("LBP radiating to buttock", "cond-low-back-pain"),
        ("Nerve root compression L5", "cond-lumbar-radiculopathy"),
        ("Radicular pain of right lower extremity", "cond-lumbar-radiculopathy"),
        ("Lumbar lateral recess stenosis", "cond-lumbar-spinal-stenosis"),
        ("Weakness of dorsiflexion of right foot", "local-cond-leg-weakness"),
        ("Compression deformity of T12", "cond-vertebral-fracture"),
        ("Chronic inflammatory demyelinating polyradiculoneuropathy", "cond-peripheral-neuropathy"),
        ("Hypertension complicating pregnancy, childbirth and the puerperium", "cond-pregnancy"),
        ("Malignant neoplasm: overlapping malignant melanoma of skin", "cond-malignancy-active"),
        ("Preterm labor", "cond-pregnancy"),
        ("Maternal care for breech presentation", "cond-pregnancy"),
        ("Antenatal depression", "cond-pregnancy"),
    ],
)
def test_the_words_of_a_kind_are_read(text: str, value_set: str) -> None:
    assert value_set in read(text).sets


@pytest.mark.parametrize(
    ("text", "value_set"),
    [
        ("Malignant hypertensive kidney disease", "cond-malignancy-active"),
        ("Malignant otitis externa", "cond-malignancy-active"),
        ("Basal cell carcinoma of nose", "cond-malignancy-active"),
        ("Squamous cell carcinoma of skin of ear", "cond-malignancy-active"),
        ("Skin cancer", "cond-malignancy-active"),
        ("Carcinoma in situ of cervix", "cond-malignancy-active"),
        ("Benign neoplasm of colon", "cond-malignancy-active"),
        ("Cancer screening declined", "cond-malignancy-active"),
        ("Personal history of other malignant neoplasm of skin", "cond-malignancy-history"),
        ("Vincent's angina", "cond-ischaemic-heart-disease"),
        ("Ludwig's angina", "cond-ischaemic-heart-disease"),
        ("Abdominal angina", "cond-ischaemic-heart-disease"),
        ("FH: peptic ulceration", "local-cond-peptic-ulcer-active"),
        ("Healed duodenal ulcer", "local-cond-peptic-ulcer-active"),
        ("Marginal corneal ulcer", "cond-peptic-ulcer"),
        ("Diabetes insipidus", "cond-diabetes"),
        ("Hay fever", "cond-fever"),
        ("Pregnancy test negative", "cond-pregnancy"),
        ("Advice about contraception and pregnancy planning", "cond-pregnancy"),
        ("Respiratory depression", "cond-depression"),
        ("Depression screening", "cond-depression"),
        ("ST segment depression", "cond-depression"),
        ("Pulmonary hypertension", "cond-hypertension"),
        ("Heat stroke", "cond-stroke-tia"),
        ("Heating pad", "cond-peripheral-artery-disease"),
        ("Weight loss advice", "cond-weight-loss-unexplained"),
        ("Hypertensive heart disease without heart failure", "cond-heart-failure"),
        ("Peptic ulcer without haemorrhage", "cond-gi-bleeding"),
        ("Neoplasm of cauda equina", "cond-cauda-equina-syndrome"),
        ("Cramps", "cond-muscle-spasm-other"),
        ("Cervical disc herniation C5-6", "cond-lumbar-disc-herniation-without-radiculopathy"),
        ("Displacement of thoracic intervertebral disc", "cond-lumbar-disc-herniation-without-radiculopathy"),
        ("Degeneration of cervical intervertebral disc", "cond-lumbar-disc-degeneration"),
        ("Septic arthritis of lumbar facet joint", "cond-lumbar-spondylosis"),
        ("LBP 80 mmHg", "cond-low-back-pain"),
        ("Facet syndrome of cervical spine", "cond-low-back-pain"),
        ("Hypertension complicating pregnancy, childbirth and the puerperium", "local-pregnancy-ended"),
        ("Malignant neoplasm of skin of trunk, except scrotum", "cond-malignancy-active"),
        ("Dissection of internal carotid artery", "cond-stroke-tia"),
        ("Occlusion and stenosis of carotid artery", "cond-stroke-tia"),
        ("Retinal artery occlusion", "cond-stroke-tia"),
        ("Bulbar palsy", "cond-stroke-tia"),
        ("eGFR by CKD-EPI", "cond-ckd-unspecified"),
        ("Dx lumbar radiculopathy", "order-xr-lumbar-spine"),
        ("CT C-spine", "order-ct-lumbar-spine"),
        ("Hearing aids", "cond-hiv"),
        ("Hearing aids", "local-cond-immunosuppression"),
        ("Contact with and exposure to human immunodeficiency virus [HIV]", "local-cond-immunosuppression"),
        ("Vitamin B12 deficiency anemia due to intrinsic factor deficiency", "cond-bleeding-disorder"),
        ("Protein S deficiency", "cond-bleeding-disorder"),
        ("Nerve conduction abnormality", "cond-arrhythmia-heart-block"),
        ("Malignant myopia", "cond-malignancy-active"),
        ("Kaposi's varicelliform eruption", "cond-malignancy-active"),
        ("Other secondary kyphosis, sacral region", "cond-spine-malignancy"),
        ("Fracture of tibial spine", "cond-vertebral-fracture"),
        ("Inguinal hernia with gangrene", "cond-peripheral-artery-disease"),
        ("Retinal detachment with retinal dialysis", "cond-esrd-dialysis"),
        ("Crimean hemorrhagic fever [CHF Congo virus]", "cond-heart-failure"),
        ("Dissociative convulsions", "cond-seizure"),
        ("Cirrhosis of lung", "local-cond-cirrhosis"),
        ("Developmental Wernicke's aphasia", "cond-alcohol-use-disorder"),
        ("Leakage of subdural infusion catheter", "local-cond-intracranial-bleed"),
        ("Typhus fever", "cond-fever"),
        ("Diverticulosis, without perforation, abscess or mention of haemorrhage", "cond-gi-bleeding"),
        ("Pulmonary hypoplasia associated with short gestation", "cond-pregnancy"),
        ("Obstetric devices associated with adverse incidents", "cond-pregnancy"),
        ("Non-pregnant state", "val-pregnancy-status-pregnant"),
    ],
)
def test_what_sounds_alike_is_not_read(text: str, value_set: str) -> None:
    found = read(text)
    assert value_set not in found.sets | found.said_too | found.past_sets


@pytest.mark.parametrize(
    ("text", "value_set"),
    [
        ("Creatinine", "obs-creatinine"),
        ("Creatinine, serum", "obs-creatinine"),
        ("Estimated GFR", "obs-egfr"),
        ("C-reactive protein", "obs-crp"),
        ("CRP", "obs-crp"),
        ("Sed rate", "obs-esr"),
        ("Potassium (serum)", "obs-potassium"),
        ("AST (SGOT)", "obs-ast"),
        ("Temperature (oral)", "obs-body-temperature"),
        ("Ankle dorsiflexion strength right", "local-obs-leg-strength"),
        ("Creat SerPl-mCnc", "obs-creatinine"),
        ("Platelet # Bld Auto", "obs-platelets"),
        ("Hgb A1c MFr Bld HPLC", "obs-hba1c"),
        ("GFR/BSA.pred SerPlBld CKD-EPI 2021", "obs-egfr"),
        ("eGFRcr CKD-EPI 2021", "obs-egfr"),
        ("POC INR", "obs-inr"),
        ("XR LS spine", "order-xr-lumbar-spine"),
        ("CT LS-spine WO contrast", "order-ct-lumbar-spine"),
        ("NCV study", "order-emg-ncs"),
        ("Therapeutic procedure, 1 or more areas; therapeutic exercises", "order-physical-therapy"),
        ("Lumbar epidural", "order-epidural-steroid-injection"),
    ],
)
def test_a_result_under_a_local_code_is_read_by_its_name(text: str, value_set: str) -> None:
    assert value_set in read(text).sets


@pytest.mark.parametrize(
    "text",
    [
        *("Urine creatinine", "Albumin/creatinine ratio", "Creatinine clearance", "Creatine kinase"),
        *("Potassium chloride", "Potassium [Moles/volume] in Urine", "Room temperature", "Handgrip strength"),
        *("Direct bilirubin", "AST/ALT ratio", "Creat Ur-mCnc"),
    ],
)
def test_a_result_of_something_else_is_not(text: str) -> None:
    measured = {"obs-creatinine", "obs-potassium", "obs-body-temperature", "local-obs-leg-strength", "obs-ast"}
    assert read(text).sets.isdisjoint(measured | {"obs-alt", "obs-bilirubin-total"})


@pytest.mark.parametrize(
    "before", ["No ", "Denies ", "Family history of ", "Rule out ", "At risk of ", "Screening for "]
)
@pytest.mark.parametrize(
    "problem",
    [
        *("heart failure", "coronary artery disease", "atrial fibrillation", "diabetes", "depression", "breast cancer"),
        *("pregnancy", "chronic kidney disease", "peptic ulcer", "gastrointestinal bleeding", "fever", "stroke"),
        *("spinal infection", "vertebral fracture", "urinary retention", "haemophilia", "hepatitis", "weight loss"),
    ],
)
def test_what_is_denied_or_only_asked_is_no_problem(before: str, problem: str) -> None:
    assert read(problem.capitalize()).sets
    assert read(f"{before} {problem}").sets == frozenset()


def test_non_melanoma_skin_cancer_is_no_cancer_by_code_either() -> None:
    cancer = {"cond-malignancy-active", "cond-malignancy-history"}
    for code in ("C44.91", "C44.01", "Z85.828", "D03.9", "D05.1"):
        found = index().match({"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]})
        assert found.sets.isdisjoint(cancer), code


@pytest.mark.parametrize(
    ("text", "value_set"),
    [
        ("Triple negative breast cancer", "cond-malignancy-active"),
        ("HER2-negative carcinoma of breast", "cond-malignancy-active"),
        ("Non-small cell lung cancer, negative for EGFR", "cond-malignancy-active"),
        ("Philadelphia chromosome negative chronic myeloid leukaemia", "cond-malignancy-active"),
        ("HBeAg negative chronic hepatitis B", "cond-hepatic-impairment"),
    ],
)
def test_what_a_tumour_or_germ_lacks_denies_nothing(text: str, value_set: str) -> None:
    assert value_set in read(text).sets


@pytest.mark.parametrize(
    "text",
    [
        "Lymph node negative for metastatic carcinoma",
        "Biopsy negative for cancer",
        "Cancer: negative",
        "Negative for HIV",
    ],
)
def test_a_result_that_is_negative_denies(text: str) -> None:
    assert read(text).sets == frozenset()


PROBLEMS = sorted(
    idea for idea in ideas() if not idea.startswith(("drug-", "obs-", "order-")) and idea != "nsaid-allergy"
)


@cache
def reading() -> Reading:
    return Reading()


@PUBLISHED
@pytest.mark.parametrize("idea", PROBLEMS)
def test_of_every_idea_95_in_100_published_terms_are_read(idea: str) -> None:
    rows = terms(idea)[:: max(1, len(terms(idea)) // 300)]
    missed = [term.display or term.code for term in rows if not reading().reads(term)]
    assert len(missed) <= len(rows) * 0.05 or len(missed) <= 1, missed


KNOWN_WRONG = 19
"""Near misses and unrelated terms that are read all the same, each looked at: most do say what they are read as."""


@PUBLISHED
def test_no_more_near_misses_are_read_than_were_looked_at() -> None:
    assert len(list(wrong(reading()))) <= KNOWN_WRONG
