"""What may be remembered of a finding: our own words, and nothing of the record's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace as replaced

from service.finding import Evidence, Finding, Status
from service.record.model import Problem
from service.store.decisions import decision_body, facts_of, rule_set_of
from service.store.keys import Keyring
from service.store.redaction import DATE, NOTE, WORDS, Redactor, redacted_problems
from tests.unit.cards.small_rules import decision_on, present, rules

RING = Keyring("k1", {"k1": b"0" * 32})
MASK = Redactor(rules(), RING)


def redacted(finding: Finding) -> Finding:
    return MASK.facts(decision_on(rules(), "order-sign", finding))[finding.name]


def test_words_and_ids_of_the_record_go_and_type_and_date_stay() -> None:
    evidence = Evidence("Condition/c1", "Sciatica, said Mrs Smith", "2026-03", "status not given")
    (told,) = redacted(present("anticoagulant-active", evidence)).evidence
    assert told == Evidence(f"Condition/{RING.resource('Condition/c1')}", WORDS, "2026-03", "status not given")


@pytest.mark.parametrize(
    "date", ["2026", "2026-03", "2026-03-01", "2026-03-01T09:30:00+01:00", "2026-03-01T09:30:00.5Z"]
)
def test_dates_as_fhir_writes_them_stay(date: str) -> None:
    assert redacted(present("anticoagulant-active", Evidence("Condition/c", "", date))).evidence[0].date == date


@pytest.mark.parametrize(
    ("resource", "date"), [("Condition/c", "the day Mrs Smith fell"), ("Patient/p1", "1971-02-03")]
)
def test_words_in_place_of_a_date_and_the_date_of_birth_go(resource: str, date: str) -> None:
    assert redacted(present("anticoagulant-active", Evidence(resource, "", date))).evidence[0].date == DATE


def test_a_place_in_the_input_and_an_unknown_type_are_hashed_whole() -> None:
    places = ("prefetch.x.entry[0].resource", "Smith/4711", "Condition/an id with blanks")
    told = [redacted(present("anticoagulant-active", Evidence(place, ""))).evidence[0].resource for place in places]
    assert told[0].startswith("place-")
    assert told[1].startswith("Resource/")
    assert told[2].startswith("place-")


def test_remarks_of_ours_stay_and_others_are_replaced() -> None:
    evidence = Evidence("Condition/c1", "", None, "provisional; Mrs Smith; also answered no (Observation/o1)")
    (told,) = redacted(present("anticoagulant-active", evidence)).evidence
    hashed = RING.resource("Observation/o1")
    assert told.note == f"provisional; {NOTE}; also answered no (Observation/{hashed})"


def test_a_unit_that_no_fact_has_goes() -> None:
    assert redacted(present("egfr", low="25", unit="of Mrs Smith")).unit is None
    assert redacted(present("egfr", low="25", unit="mL/min/{1.73_m2}")).unit == "mL/min/{1.73_m2}"


def test_of_a_problem_only_words_that_are_ours_stay() -> None:
    told = redacted_problems([Problem("prefetch.smith.entry[3].resource", "no resource"), Problem("x", "Mrs Smith")])
    assert told == [["prefetch.*.entry[3].resource", "no resource"], ["*", NOTE]]


def test_of_many_problems_the_first_are_kept() -> None:
    assert len(redacted_problems([Problem("entry[1]", "no resource")] * 500)) == 20


def test_facts_come_back_from_a_body_as_they_were_decided_on() -> None:
    knowledge = rules()
    evidence = Evidence("MedicationRequest/m1", "warfarin 5 mg", "2026-01-02")
    no_words = Evidence("Observation/o1", "", None, "first recorded")
    findings = (
        present("anticoagulant-active", evidence, no_words),
        Finding("egfr", Status.PRESENT, Decimal("0.90"), None, "mL/min/{1.73_m2}", (no_words,), ("first recorded",)),
    )
    decision = decision_on(knowledge, "order-sign", *findings)
    rule_set = rule_set_of(knowledge, lambda: b"")
    kept = MASK.facts(decision)
    body = decision_body(decision, kept, rule_set, about(), [])
    facts = facts_of(body, rule_set.findings, knowledge.facts)
    assert facts == {name: kept.get(name, decision.findings[name]) for name in knowledge.facts}
    assert sorted(kept) == ["anticoagulant-active", "egfr"]
    assert len(body["findings"]) == len(rule_set.findings)


def test_entries_that_differ_in_their_words_only_stay_two() -> None:
    alike = [Evidence("Observation/o1", words, "2026-01-02") for words in ("left", "right", "left", "")]
    told = redacted(present("anticoagulant-active", *alike)).evidence
    assert [item.text for item in told] == [WORDS, f"{WORDS} 2", WORDS, ""]
    decision = decision_on(rules(), "order-sign", present("anticoagulant-active", *alike))
    rule_set = rule_set_of(rules(), lambda: b"")
    body = decision_body(decision, MASK.facts(decision), rule_set, about(), [])
    assert facts_of(body, rule_set.findings, rules().facts)["anticoagulant-active"].evidence == told


def about():
    from service.store.decisions import Circumstances

    return Circumstances(
        service="small-order-sign",
        hook_instance=None,
        issuer=None,
        patient=None,
        patient_key="k1",
        for_patient=False,
        release="R4",
        encounter=False,
        orders=(),
        missing=(),
        partly=(),
        arrived={},
        approved_only=False,
        why=True,
        full=False,
        public_url=None,
        grounds={},
        microseconds=1,
    )


def test_a_number_that_is_not_exact_enough_stays_present() -> None:
    wide = replaced(present("egfr", unit="mL/min/{1.73_m2}"), low=Decimal(10), high=None)
    knowledge = rules()
    decision = decision_on(knowledge, "order-sign", wide)
    rule_set = rule_set_of(knowledge, lambda: b"")
    body = decision_body(decision, MASK.facts(decision), rule_set, about(), [])
    assert facts_of(body, rule_set.findings, knowledge.facts)["egfr"] == wide
