"""Numbers and record text in the words of a card."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from service.cards.finding_words import amount, drug_name, number, quoted_lines
from service.cards.markdown import LONGEST, escaped, plain
from service.cards.redaction import redacted, without_markers
from service.cards.summary import course
from service.cards.writing import Writing
from service.finding import Evidence, Finding, Status
from service.note import Note, NoteCode
from tests.unit.cards.small_rules import present, rules


def measured(low: str | None, high: str | None, unit: str | None = "d") -> str | None:
    bounds = [None if bound is None else Decimal(bound) for bound in (low, high)]
    return amount(Finding("x", Status.PRESENT, *bounds, unit))


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        ("25", "25", "mL/min/{1.73_m2}", "25 mL/min/1.73 m²"),
        ("1", "1", "d", "1 day"),
        ("42", "42", "d", "42 days"),
        ("30", None, "d", "at least 30 days"),
        (None, "7", "d", "at most 7 days"),
        ("64", "65", "a", "between 64 and 65 years"),
        ("7", "7", "{score}", "7 points"),
        ("-2.5", "-2.5", "{T-score}", "-2.5 (T-score)"),
        ("5.10", "5.10", "mg/dL", "5.1 mg/dL"),
        ("3", "3", None, "3"),
        (None, None, "d", None),
    ],
)
def test_amounts_read_as_a_clinician_writes_them(
    low: str | None, high: str | None, unit: str | None, text: str | None
) -> None:
    assert measured(low, high, unit) == text


@pytest.mark.parametrize(
    ("value", "text"), [("1E+2", "100"), ("100", "100"), ("0.50", "0.5"), ("0", "0"), ("1200", "1200")]
)
def test_numbers_have_no_exponent_and_no_needless_zeros(value: str, text: str) -> None:
    assert number(Decimal(value)) == text


def test_at_most_three_entries_are_shown_and_the_rest_is_counted() -> None:
    entries = [Evidence(f"Condition/{n}", "Sciatica") for n in range(5)]
    (line,) = quoted_lines(rules(), [present("sciatica-active", *entries)], Writing(date(2026, 11, 24)))
    assert "Condition/2" in line
    assert "Condition/3" not in line
    assert "and 2 more" in line


def test_an_undated_entry_says_so_and_a_caveat_is_shown() -> None:
    entry = Evidence("Condition/1", "Sciatica", note=Note(NoteCode.STATUS_NOT_GIVEN))
    (line,) = quoted_lines(rules(), [present("sciatica-active", entry)], Writing(date(2026, 11, 24)))
    assert without_markers(line) == "- Sciatica is an active problem (Sciatica, no date, Condition/1, status not given)"


def test_long_text_is_cut_and_lines_are_joined() -> None:
    assert len(plain("x" * 1000)) == LONGEST
    assert plain("a\r\n\tb\u2028c\x00d") == "a b c d"


@pytest.mark.requirement("CA-4")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("eGFR < 30 & falling", "eGFR < 30 & falling"),
        ("<b>x</b> &lt; y", "&lt;b>x&lt;/b> &amp;lt; y"),
        ("Structure of spine (body structure)", "Structure of spine (body structure)"),
        ("ALT [Enzymatic activity/volume] in Serum", "ALT [Enzymatic activity/volume] in Serum"),
        ("[x](y)", "\\[x](y)"),
        ("5 * 3", "5 * 3"),
        ("*bold*", "\\*bold\\*"),
        ("see https://x.example/a", "see https: //x.example/a"),
        ("www.x.example", "www. x.example"),
        ("a@b.example", "a (at) b.example"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("8.4 %", "8.4 %"),
        ("10:30", "10:30"),
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
        ("Condition/a_b", "Condition/a_b"),
        ("_a_", "\\_a\\_"),
        ("-2.5", "-2.5"),
        ("# x", "\\# x"),
    ],
)
def test_ca_4_text_is_escaped_and_stays_readable(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_the_course_of_a_score_is_told_and_leaves_no_trace_in_what_is_kept() -> None:
    scores = (Evidence("Observation/1", "8 {score}", "2026-01-05"), Evidence("Observation/2", "7", "2026-02-01"))
    one = Decimal(1)
    result = Finding("pain-change", Status.PRESENT, one, one, "{score}", scores)
    stored = replace(result, evidence=tuple(replace(item, text="words of the record") for item in scores))
    today = date(2026, 3, 1)
    said, again = course(result, today), course(stored, today)
    assert said is not None
    assert again is not None
    assert without_markers(said) == "Pain 8 to 7 since 5 Jan"
    assert redacted(said) == redacted(again)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Product containing precisely ibuprofen 400 milligram/1 each oral tablet", "ibuprofen"),
        ("Product containing only naproxen (medicinal product)", "naproxen"),
        ("M01AE01", "M01AE01"),
        ("24 HR cyclobenzaprine 15 MG Extended Release Capsule", "cyclobenzaprine"),
        ("Tylenol with Codeine #3", "Tylenol with Codeine"),
        ("ethinyl estradiol 0.03 MG / levonorgestrel 0.15 MG", "ethinyl estradiol"),
        ("lisinopril 10 MG / hydrochlorothiazide 12.5 MG", "lisinopril"),
        ("Paracetamol 325 mg + Ibuprofen 400 mg tablet", "Paracetamol/Ibuprofen"),
        ("Ibuprofen 400 mg tablet with Paracetamol 325 mg", "Ibuprofen/Paracetamol"),
        ("Ibuprofen 400 mg tablet, 3 times a day", "Ibuprofen"),
        ("Naproxen 500 mg with food", "Naproxen"),
        ("", "an order"),
    ],
)
def test_a_drug_is_called_by_its_name_and_not_by_what_a_classification_writes_before_it(text: str, name: str) -> None:
    assert drug_name(text) == name
