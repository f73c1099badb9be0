"""What reports, flags, answers and notes tell of a danger is named, and never passes for absent (H-02, H-12)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.knowledge.model import Knowledge
from tests.hazards.answers import ask, signing, speaking, status_of, visiting
from tests.hazards.charts import IBUPROFEN, LOINC, Json, answer, form, ordered, person, problem, sciatica, told_in_words

DAY = "2026-11-23"


def told(kind: str, **content: Any) -> Json:
    return {"resourceType": kind, "id": "t1", "status": "final", "subject": {"reference": "Patient/p"}, **content}


def words(text: str) -> Json:
    return {"text": text}


def report(conclusion: str) -> Json:
    return told("DiagnosticReport", code=words("MRI lumbar spine"), effectiveDateTime=DAY, conclusion=conclusion)


def said(question: str, value: str, **content: Any) -> Json:
    return told_in_words(question, DAY, valueString=value, **content)


def filled_in(question: str, **value: Any) -> Json:
    return form({"linkId": "q1", "text": question, "answer": [value]})


def with_sciatica(**content: Any) -> Json:
    return problem("M54.31", "Sciatica, right side", **content)


RED_FLAGS = [
    (report("Massive L4/5 extrusion with complete compression of the cauda equina."), "cauda equina"),
    (report("Degenerative change. L2 vertebral metastasis with epidural extension."), "metastasis"),
    (told("ImagingStudy", started=DAY, description="MRI lumbar: cauda equina compression"), "cauda equina"),
    (told("Flag", code=words("Saddle anaesthesia - urgent")) | {"status": "active"}, "Saddle"),
    (told("ClinicalImpression", summary="Saddle numbness") | {"status": "completed"}, "Saddle"),
    (told("Communication", payload=[{"contentString": "I am numb between the legs and cannot pee"}]), "numb between"),
    (said("Chief complaint", "Back pain and cannot urinate"), "cannot urinate"),
    (said("Perianal sensation", "absent"), "absent Perianal sensation"),
    (said("Saddle sensation", "absent"), "absent Saddle sensation"),
    (said("Anal tone", "absent"), "absent Anal tone"),
    (said("Peripheral pulses", "absent left foot"), "Peripheral pulses absent left foot"),
    (said("Continence", "incontinent of urine and stool"), "incontinent of urine"),
    (said("Ankle plantarflexion", "weak"), "plantarflexion weak"),
    (said("Knee extension", "weak"), "Knee extension weak"),
    (said("Muscle power", "reduced"), "Muscle power reduced"),
    (filled_in("Is your bladder working normally?", valueBoolean=False), "bladder"),
    (filled_in("Can you feel when you wipe?", valueBoolean=False), "cannot feel when you wipe"),
    (filled_in("Are you able to lift your foot?", valueString="No"), "cannot lift your foot"),
    (filled_in("No saddle numbness", valueBoolean=False), "saddle numbness"),
    (filled_in("Perianal sensation intact?", valueBoolean=False), "bnormal Perianal sensation"),
    (filled_in("Do you have any of these?", valueCoding={"display": "Numbness between the legs"}), "Numbness between"),
    (filled_in("Which symptoms?", valueString="saddle anaesthesia, cannot pass urine"), "saddle anaesthesia"),
    (filled_in("Reithosenanästhesie", valueBoolean=True), "Reithosen"),
]


@pytest.mark.parametrize(("entry", "word"), RED_FLAGS)
def test_a_red_flag_that_is_told_elsewhere_is_named_and_no_drug_is_suggested(
    client: FlaskClient, entry: Json, word: str
) -> None:
    answered = visiting(client, entry)
    warned = [card for card in answered["cards"] if card["indicator"] == "warning"]
    assert word in str(warned), "named in a warning"
    assert {"fl-stay-active", "fl-nsaid-short-course", "dx-no-routine-imaging"}.isdisjoint(speaking(answered))
    assert "ibuprofen" not in str([card.get("suggestions") for card in answered["cards"]]).lower()


@pytest.mark.parametrize("text", ["No trauma, saddle anaesthesia", "Cauda equina leaflet given", "No bladder control"])
def test_a_doubtful_word_of_a_red_flag_is_a_warning_and_never_critical(client: FlaskClient, text: str) -> None:
    answered = visiting(client, problem("X", text) | {"code": words(text)})
    assert "rf-words-not-read" in speaking(answered)
    assert "critical" not in [card["indicator"] for card in answered["cards"]]


def test_an_unread_problem_without_such_words_gives_no_warning(client: FlaskClient) -> None:
    answered = visiting(client, problem("X", "Qwzrt") | {"code": words("Qwzrt")})
    assert status_of(answered, "problems-not-read") == "present"
    assert "rf-words-not-read" not in speaking(answered)


@pytest.mark.parametrize(
    "content",
    [
        {"evidence": [{"code": [words("Saddle anaesthesia")]}]},
        {"evidence": [{"detail": [{"display": "Saddle anaesthesia"}]}]},
        {"note": [{"text": "saddle anaesthesia since last night, cannot void"}]},
        {"stage": [{"summary": words("with saddle anaesthesia")}]},
    ],
)
def test_what_stands_beside_a_problem_is_looked_through(client: FlaskClient, content: dict[str, Any]) -> None:
    answered = ask(client, [person(), with_sciatica(**content)], complete="all")
    assert "saddle anaesthesia" in str(answered["cards"]).lower()


def encounter(**content: Any) -> Json:
    period = {"start": "2026-11-24"}
    return told("Encounter", period=period, **{"class": {"code": "IMP"}}, **content) | {"status": "in-progress"}


HEART = {"coding": [{"system": "http://snomed.info/sct", "code": "84114007"}]}
ALLERGY = told("Flag", code=words("Allergy: ibuprofen - anaphylaxis")) | {"status": "active"}


@pytest.mark.parametrize(
    ("entry", "finding"),
    [
        (encounter(reasonCode=[words("Congestive heart failure")]), "heart-failure"),
        (encounter(diagnosis=[{"condition": {"display": "Congestive heart failure"}}]), "heart-failure"),
        (told("Observation", code=HEART, effectiveDateTime=DAY, valueBoolean=True), "heart-failure"),
        (told("Observation", code=words("Diagnosis"), valueCodeableConcept=HEART), "heart-failure"),
        (told("Flag", code=words("On anticoagulants")) | {"status": "active"}, "anticoagulant-active"),
        (told("List", entry=[{"item": {"display": "Warfarin 5 mg"}}]) | {"status": "current"}, "anticoagulant-active"),
        (ALLERGY, "nsaid-allergy"),
        (filled_in("Are you allergic to any painkillers?", valueString="ibuprofen"), "nsaid-allergy"),
    ],
)
def test_what_forbids_the_order_and_is_told_elsewhere_is_unknown_and_named(
    client: FlaskClient, entry: Json, finding: str
) -> None:
    answered = signing(client, entry)
    assert status_of(answered, finding) == "unknown"
    assert "not recognised" in str(answered["cards"])


@pytest.mark.parametrize(
    "entry",
    [
        report("Conus and cauda equina appear normal. No fracture or metastasis. L4/5 protrusion touches the L5 root."),
        report("No evidence of fracture, infection or malignancy. The spinal cord is unremarkable."),
        report("Visualized kidneys and bladder are unremarkable. No aneurysm."),
        filled_in("Do you have bladder problems?", valueString="No"),
        filled_in("Do you take blood thinners?", valueBoolean=False),
        said("Saddle sensation", "intact"),
        filled_in("Loss of bladder control", valueString="no"),
        said("Physical exam", "Alert, no distress, no saddle anesthesia, strength 5/5"),
        told("Flag", code=words("Risk of falls")) | {"status": "active"},
        told("Flag", code=words("Heart failure")) | {"status": "inactive"},
        with_sciatica(note=[{"text": "Denies saddle anesthesia, bowel/bladder incontinence or weakness."}]),
        encounter(reasonCode=[words("Annual check-up")]),
        report("Metastasis of the spine") | {"effectiveDateTime": "2019-03-01"},
    ],
)
def test_what_is_normal_denied_over_or_long_ago_is_not_named(client: FlaskClient, entry: Json) -> None:
    order = ordered(*IBUPROFEN)
    answered = ask(client, [person(), sciatica(), entry, order], "order-sign", complete="all")
    assert "not recognised" not in str(answered["cards"])


def test_a_chart_without_a_back_problem_stays_silent(client: FlaskClient) -> None:
    cough = problem("R05.9", "Cough, unspecified")
    assert ask(client, [person(), cough, report("L2 vertebral metastasis")], complete="all")["cards"] == []


def test_what_is_on_the_problem_list_already_is_not_named_again(client: FlaskClient) -> None:
    heart = problem("I50.9", "Heart failure, unspecified")
    entries = [person(), sciatica(), heart, encounter(reasonCode=[words("Heart failure")]), ordered(*IBUPROFEN)]
    answered = ask(client, entries, "order-sign", complete="all")
    assert status_of(answered, "heart-failure") == "present"
    assert "not recognised" not in str(answered["cards"])


def test_the_value_sets_that_are_not_named_exist(knowledge: Knowledge) -> None:
    assert knowledge.value_sets.keys() >= set(knowledge.danger_terms.harmless_sets)


def test_a_screen_answered_no_does_not_hide_a_report(client: FlaskClient) -> None:
    screened = answer("answer-red-flag-screen-negative", yes=True)
    entry = report("Complete compression of the cauda equina at L4/5.")
    answered = visiting(client, screened, entry)
    assert "compression of the cauda equina" in str(answered["cards"])


def allergy(text: str) -> Json:
    active = {"coding": [{"code": "active"}]}
    return {"resourceType": "AllergyIntolerance", "id": "a1", "clinicalStatus": active, "code": words(text)} | {
        "patient": {"reference": "Patient/p"}
    }


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Tolerates ibuprofen", "unknown"),
        ("Mother allergic to aspirin", "unknown"),
        ("Tolerates penicillin not ibuprofen", "unknown"),
        ("Tolerates acetaminophen; ibuprofen causes hives", "present"),
        ("Family history negative, patient allergic to ibuprofen", "present"),
        ("Ibuprofen - tolerated, entered in error", "unknown"),
        ("Ibuprofen not tolerated", "present"),
    ],
)
def test_what_is_tolerated_or_another_s_is_no_allergy_of_the_patient(
    client: FlaskClient, text: str, status: str
) -> None:
    answered = signing(client, allergy(text))
    assert status_of(answered, "nsaid-allergy") == status


@pytest.mark.parametrize(
    ("certainty", "status"), [("G", "present"), ("A", "absent"), ("Z", "unknown"), ("V", "unknown")]
)
def test_the_certainty_of_a_german_diagnosis_counts(client: FlaskClient, certainty: str, status: str) -> None:
    url = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
    heart = problem("I50.13", "Linksherzinsuffizienz")
    heart["code"]["coding"][0] |= {
        "system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "extension": [{"url": url, "valueCoding": {"code": certainty}}],
    }
    answered = signing(client, heart)
    assert status_of(answered, "heart-failure") == status


def test_a_diagnosis_of_the_visit_that_was_not_sent_is_read_by_its_display(client: FlaskClient) -> None:
    diagnosis = {"condition": {"reference": "Condition/zz", "display": "Cauda equina syndrome"}}
    answered = ask(client, [person(), sciatica(), encounter(diagnosis=[diagnosis])], "encounter-start", complete="all")
    assert "rf-cauda-equina-suspected" in speaking(answered)


@pytest.mark.parametrize(
    ("question", "value", "unit", "finding"),
    [
        ("DFG estimé (CKD-EPI), débit de filtration glomérulaire", 22, "mL/min/{1.73_m2}", "egfr"),
        ("Filtrado glomerular estimado", 22, "mL/min/{1.73_m2}", "egfr"),
        ("Restharn", 400, "mL", "post-void-residual"),
        ("Körpertemperatur", 39.5, "Cel", "body-temperature"),
    ],
)
def test_measurements_are_read_by_their_foreign_names(
    client: FlaskClient, question: str, value: float, unit: str, finding: str
) -> None:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    entry = told_in_words(question, DAY, valueQuantity=quantity)
    assert status_of(visiting(client, entry), finding) == "present"


def visit(**content: Any) -> Json:
    comes = [{"actor": {"reference": "Patient/p"}, "status": "accepted"}]
    return {"resourceType": "Appointment", "id": "v", "status": "booked", "participant": comes, **content}


@pytest.mark.parametrize(
    ("entry", "is_named"),
    [
        (told("Procedure", code=words("CABG")) | {"status": "preparation"}, True),
        (told("Procedure", code=words("CABG")) | {"status": "not-done"}, False),
        (visit(reasonCode=[words("CABG")]), True),
        (visit(description="Coronary artery bypass"), True),
        (visit(reasonCode=[words("CABG")], status="cancelled"), False),
        (visit(reasonCode=[words("Eye test")]), False),
    ],
)
def test_an_operation_that_is_to_come_is_named_beside_an_nsaid(
    client: FlaskClient, entry: Json, is_named: bool
) -> None:
    answered = signing(client, entry)
    assert ("not recognised" in str(answered["cards"])) is is_named


def affirmed(question: str, **value: Any) -> Json:
    return told_in_words(question, DAY, **value)


@pytest.mark.parametrize(
    "value", [{"valueBoolean": True}, {"valueString": "Yes"}, {"valueCodeableConcept": words("present")}]
)
@pytest.mark.parametrize("question", ["Night sweats", "Spinal injection in last month", "Calf swelling"])
def test_a_question_in_words_that_is_answered_yes_is_named(client: FlaskClient, question: str, value: Json) -> None:
    answered = ask(client, [person(), with_sciatica(), affirmed(question, **value)], complete="all")
    assert question in str(answered["cards"])
    assert status_of(answered, "cancer-history") == "unknown"


@pytest.mark.parametrize("question", ["Red flags present", "Progressive neurological deficit", "Unsteady gait"])
def test_a_red_flag_in_general_words_that_is_answered_yes_is_a_warning(client: FlaskClient, question: str) -> None:
    answered = ask(client, [person(), with_sciatica(), affirmed(question, valueBoolean=True)])
    assert "rf-words-not-read" in speaking(answered, "warning")


@pytest.mark.parametrize("name", ["saddle_numbness", "saddle-numbness", "answer_saddle"])
def test_a_question_of_ours_may_be_written_as_a_name(client: FlaskClient, name: str) -> None:
    answered = ask(client, [person(), with_sciatica(), affirmed(name, valueBoolean=True)])
    assert status_of(answered, "saddle-numbness-new") == "present"


@pytest.mark.parametrize(
    "entry",
    [
        affirmed("Night sweats", valueBoolean=False),
        affirmed("Night sweats", valueString="no"),
        affirmed("Night sweats", valueBoolean=True) | {"effectiveDateTime": "2019-05-02"},
        affirmed("Able to walk on toes", valueBoolean=True),
        affirmed("Lives alone", valueBoolean=True),
        affirmed("SARS-CoV-2 PCR", valueBoolean=True) | {"category": [{"coding": [{"code": "laboratory"}]}]},
    ],
)
def test_an_answer_of_no_or_of_good_news_is_not_named(client: FlaskClient, entry: Json) -> None:
    without = ask(client, [person(), with_sciatica()], complete="all")
    assert speaking(ask(client, [person(), with_sciatica(), entry], complete="all")) == speaking(without)
    assert "not recognised" not in str(ask(client, [person(), with_sciatica(), entry], complete="all")["cards"])


MESSAGE = told("Communication", payload=[{"contentString": "Return at once if you notice saddle numbness"}])
MESSAGE |= {"status": "completed"}


def test_a_leaflet_puts_no_chart_in_scope_that_is_not_about_the_back(client: FlaskClient) -> None:
    failing = problem("I50.9", "Heart failure")
    remark = {"extension": [{"url": "urn:x", "valueString": "heart failure"}]}
    for more in ([], [MESSAGE], [problem("J06.9", "Cold") | remark]):
        answered = ask(client, [person(), failing, *more, ordered(*IBUPROFEN)], "order-sign", complete="all")
        assert not answered["cards"]


def test_what_is_told_elsewhere_counts_where_the_reason_of_the_order_is_the_back(client: FlaskClient) -> None:
    order = ordered(*IBUPROFEN, reasonCode=[words("Sciatica")])
    flag = told("Flag", code=words("On anticoagulants")) | {"status": "active"}
    answered = ask(client, [person(), flag, order], "order-sign", complete="all")
    assert "On anticoagulants" in str(answered["cards"])


@pytest.mark.parametrize(
    "entry",
    [
        said("Saddle sensation", "intact"),
        said("Anal tone", "normal"),
        said("Peripheral pulses", "2+ bilaterally"),
        said("Ankle dorsiflexion", "5/5"),
        said("Foot drop", "absent"),
        filled_in("Loss of bladder control?", valueBoolean=False),
        filled_in("Can you feel when you wipe?", valueBoolean=True),
        filled_in("No saddle numbness", valueBoolean=True),
        filled_in("Do you feel safe at home?", valueBoolean=False),
    ],
)
def test_a_function_that_is_there_and_a_sign_that_is_not_bring_no_warning(client: FlaskClient, entry: Json) -> None:
    assert "rf-words-not-read" not in speaking(visiting(client, entry))


SAFETY_NET = "Go to the emergency department at once with: numbness between the legs, trouble passing urine."
QUESTIONS = "Ask and record one by one: bladder, bowel, saddle sensation, cancer. The rules read its answers."
LEAFLET = "Leaflet: return at once if you notice saddle numbness, foot drop or urinary retention."


def advised(title: str, text: str) -> Json:
    return told("ServiceRequest", code=words(title), intent="proposal", note=[{"text": text}]) | {"status": "completed"}


def message(text: str, **content: Any) -> Json:
    return told("Communication", sent=DAY, payload=[{"contentString": text}], **content) | {"status": "completed"}


@pytest.mark.parametrize(
    "entry",
    [
        advised("Advice: warning signs", SAFETY_NET),
        advised("Red-flag questions", QUESTIONS),
        advised("Physiotherapy", "Told the patient: stop if you get numb between the legs."),
        message(LEAFLET),
        message("Watch for saddle numbness.", recipient=[{"reference": "Patient/p"}]),
        message("Saddle numbness, foot drop, retention of urine", category=[words("Patient education")]),
    ],
)
def test_what_is_said_to_the_patient_or_is_to_be_asked_is_no_sign(client: FlaskClient, entry: Json) -> None:
    answered = visiting(client, entry)
    assert "rf-words-not-read" not in speaking(answered)
    assert "not recognised" not in str(answered["cards"])


@pytest.mark.parametrize(
    "entry",
    [
        advised("Advice: warning signs", "Patient reports saddle numbness, advised to go to the emergency department"),
        advised("MRI lumbar spine", "Saddle numbness. Come back if you get worse."),
        message("Saddle numbness since the leaflet. What if you are away?", sender={"reference": "Patient/p"}),
        message("Your MRI shows compression of the cauda equina", recipient=[{"reference": "Patient/p"}]),
        message("Call us if you still have saddle numbness."),
        message("He has saddle numbness", category=[words("Patient education")]),
    ],
)
def test_a_sign_that_is_told_beside_advice_is_named(client: FlaskClient, entry: Json) -> None:
    assert "rf-words-not-read" in speaking(visiting(client, entry))


def test_every_order_of_advice_that_is_suggested_may_be_stored_without_a_warning(
    client: FlaskClient, knowledge: Knowledge
) -> None:
    orders = [one for name, one in knowledge.orders.items() if name.startswith(("education-", "red-flag-"))]
    stored = [advised(one.title, one.text) | {"id": f"t{number}"} for number, one in enumerate(orders)]
    assert len(stored) > 5
    assert "rf-words-not-read" not in speaking(visiting(client, *stored))


HEART_FAILURE = problem("I50.9", "Heart failure, unspecified")


@pytest.mark.parametrize(
    "entries",
    [
        [HEART_FAILURE, message("The patient has saddle numbness")],
        [HEART_FAILURE | {"extension": [{"url": "urn:x", "valueString": "kidney transplant"}]}],
        [HEART_FAILURE | {"note": [{"text": "also a weak heart"}]}],
    ],
)
def test_words_beside_the_problem_list_make_no_back_problem(client: FlaskClient, entries: list[Json]) -> None:
    answered = ask(client, [person(), *entries, ordered(*IBUPROFEN)], "order-sign", complete="all")
    assert answered["cards"] == []


def test_a_problem_that_cannot_be_read_may_be_the_back_problem(client: FlaskClient) -> None:
    unread = problem("X", "Qwzrt") | {"code": words("Qwzrt")}
    answered = ask(client, [person(), HEART_FAILURE, unread, ordered(*IBUPROFEN)], "order-sign", complete="all")
    assert "critical" in [card["indicator"] for card in answered["cards"]]


def test_what_the_patient_writes_to_the_practice_is_read(client: FlaskClient) -> None:
    letter = told("Communication", sender={"reference": "Patient/p"}, payload=[{"contentString": "Saddle numbness"}])
    both = letter | {"recipient": [{"reference": "Practitioner/1"}]}
    assert "rf-words-not-read" in speaking(ask(client, [person(), with_sciatica(), both]))
    ordered_for = told("ServiceRequest", code=words("Physiotherapy"), note=[words("Now with foot drop")])
    assert "rf-words-not-read" in speaking(ask(client, [person(), with_sciatica(), ordered_for | {"status": "active"}]))


@pytest.mark.parametrize(
    ("question", "answered", "word"),
    [
        ("Is your bladder working normally?", {"valueBoolean": False}, "bladder working"),
        ("Can you feel when you wipe?", {"valueBoolean": False}, "feel when you wipe"),
        ("Are you able to lift your foot?", {"valueString": "No"}, "lift your foot"),
        ("Are you able to stand on your heels?", {"valueString": "No"}, "stand on your heels"),
        ("Are you able to lift your foot?", {"valueString": "Nej."}, "lift your foot"),
        ("Are you able to lift your foot?", {"valueCoding": {"system": LOINC, "code": "LA32-8"}}, "lift your foot"),
        ("No saddle numbness", {"valueBoolean": False}, "saddle numbness"),
        ("Post-void residual", {"valueQuantity": {"value": 400, "unit": "mL"}}, "Post-void residual: 400 mL"),
        ("PVR", {"valueString": "400 ml"}, "PVR: 400 ml"),
    ],
)
def test_an_answer_that_tells_of_a_lack_is_named(client: FlaskClient, question: str, answered: Json, word: str) -> None:
    whole = ask(client, [person(), with_sciatica(), filled_in(question, **answered)], complete="all")
    assert word in str(whole["cards"])
    assert status_of(whole, "cancer-history") == "unknown"


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("Is your bladder working normally?", {"valueBoolean": True}),
        ("Are you able to afford your drugs?", {"valueBoolean": False}),
        ("Are you able to lift your foot?", {"valueCoding": {"system": LOINC, "code": "LA33-6"}}),
        ("Saddle numbness", {"valueCoding": {"system": LOINC, "code": "LA32-8"}}),
        ("Saddle numbness", {"valueString": "Nej"}),
        ("Saddle numbness", {"valueBoolean": False}),
        ("How many hours do you sleep?", {"valueDecimal": 7}),
    ],
)
def test_an_answer_that_tells_of_no_lack_is_not(client: FlaskClient, question: str, answered: Json) -> None:
    whole = ask(client, [person(), with_sciatica(), filled_in(question, **answered)], complete="all")
    assert status_of(whole, "cancer-history") == "absent"


@pytest.mark.parametrize(
    "item", [{"linkId": "saddle-numbness"}, {"linkId": "q1", "definition": "http://x#saddle-numbness"}]
)
def test_an_item_without_words_is_read_by_the_name_of_its_question(client: FlaskClient, item: Json) -> None:
    form = told("QuestionnaireResponse", authored=DAY, item=[item | {"answer": [{"valueBoolean": True}]}])
    answered = ask(client, [person(), with_sciatica(), form | {"status": "completed"}])
    assert status_of(answered, "saddle-numbness-new") == "present"


SAID_OF_THE_CAUDA = (
    *("numb scrotum", "wet myself twice", "S3-5 numbness", "PR tone lax", "can't feel toilet paper", "taubes Gesäß"),
    *("Sphinktertonus vermindert", "n'arrive plus à uriner", "no puede orinar", "ritenzione urinaria"),
    *("rijbroekanesthesie", "retenção urinária", "zatrzymanie moczu"),
)
SAID_OF_LEGS_AND_SPINE = (
    *(
        "can't stand on tiptoe",
        "MRC 3/5 EHL",
        "power 2/5 L5",
        "upgoing plantars",
        "no pedal pulses",
        "leg cold and white",
    ),
    *("Großzehenheberparese KG 3", "Lähmung Bein", "déficit releveurs 3/5", "pérdida de fuerza pierna", "klapvoet"),
    *("Epiduralabszess", "Spondylodiszitis", "Knochenmetastasen", "métastases osseuses", "metástasis óseas"),
    *("Aortendissektion", "aneurisma aorta abdominal", "opadająca stopa"),
)


@pytest.mark.parametrize("said_of", [SAID_OF_THE_CAUDA, SAID_OF_LEGS_AND_SPINE])
def test_ordinary_words_of_red_flags_are_a_warning_in_eight_languages(
    client: FlaskClient, said_of: tuple[str, ...]
) -> None:
    for one in said_of:
        answered = ask(client, [person(), with_sciatica(), said("Finding", one)], complete="all")
        assert "rf-words-not-read" in speaking(answered), one


@pytest.mark.parametrize("place", [encounter, filled_in])
def test_they_are_a_warning_as_the_reason_of_a_visit_and_as_an_answer(client: FlaskClient, place: Any) -> None:
    for one in ("numb scrotum", "Epiduralabszess", "no puede orinar"):
        entry = encounter(reasonCode=[words(one)]) if place is encounter else filled_in("Symptoms", valueString=one)
        assert "rf-words-not-read" in speaking(ask(client, [person(), with_sciatica(), entry], complete="all")), one


def test_words_of_fever_weight_cancer_and_accidents_are_named(client: FlaskClient) -> None:
    said_of = (
        "rigors",
        "T 38.9",
        "lost 10 kg without trying",
        "hit by car",
        "shoots heroin",
        "fièvre 39",
        "borstkanker",
    )
    for one in (
        *said_of,
        "Verkehrsunfall gestern",
        "pérdida de peso",
        "calo ponderale",
        "gorączka",
        "Mammakarzinom 2018",
    ):
        answered = ask(client, [person(), with_sciatica(), said("Finding", one)], complete="all")
        assert "not recognised" in str(answered["cards"]), one


def test_ordinary_findings_and_denials_in_eight_languages_are_not_named(client: FlaskClient) -> None:
    healthy = (
        "strength 5/5 bilaterally",
        "T 37.2",
        "afebrile, no clonus",
        "pedal pulses intact",
        "tingling in left foot",
    )
    denied = (
        "keine Metastasen, keine Parese",
        "pas de fièvre",
        "sin fiebre",
        "senza febbre",
        "geen koorts",
        "bez gorączki",
    )
    other = (
        "Facialisparese",
        "Basalzellkarzinom 2018",
        "cold feet",
        "caída de cabello",
        "lost 5 kg on diet",
        "PSA 2.1",
    )
    entries = [said("Finding", one) | {"id": f"t{n}"} for n, one in enumerate((*healthy, *denied, *other))]
    answered = ask(client, [person(), with_sciatica(), *entries], complete="all")
    assert "not recognised" not in str(answered["cards"])
