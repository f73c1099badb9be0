"""What may be remembered of a finding: our own words, and nothing of the record's."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replaced

from service.finding import Evidence, Finding, Status
from service.note import Note, NoteCode, joined
from service.record.model import Problem
from service.record.notes import text_of
from service.store.chain import canonical
from service.store.decisions import decision_body, facts_of, rule_set_of
from service.store.keys import Keyring
from service.store.redaction import DATE, WORDS, Redactor, redacted_note, redacted_problems
from service.store.stored_notes import note_body, note_from
from tests.thoroughness import examples
from tests.unit.cards.small_rules import decision_on, present, rules

NO_RESOURCE = Note(NoteCode.NO_RESOURCE)
RING = Keyring("k1", {"k1": b"0" * 32})
MASK = Redactor(rules(), RING)


def redacted(finding: Finding) -> Finding:
    """A finding as it comes back from the body of a decision."""
    rule_set = rule_set_of(rules(), lambda: b"")
    body = decision_body(decision_on(rules(), "order-sign", finding), MASK, rule_set, about(), [])
    return facts_of(orjson.loads(canonical(body)), rule_set.findings, [finding.name])[finding.name]


def test_words_and_ids_of_the_record_go_and_type_and_date_stay() -> None:
    evidence = Evidence("Condition/c1", "Sciatica, said Mrs Smith", "2026-03", Note(NoteCode.STATUS_NOT_GIVEN))
    (result,) = redacted(present("anticoagulant-active", evidence)).evidence
    assert result == Evidence(
        f"Condition/{RING.resource('Condition/c1')}", WORDS, "2026-03", Note(NoteCode.STATUS_NOT_GIVEN)
    )


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
    result = [redacted(present("anticoagulant-active", Evidence(place, ""))).evidence[0].resource for place in places]
    assert result[0].startswith("place-")
    assert result[1].startswith("Resource/")
    assert result[2].startswith("place-")


def test_of_a_note_the_code_stays_and_its_words_and_ids_go() -> None:
    unread = Note(NoteCode.NAME_NOT_READ, words="Mrs Smith")
    note = joined(Note(NoteCode.PROVISIONAL), unread, Note(NoteCode.ALSO_NO, reference="Observation/o1"))
    (result,) = redacted(present("anticoagulant-active", Evidence("Condition/c1", "", None, note))).evidence
    hashed = RING.resource("Observation/o1")
    assert result.note is not None
    assert (
        text_of(result.note) == f"provisional; not read in its name: {WORDS}; also answered no (Observation/{hashed})"
    )


# What stands in a note must not be found in its stored form; so short a word could stand in a code of ours.
RECORDED = st.text(min_size=8, max_size=30)
NOTES = st.recursive(
    st.builds(
        Note,
        st.sampled_from(NoteCode),
        reference=st.none() | RECORDED,
        date=st.none() | RECORDED | st.just("2026-03"),
        number=st.none() | st.integers(0, 99),
        types=st.lists(st.just("Condition") | RECORDED, max_size=2).map(tuple),
        words=st.none() | RECORDED,
    ),
    lambda inner: st.builds(Note, st.just(NoteCode.SEVERAL), of=st.lists(inner, max_size=3).map(tuple)),
    max_leaves=4,
)


@given(NOTES)
@settings(max_examples=examples(100), deadline=None)
def test_a_stored_note_holds_no_text_of_a_record_and_comes_back_as_it_was_redacted(note: Note) -> None:
    stored = note_body(redacted_note(note, MASK.reference))
    again = note_from(json.loads(json.dumps(stored)))
    assert note_body(again) == stored
    assert {text for text in texts_of(stored) if text in texts_in(note)} <= set(NoteCode) | {"2026-03", "Condition"}


def texts_in(note: Note) -> set[str]:
    """Every text that a note holds."""
    own = {note.reference, note.date, note.words, *note.types} - {None}
    return {str(text) for text in own}.union(*(texts_in(one) for one in note.of))


def texts_of(stored: Any) -> set[str]:
    """Every text of a JSON value."""
    if isinstance(stored, dict):
        return set().union(*(texts_of(value) for value in stored.values()))
    if isinstance(stored, list):
        return set().union(*(texts_of(value) for value in stored))
    return {stored} if isinstance(stored, str) else set()


def test_words_stand_in_no_stored_note_even_where_nobody_redacted_it() -> None:
    unread = Note(NoteCode.NAME_NOT_READ, words="Mrs Smith")
    assert note_body(unread) == "name-not-read"
    assert note_from("name-not-read").words == WORDS


def test_a_code_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="no-such-code"):
        note_from("no-such-code")


def test_a_unit_that_no_fact_has_goes() -> None:
    assert redacted(present("egfr", low="25", unit="of Mrs Smith")).unit is None
    assert redacted(present("egfr", low="25", unit="mL/min/{1.73_m2}")).unit == "mL/min/{1.73_m2}"


def test_of_a_problem_only_words_that_are_ours_stay() -> None:
    unread = Note(NoteCode.OF_ENTRY, reference="Condition/smith", of=(NO_RESOURCE,))
    result = redacted_problems([Problem("prefetch.smith.entry[3].resource", NO_RESOURCE), Problem("x", unread)])
    assert result == [
        ("prefetch.*.entry[3].resource", NO_RESOURCE),
        ("*", Note(NoteCode.OF_ENTRY, reference="Condition/*", of=(NO_RESOURCE,))),
    ]


def test_of_many_problems_the_first_are_kept() -> None:
    assert len(redacted_problems([Problem("entry[1]", NO_RESOURCE)] * 500)) == 20


def test_facts_come_back_from_a_body_as_they_were_decided_on() -> None:
    knowledge = rules()
    evidence = Evidence("MedicationRequest/m1", "warfarin 5 mg", "2026-01-02")
    no_words = Evidence("Observation/o1", "", None, Note(NoteCode.FIRST_RECORDED))
    findings = (
        present("anticoagulant-active", evidence, no_words),
        Finding(
            "egfr",
            Status.PRESENT,
            Decimal("0.90"),
            None,
            "mL/min/{1.73_m2}",
            (no_words,),
            (Note(NoteCode.FIRST_RECORDED),),
        ),
    )
    decision = decision_on(knowledge, "order-sign", *findings)
    rule_set = rule_set_of(knowledge, lambda: b"")
    body = decision_body(decision, MASK, rule_set, about(), [])
    facts = facts_of(body, rule_set.findings, knowledge.facts)
    hashed, alone = (
        f"{kind}/{RING.resource(f'{kind}/{id_}')}" for kind, id_ in (("MedicationRequest", "m1"), ("Observation", "o1"))
    )
    first = Evidence(alone, "", None, Note(NoteCode.FIRST_RECORDED))
    expected = {
        "anticoagulant-active": replaced(findings[0], evidence=(Evidence(hashed, WORDS, "2026-01-02"), first)),
        "egfr": replaced(findings[1], evidence=(first,)),
    }
    assert facts == {name: expected.get(name, decision.findings[name]) for name in knowledge.facts}
    assert sorted(body["details"]) == ["anticoagulant-active", "egfr"]
    assert len(body["findings"]) == len(rule_set.findings)


def test_entries_that_differ_in_their_words_only_stay_two() -> None:
    alike = [Evidence("Observation/o1", words, "2026-01-02") for words in ("left", "right", "left", "")]
    result = redacted(present("anticoagulant-active", *alike)).evidence
    assert [item.text for item in result] == [WORDS, f"{WORDS} 2", WORDS, ""]


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
    body = decision_body(decision, MASK, rule_set, about(), [])
    assert facts_of(body, rule_set.findings, knowledge.facts)["egfr"] == wide
