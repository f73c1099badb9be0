"""Coded facts: present, absent and unknown, and why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from service.finding import Status
from service.record.derive import Derivation
from tests.unit.record.facts_in_python import (
    ALLERGY_NONE,
    ICD,
    LOCAL,
    LOINC,
    MRI,
    NOW,
    NSAID_ALLERGY,
    RETENTION,
    SADDLE,
    SCIATICA,
    SNOMED,
    Asking,
    caveat,
    concept,
    condition,
    fact,
    find,
    knowledge,
    measured,
    notes,
    observation,
    patient,
    procedure,
    record,
    said,
    source,
    status,
)

RETENTION_FACT = fact("coded", source("Condition", "cond-urinary-retention"), complete=("Condition",))
NEW_RETENTION = fact("coded", source("Condition", "cond-urinary-retention", within_days=30), complete=("Condition",))
STRICT_RETENTION = fact(
    "coded",
    source("Condition", "cond-urinary-retention", within_days=30, undated=False, unconfirmed=False),
    complete=("Condition",),
)
SADDLE_FACT = fact("coded", source("Observation", "obs-saddle"), source("QuestionnaireResponse", "obs-saddle"))
DATED_SADDLE = fact("coded", source("Observation", "obs-saddle", within_days=14))
MRI_IN_EPISODE = fact(
    "coded", source("ServiceRequest", "order-mri", in_episode=True, undated=False), complete=("ServiceRequest",)
)


def test_an_active_problem_is_present_with_its_name_date_and_resource() -> None:
    finding = find(RETENTION_FACT, condition(RETENTION, onsetDateTime="2026-11-20"))
    assert finding.status is Status.PRESENT
    (evidence,) = finding.evidence
    assert (evidence.resource, evidence.text, evidence.date, caveat(evidence)) == (
        "Condition/c1",
        "Retention of urine",
        "2026-11-20",
        None,
    )


def test_silence_in_a_whole_list_is_absent_and_says_so() -> None:
    finding = find(RETENTION_FACT, condition(), complete=["Condition"])
    assert finding.status is Status.ABSENT
    assert said(finding) == ("nothing found in the complete list: Condition",)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("partial", "only part of the Condition list was sent"),
        ("failed", "Condition list could not be fetched"),
        ("not-sent", "Condition list not sent"),
    ],
)
def test_silence_in_a_list_that_is_not_whole_is_unknown_and_says_why(state: str, reason: str) -> None:
    finding = find(RETENTION_FACT, Condition=state)
    assert finding.status is Status.UNKNOWN
    assert said(finding) == (reason,)


def test_silence_never_counts_where_the_definition_does_not_let_it() -> None:
    finding = find(SADDLE_FACT, complete=["Observation", "QuestionnaireResponse"])
    assert finding.status is Status.UNKNOWN
    assert said(finding) == ("not recorded",)


def test_a_refuted_problem_is_a_recorded_no() -> None:
    finding = find(RETENTION_FACT, condition(RETENTION, verification="refuted"))
    assert finding.status is Status.ABSENT
    assert "refuted" in notes(finding)


def test_a_problem_entered_in_error_says_nothing() -> None:
    finding = find(RETENTION_FACT, condition(RETENTION, verification="entered-in-error"))
    assert finding.status is Status.UNKNOWN


def test_a_yes_beside_a_no_is_present_and_tells_of_both() -> None:
    refuted = condition(RETENTION, verification="refuted", id="c2")
    finding = find(RETENTION_FACT, condition(RETENTION), refuted)
    assert finding.status is Status.PRESENT
    assert said(finding) == ("also answered no (Condition/c2)",)


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_what_is_over_counts_only_as_history(clinical: str) -> None:
    over = condition(RETENTION, clinical=clinical)
    history = fact("coded", source("Condition", "cond-urinary-retention", history=True))
    assert find(RETENTION_FACT, over, complete=["Condition"]).status is Status.ABSENT
    assert find(RETENTION_FACT, over).status is Status.UNKNOWN
    assert find(history, over).status is Status.PRESENT


def test_a_problem_without_clinical_status_is_active_and_says_so() -> None:
    bare = condition(RETENTION)
    del bare["clinicalStatus"]
    finding = find(RETENTION_FACT, bare)
    assert finding.status is Status.PRESENT
    assert "status not given" in notes(finding)


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_an_unconfirmed_problem_raises_an_alarm_but_settles_nothing(verification: str) -> None:
    doubtful = condition(RETENTION, verification=verification, onsetDateTime="2026-11-20")
    assert find(NEW_RETENTION, doubtful).status is Status.PRESENT
    assert "provisional" in notes(find(NEW_RETENTION, doubtful))
    settled = find(STRICT_RETENTION, doubtful, complete=["Condition"])
    assert settled.status is Status.UNKNOWN
    assert [item.resource for item in settled.evidence] == ["Condition/c1"]


@pytest.mark.parametrize(
    ("onset", "cautious", "strict"),
    [
        ("2026-11-24", "present", "present"),
        ("2026-10-26", "present", "present"),  # 29 days ago
        ("2026-10-25", "present", "present"),  # 30 days ago
        ("2026-10-24", "absent", "absent"),  # 31 days ago
        ("2026-10", "present", "unknown"),  # may lie on either side
        ("2026-11", "present", "present"),
        ("2026", "present", "unknown"),
        ("2025", "absent", "absent"),
        (None, "present", "unknown"),
        ("2027-03-01", "present", "unknown"),  # a date to come is a typing error
    ],
)
def test_a_window_has_an_inside_an_outside_and_a_cannot_tell(onset: str | None, cautious: str, strict: str) -> None:
    dated = {"onsetDateTime": onset} if onset else {}
    resource = condition(RETENTION, **dated)
    assert find(NEW_RETENTION, resource, complete=["Condition"]).status == cautious
    assert find(STRICT_RETENTION, resource, complete=["Condition"]).status == strict


def test_without_onset_the_first_record_dates_a_problem_and_says_so() -> None:
    finding = find(NEW_RETENTION, condition(RETENTION, recordedDate="2026-11-01"))
    assert finding.status is Status.PRESENT
    assert "first recorded" in notes(finding)
    assert find(NEW_RETENTION, condition(RETENTION, recordedDate="2026-01-01")).status is Status.UNKNOWN


def test_what_lies_before_the_window_is_named_when_nothing_else_is_known() -> None:
    finding = find(NEW_RETENTION, condition(RETENTION, onsetDateTime="2020-05-01"))
    assert finding.status is Status.UNKNOWN
    assert "last recorded 2020-05-01 (Condition/c1)" in said(finding)


def test_an_onset_by_age_is_dated_by_the_birth_date() -> None:
    born = patient(birthDate="1966-05-01")
    by_age = condition(RETENTION, onsetAge={"value": 30, "unit": "years", "code": "a"})
    assert find(STRICT_RETENTION, born, by_age, complete=["Condition"]).status is Status.ABSENT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueBoolean": True}, "present"),
        ({"valueBoolean": False}, "absent"),
        ({"valueCodeableConcept": concept((SNOMED, "373066001", "Yes"))}, "present"),
        ({"valueCodeableConcept": concept((SNOMED, "373067005", "No"))}, "absent"),
        ({"valueCodeableConcept": concept((SNOMED, "52101004", "Present"))}, "present"),
        ({"valueCodeableConcept": concept((SNOMED, "2667000", "Absent"))}, "absent"),
        ({"valueCodeableConcept": concept((LOINC, "LA33-6", "Yes"))}, "present"),
        ({"valueCodeableConcept": concept((LOINC, "LA32-8", "No"))}, "absent"),
        ({"valueCodeableConcept": concept((LOINC, "LA9633-4", "Present"))}, "present"),
        ({"valueCodeableConcept": concept((LOINC, "LA9634-2", "Absent"))}, "absent"),
        ({"valueCodeableConcept": concept(("http://terminology.hl7.org/CodeSystem/v2-0136", "Y", "Yes"))}, "present"),
        ({"valueCodeableConcept": concept(("http://terminology.hl7.org/CodeSystem/v2-0136", "N", "No"))}, "absent"),
        ({"valueCodeableConcept": {"text": "no"}}, "absent"),
        ({"valueString": "Yes"}, "present"),
        ({"valueString": "maybe"}, "unknown"),
        ({"valueQuantity": {"value": 3}}, "unknown"),
        ({}, "unknown"),
        ({"dataAbsentReason": {"text": "asked, declined"}}, "unknown"),
    ],
)
def test_an_observation_answers_yes_no_or_nothing(value: dict[str, object], expected: str) -> None:
    finding = find(SADDLE_FACT, observation(SADDLE, **value))
    assert finding.status == expected


def test_an_observation_without_an_answer_is_named() -> None:
    finding = find(SADDLE_FACT, observation(SADDLE, valueString="perhaps"))
    assert "Observation/o1 has no answer that can be read" in said(finding)


def test_a_component_of_an_observation_answers_too() -> None:
    screen = observation(
        (LOCAL, "screen", "Red flag screen"), component=[{"code": concept(SADDLE), "valueBoolean": False}]
    )
    assert find(SADDLE_FACT, screen).status is Status.ABSENT


def test_a_preliminary_answer_decides_nothing_but_is_named() -> None:
    finding = find(SADDLE_FACT, observation(SADDLE, valueBoolean=True, status="preliminary"))
    assert finding.status is Status.UNKNOWN
    assert "preliminary, not used" in notes(finding)
    no = find(SADDLE_FACT, observation(SADDLE, valueBoolean=False, status="preliminary"))
    assert no.status is Status.UNKNOWN


def test_a_no_counts_only_when_it_is_surely_inside_the_window() -> None:
    def answered(on: str | None) -> Status:
        dated = {"effectiveDateTime": on} if on else {}
        return find(DATED_SADDLE, observation(SADDLE, valueBoolean=False, **dated)).status

    assert answered("2026-11-20") is Status.ABSENT
    assert answered("2026-11") is Status.UNKNOWN
    assert answered("2026-06-01") is Status.UNKNOWN
    assert answered(None) is Status.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"valueBoolean": True}, "present"),
        ({"valueBoolean": False}, "absent"),
        ({"valueCoding": {"system": SNOMED, "code": "373067005"}}, "absent"),
        ({"valueString": "yes"}, "present"),
        ({"valueInteger": 4}, "unknown"),
    ],
)
def test_a_questionnaire_item_answers_by_its_link(answer: dict[str, object], expected: str) -> None:
    response = {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "item": [{"linkId": "group", "item": [{"linkId": "saddle-numb", "text": "Numb?", "answer": [answer]}]}],
    }
    finding = find(SADDLE_FACT, response)
    assert finding.status == expected


def test_a_questionnaire_answer_that_is_the_code_itself_is_a_yes() -> None:
    system, code, _ = SADDLE
    response = {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "item": [{"linkId": "signs", "answer": [{"valueCoding": {"system": system, "code": code}}]}],
    }
    assert find(SADDLE_FACT, response).status is Status.PRESENT


def test_an_unfinished_questionnaire_settles_nothing() -> None:
    response = {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "in-progress",
        "item": [{"linkId": "saddle-numb", "answer": [{"valueBoolean": False}]}],
    }
    assert find(SADDLE_FACT, response).status is Status.UNKNOWN


RISK = fact("coded", source("Observation", "obs-risk", yes=("val-high",), no=("val-low",)), newest_wins=True)


def risk(value: str, on: str | None, name: str) -> dict[str, object]:
    dated = {"effectiveDateTime": on} if on else {}
    return observation(
        (LOCAL, "risk", "Risk group"), valueCodeableConcept=concept((LOCAL, value, value)), **dated, id=name
    )


def test_own_answers_decide_before_the_usual_ones() -> None:
    assert find(RISK, risk("high", None, "a")).status is Status.PRESENT
    assert find(RISK, risk("low", None, "a")).status is Status.ABSENT
    assert find(RISK, risk("middling", None, "a")).status is Status.UNKNOWN


def test_the_newest_answer_wins_where_the_fact_says_so() -> None:
    later_no = [risk("high", "2026-10-01", "a"), risk("low", "2026-11-01", "b")]
    finding = find(RISK, *later_no)
    assert finding.status is Status.ABSENT
    assert "formerly answered yes (Observation/a)" in said(finding)
    assert find(RISK, risk("low", "2026-10-01", "a"), risk("high", "2026-11-01", "b")).status is Status.PRESENT


def test_a_yes_that_may_be_the_newest_wins() -> None:
    assert find(RISK, risk("high", "2026-11", "a"), risk("low", "2026-11-10", "b")).status is Status.PRESENT
    assert find(RISK, risk("high", None, "a"), risk("low", "2026-11-10", "b")).status is Status.PRESENT
    assert find(RISK, risk("high", "2026-11-10", "a"), risk("low", None, "b")).status is Status.PRESENT


def test_words_alone_make_present_and_never_absent() -> None:
    sciatica = fact("coded", source("Condition", "cond-sciatica"), complete=("Condition",))
    finding = find(sciatica, condition(concept(text="acute sciatica, left")))
    assert finding.status is Status.PRESENT
    assert "matched by text only" in notes(finding)
    refuted = condition(concept(text="acute sciatica, left"), verification="refuted")
    assert find(sciatica, refuted).status is Status.UNKNOWN


def test_words_about_the_past_count_as_history_only() -> None:
    past = condition(concept(text="history of sciatica"))
    assert find(fact("coded", source("Condition", "cond-sciatica")), past).status is Status.UNKNOWN
    assert find(fact("coded", source("Condition", "cond-sciatica", history=True)), past).status is Status.PRESENT


ALLERGY = fact(
    "coded",
    source("AllergyIntolerance", "allergy-nsaid", "med-nsaid", no=("allergy-none",)),
    complete=("AllergyIntolerance",),
    complete_nonempty=True,
)


def allergy(code: tuple[str, str, str], **elements: object) -> dict[str, object]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "clinicalStatus": status("active"),
        "code": concept(code),
        **elements,
    }


def test_an_empty_allergy_list_is_not_an_answer() -> None:
    finding = find(ALLERGY, complete=["AllergyIntolerance"])
    assert finding.status is Status.UNKNOWN
    assert "the list is empty, which is not an answer" in said(finding)


def test_an_allergy_list_that_holds_something_else_was_reviewed() -> None:
    latex = allergy((SNOMED, "300916003", "Latex allergy"))
    assert find(ALLERGY, latex, complete=["AllergyIntolerance"]).status is Status.ABSENT
    assert find(ALLERGY, latex).status is Status.UNKNOWN


def test_no_known_allergy_is_a_no_whatever_the_list() -> None:
    assert find(ALLERGY, allergy(ALLERGY_NONE)).status is Status.ABSENT
    assert find(ALLERGY, allergy(ALLERGY_NONE), allergy(NSAID_ALLERGY, id="a2")).status is Status.PRESENT


def test_an_allergy_coded_as_the_drug_is_found_through_the_drug() -> None:
    ibuprofen = allergy(("http://www.nlm.nih.gov/research/umls/rxnorm", "197806", "ibuprofen 600 MG Oral Tablet"))
    assert find(ALLERGY, ibuprofen).status is Status.PRESENT


def test_a_resolved_allergy_says_nothing() -> None:
    assert find(ALLERGY, allergy(NSAID_ALLERGY, clinicalStatus=status("resolved"))).status is Status.UNKNOWN


def mri(on: str | None, **elements: object) -> dict[str, object]:
    dated = {"authoredOn": on} if on else {}
    return {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "active",
        "intent": "order",
        "code": concept(MRI),
        **dated,
        **elements,
    }


@pytest.mark.parametrize(
    ("onset", "ordered", "expected"),
    [
        ("2026-10-01", "2026-10-01", "present"),
        ("2026-10-01", "2026-10-02", "present"),
        ("2026-10-01", "2026-09-30", "absent"),
        ("2026-10", "2026-10-15", "unknown"),
        ("2026-10", "2026-11-01", "present"),
        ("2026-10", "2026-09-30", "absent"),
        ("2026-10-01", "2026", "unknown"),
        ("2026-10-01", None, "unknown"),
    ],
)
def test_in_the_episode_means_not_before_it_began(onset: str, ordered: str | None, expected: str) -> None:
    finding = find(MRI_IN_EPISODE, condition(SCIATICA, onsetDateTime=onset), mri(ordered), complete=["ServiceRequest"])
    assert finding.status == expected


def test_without_a_known_start_of_the_episode_nothing_is_surely_inside_or_outside() -> None:
    assert find(MRI_IN_EPISODE, mri("2026-10-01"), complete=["ServiceRequest"]).status is Status.UNKNOWN
    undated = condition(SCIATICA)
    assert find(MRI_IN_EPISODE, undated, mri("2026-10-01")).status is Status.UNKNOWN
    cautious = fact("coded", source("ServiceRequest", "order-mri", in_episode=True))
    assert find(cautious, mri("2026-10-01")).status is Status.PRESENT


def test_an_episode_known_from_its_first_record_may_have_begun_before() -> None:
    recorded = condition(SCIATICA, recordedDate="2026-10-01")
    assert find(MRI_IN_EPISODE, recorded, mri("2026-10-02")).status is Status.PRESENT
    assert find(MRI_IN_EPISODE, recorded, mri("2026-09-30"), complete=["ServiceRequest"]).status is Status.UNKNOWN


def test_the_newest_active_problem_starts_the_episode() -> None:
    old = condition(SCIATICA, onsetDateTime="2019-01-01", id="old")
    new = condition(SCIATICA, onsetDateTime="2026-10-01", id="new")
    over = condition(SCIATICA, clinical="resolved", onsetDateTime="2026-11-20", id="over")
    before_new = mri("2026-09-01")
    assert find(MRI_IN_EPISODE, old, new, before_new, complete=["ServiceRequest"]).status is Status.ABSENT
    assert find(MRI_IN_EPISODE, old, before_new, complete=["ServiceRequest"]).status is Status.PRESENT
    assert find(MRI_IN_EPISODE, new, over, mri("2026-10-05")).status is Status.PRESENT


@pytest.mark.parametrize(
    ("request_status", "expected"), [("active", "present"), ("completed", "present"), ("revoked", "absent")]
)
def test_a_completed_request_was_carried_out_and_a_revoked_one_never_was(request_status: str, expected: str) -> None:
    plain = fact("coded", source("ServiceRequest", "order-mri"), complete=("ServiceRequest",))
    assert find(plain, mri("2026-10-01", status=request_status), complete=["ServiceRequest"]).status == expected


def test_a_body_site_is_asked_for_where_the_fact_names_one() -> None:
    lumbar = fact(
        "coded", source("ServiceRequest", "order-mri", body_site=("site-lumbar",)), complete=("ServiceRequest",)
    )
    here = mri(None, bodySite=[concept((SNOMED, "122496007", "Lumbar spine structure"))])
    elsewhere = mri(None, bodySite=[concept((SNOMED, "72696002", "Knee region structure"))])
    assert find(lumbar, here).status is Status.PRESENT
    assert find(lumbar, elsewhere, complete=["ServiceRequest"]).status is Status.ABSENT
    assert find(lumbar, mri(None), complete=["ServiceRequest"]).status is Status.UNKNOWN


def test_a_period_that_goes_on_reaches_into_the_window() -> None:
    recent = fact("coded", source("Procedure", "proc-epidural", within_days=30, undated=False), complete=("Procedure",))

    def performed(period: dict[str, str], **elements: object) -> Status:
        procedure = {
            "resourceType": "Procedure",
            "id": "p1",
            "status": "completed",
            "code": concept((SNOMED, "231249005", "Epidural injection of steroid")),
            "performedPeriod": period,
            **elements,
        }
        return find(recent, procedure, complete=["Procedure"]).status

    assert performed({"start": "2026-01-01", "end": "2026-11-20"}) is Status.PRESENT
    assert performed({"start": "2026-01-01", "end": "2026-02-01"}) is Status.ABSENT
    assert performed({"start": "2026-01-01"}, status="in-progress") is Status.PRESENT


def test_the_evidence_of_an_answer_tells_question_and_answer() -> None:
    yes = find(SADDLE_FACT, observation(SADDLE, valueBoolean=True))
    assert yes.evidence[0].text == "Numb between the legs?: yes"
    no = find(SADDLE_FACT, observation(SADDLE, valueCodeableConcept=concept((SNOMED, "373067005", "No"))))
    assert no.evidence[0].text == "Numb between the legs?: No"


def test_of_very_many_remarks_the_first_few_are_kept() -> None:
    over = [condition(RETENTION, clinical="resolved", id=f"c{number}") for number in range(30)]
    finding = find(RETENTION_FACT, *over)
    assert "and 24 more remarks" in said(finding)
    assert len(finding.notes) == 8


LOW_EJECTION = fact(
    "coded",
    source("Condition", "cond-heart-failure"),
    source("Observation", "obs-lvef", at_most=Decimal(40), unit="%", within_days=730, undated=False),
    complete=("Condition",),
)
PREGNANT = fact(
    "coded",
    source(
        "Condition",
        "cond-pregnancy",
        no=("local-pregnancy-ended",),
        within_days=300,
        no_within_days=28,
        undated=False,
        ended_by=("local-pregnancy-ended",),
    ),
)
EJECTION = (LOINC, "10230-1", "Left ventricular Ejection fraction")


@pytest.mark.parametrize(
    ("percent", "on", "expected"),
    [
        (35, "2026-09-01", "present"),
        (40, "2026-09-01", "present"),
        (41, "2026-09-01", "absent"),
        (35, "2023-09-01", "absent"),
        (35, None, "unknown"),
        (41, None, "absent"),
    ],
)
def test_the_newest_measurement_at_a_limit_counts(percent: int, on: str | None, expected: str) -> None:
    finding = find(LOW_EJECTION, measured(EJECTION, percent, "%", on), complete=["Condition"])
    assert finding.status.value == expected


def test_a_newer_measurement_above_the_limit_outweighs_an_older_one_below() -> None:
    low = measured(EJECTION, 30, "%", "2026-01-01", "a")
    better = measured(EJECTION, 55, "%", "2026-10-01", "b")
    assert find(LOW_EJECTION, low, better, complete=["Condition"]).status is Status.ABSENT
    worse = measured(EJECTION, 30, "%", "2026-11-01", "c")
    finding = find(LOW_EJECTION, better, worse, complete=["Condition"])
    assert [(item.text, item.date) for item in finding.evidence] == [
        ("Left ventricular Ejection fraction: 30 %", "2026-11-01")
    ]


def test_of_two_measurements_of_one_day_the_one_at_the_limit_counts_whatever_their_order() -> None:
    low, better, best = (measured(EJECTION, percent, "%", "2026-10-01", f"e{percent}") for percent in (35, 55, 60))
    for measurements in ((low, better), (better, low)):
        finding = find(LOW_EJECTION, *measurements, complete=["Condition"])
        assert [item.text for item in finding.evidence] == ["Left ventricular Ejection fraction: 35 %"]
        assert finding.status is Status.PRESENT
    assert find(LOW_EJECTION, better, best, complete=["Condition"]).status is Status.ABSENT


def test_a_measurement_above_the_limit_proves_no_absence_where_the_list_was_not_sent() -> None:
    assert find(LOW_EJECTION, measured(EJECTION, 55, "%", "2026-10-01")).status is Status.UNKNOWN


def test_a_measurement_that_may_lie_on_either_side_of_the_limit_leaves_it_unknown() -> None:
    between = observation(EJECTION, valueString="<45 %", effectiveDateTime="2026-10-01")
    assert find(LOW_EJECTION, between, complete=["Condition"]).status is Status.UNKNOWN


def test_a_coded_end_after_an_entry_ends_it_and_words_alone_leave_it_open() -> None:
    pregnant = condition((ICD, "Z3A.22", "22 weeks gestation of pregnancy"), recordedDate="2026-07-01")
    assert find(PREGNANT, pregnant).status is Status.PRESENT
    delivered = procedure((SNOMED, "66348005", "Childbirth"), performedDateTime="2026-11-10")
    assert find(PREGNANT, pregnant, delivered).status is Status.UNKNOWN
    before = procedure((SNOMED, "66348005", "Childbirth"), performedDateTime="2024-11-10")
    assert find(PREGNANT, pregnant, before).status is Status.PRESENT
    result = find(PREGNANT, pregnant, procedure("Vaginal delivery", performedDateTime="2026-11-10"))
    assert result.status is Status.UNKNOWN
    assert "may have ended since" in notes(result)


def test_an_end_within_the_window_of_a_no_is_a_no() -> None:
    pregnant = condition((ICD, "Z3A.22", "22 weeks gestation of pregnancy"), recordedDate="2026-07-01")
    code = (ICD, "O80", "Encounter for full-term uncomplicated delivery")
    lately = condition(code, id="c2", onsetDateTime="2026-11-10")
    assert find(PREGNANT, pregnant, lately).status is Status.ABSENT
    months_ago = condition(code, id="c2", onsetDateTime="2026-08-10")
    assert find(PREGNANT, pregnant, months_ago).status is Status.UNKNOWN


RAISED = fact(
    "coded",
    *(
        source("Observation", name, above_range=True, unit="U/L", within_days=365, undated=False)
        for name in ("obs-alt", "obs-ast")
    ),
)
ALT, AST = (LOINC, "1742-6", "ALT"), (LOINC, "1920-8", "AST")


def _enzyme(code: tuple[str, str, str], value: int, on: str | None = "2026-10-01", **more: Any) -> dict[str, Any]:
    return {**measured(code, value, "U/L", on, f"{code[2]}-{value}"), **more}


def _up_to(limit: int, **of: Any) -> dict[str, Any]:
    return {"referenceRange": [{"high": {"value": limit, **of}}]}


def _flag(code: str) -> dict[str, Any]:
    return {"interpretation": [{"coding": [{"code": code}]}]}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (_enzyme(ALT, 41, **_up_to(40, unit="U/L")), "present"),
        (_enzyme(ALT, 40, **_up_to(40, unit="U/L")), "absent"),
        (_enzyme(ALT, 41, **_up_to(40)), "present"),
        (_enzyme(ALT, 41, **_up_to(40, unit="mg/dL")), "unknown"),
        (_enzyme(ALT, 41, **_flag("H")), "present"),
        (_enzyme(AST, 41, **_flag("HH"), **_up_to(50)), "present"),
        (_enzyme(ALT, 41, **_flag("N")), "absent"),
        (_enzyme(ALT, 400), "unknown"),
        (_enzyme(ALT, 41, **_flag("H"), status="preliminary"), "unknown"),
        (_enzyme(ALT, 41, "2025-09-01", **_flag("H")), "unknown"),
        (_enzyme(ALT, 41, None, **_flag("H")), "unknown"),
        (_enzyme(ALT, 41, referenceRange=[{"high": {"value": 35}}, {"high": {"value": 45}}]), "unknown"),
        (
            _enzyme(ALT, 41, referenceRange=[{"high": {"value": 9}, "type": {"coding": [{"code": "treatment"}]}}]),
            "unknown",
        ),
    ],
)
def test_a_result_is_high_by_its_own_range_or_flag_never_by_a_limit_of_ours(
    result: dict[str, Any], expected: str
) -> None:
    assert find(RAISED, result).status.value == expected


def test_the_newest_judged_result_decides_and_one_without_range_takes_nothing_back() -> None:
    raised = _enzyme(ALT, 90, "2026-05-01", **_flag("H"))
    assert find(RAISED, raised, _enzyme(ALT, 30, **_flag("N"))).status is Status.ABSENT
    finding = find(RAISED, raised, _enzyme(ALT, 30))
    assert finding.status is Status.PRESENT
    assert [item.text for item in finding.evidence] == ["ALT: 90 U/L"]
    assert find(RAISED, _enzyme(ALT, 30, **_flag("N")), _enzyme(AST, 90, **_flag("H"))).status is Status.PRESENT


def test_one_problem_that_is_not_understood_leaves_each_fact_unknown_for_its_own_lists() -> None:
    own = replace(RETENTION_FACT, id="another-name")
    never = replace(RETENTION_FACT, id="of-no-list", complete=())
    derivation = Derivation(knowledge(RETENTION_FACT, own, never))
    unread = condition({"text": "Nephroblastomatosis of somewhere"}, id="c1")
    findings = derivation.findings(record([unread], complete=["Condition"]), NOW)
    assert {name: finding.name for name, finding in findings.items()} == {name: name for name in findings}
    assert findings["another-name"].status is Status.UNKNOWN
    assert findings["another-name"].evidence == findings[RETENTION_FACT.id].evidence != ()
    assert findings["another-name"].notes == findings[RETENTION_FACT.id].notes
    assert said(findings["of-no-list"]) == ("not recorded",)
    assert findings["of-no-list"].evidence == ()
    after = derivation.findings(record([condition()], complete=["Condition"]), NOW)
    assert after["another-name"].status is Status.ABSENT


@pytest.fixture(scope="module")
def asking() -> Asking:
    asked: tuple[dict[str, Any], ...] = (
        {},
        {"history": True},
        {"unconfirmed": False},
        {"within_days": 30},
        {"within_days": 30, "undated": False},
        {"body_site": ("site-lumbar",)},
    )
    sources = (source("Condition", "cond-urinary-retention", **options) for options in (*asked, *asked))
    return Asking(fact("coded", one) for one in sources)


@pytest.mark.parametrize("clinical", ["active", "resolved", "remission", "odd"])
@pytest.mark.parametrize("verification", ["confirmed", "provisional", "refuted"])
@pytest.mark.parametrize("onset", ["2026-11-20", "2020-01-01", "2026", None])
def test_facts_that_ask_otherwise_of_one_problem_hear_each_its_own_answer(
    asking: Asking, clinical: str, verification: str, onset: str | None
) -> None:
    dated = {"onsetDateTime": onset} if onset else {}
    assert asking.disagree(condition(RETENTION, clinical=clinical, verification=verification, **dated)) == []
