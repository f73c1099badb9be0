"""What is seen of an entry while its line is read: a chart passes by that only when it would pass when it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from service.population import running
from service.population.entries import decode_line
from service.population.gating import plain_entries
from service.population.plain import PlainDates, PlainEntries, Says
from tests.population_data import all_lines, asked, by_type, digests, in_file, people, ran, rows
from tests.shipped import shipped_services

Json = dict[str, Any]
BACK_PAIN = {"coding": [{"system": "http://snomed.info/sct", "code": "279039007", "display": "Low back pain"}]}
OTHER = {"coding": [{"system": "http://snomed.info/sct", "code": "444814009", "display": "Viral sinusitis"}]}
HEIGHT = {"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Body Height"}]}
CONFIRMED = {"coding": [{"code": "confirmed"}]}


def condition(code: Json = OTHER, about: str = "Patient/1", **more: Any) -> Json:
    given = {"resourceType": "Condition", "id": "c", "code": code, "subject": {"reference": about}}
    return given | {"verificationStatus": CONFIRMED, "onsetDateTime": "2026-01-01"} | more


def observation(**more: Any) -> Json:
    given = {"resourceType": "Observation", "id": "o", "status": "final", "code": HEIGHT}
    value = {"value": 170.5, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"}
    return (
        given
        | {"subject": {"reference": "Patient/1"}, "effectiveDateTime": "2026-01-01", "valueQuantity": value}
        | more
    )


@pytest.fixture(scope="module")
def plain() -> PlainEntries:
    return plain_entries(shipped_services().prepared, asked())


def seen(plain: PlainEntries, resource: Json) -> Says:
    return plain.of_text(orjson.dumps(resource), "1")


SAID = {
    "another problem": (condition(), Says.NOTHING),
    "back pain": (condition(BACK_PAIN), Says.SOMETHING),
    "a problem without a code": (condition({}), Says.SOMETHING),
    "a status that is no status": (condition(verificationStatus=17), Says.SOMETHING),
    "a day that there is not": (condition(onsetDateTime="2026-02-30"), Says.UNKNOWN),
    "a month": (condition(onsetDateTime="2026-02"), Says.UNKNOWN),
    "a problem of another patient": (condition(about="Patient/2"), Says.UNKNOWN),
    "a patient of another server": (condition(about="https://a.example/Patient/1"), Says.UNKNOWN),
    "an element that is not known here": (condition(stage=[{}]), Says.UNKNOWN),
    "a height": (observation(), Says.NOTHING),
    "a height beyond measure": (observation(valueQuantity={"value": 1e300, "unit": "cm"}), Says.UNKNOWN),
    "a height as large as may be": (observation(valueQuantity={"value": 1e9, "unit": "cm"}), Says.NOTHING),
    "a height of somebody else": (observation(focus=[{"reference": "Patient/2"}]), Says.UNKNOWN),
    "a result without a status": ({k: v for k, v in observation().items() if k != "status"}, Says.SOMETHING),
}


@pytest.mark.parametrize("what", SAID)
def test_what_an_entry_says(plain: PlainEntries, what: str) -> None:
    resource, says = SAID[what]
    assert seen(plain, resource) is says


def test_an_entry_is_seen_the_same_after_one_of_the_same_codes_that_is_odd(plain: PlainEntries) -> None:
    """What is remembered of a choice of codes is not that of the first entry which had it."""
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "195662009", "display": "Acute pharyngitis"}]}
    assert seen(plain, condition(code, onsetDateTime="yesterday")) is Says.UNKNOWN
    assert seen(plain, condition(code)) is Says.NOTHING


DATES = {
    "2026-01-01": True,
    "2024-02-29": True,
    "2025-02-29": False,
    "1899-12-31": False,
    "1900-01-01": True,
    "2026-01": False,
    "2026-01-01T10:00": False,
    "2026-01-01T10:00Z": False,
    "2026-01-01T10:00:00": False,
    "2026-01-01T10:00:00Z": True,
    "2026-01-01T23:59:59.123+13:59": True,
    "2026-01-01T23:59:59.123+14:00": False,
    "2026-01-01T24:00:00Z": False,
    "2026-01-01T10:00:60Z": False,
    "2026-01-01Z": False,
    "": False,
}


def test_nothing_of_a_plain_date_is_left_to_interpretation() -> None:
    dates = PlainDates()
    assert {date: dates.are_plain({date}) for date in DATES} == DATES
    # The same when the parts of each were met in others before, and beside one that is not there.
    assert {date: dates.are_plain({date, None, "2026-01-01"}) for date in DATES} == DATES


def test_a_patient_is_of_one_age_whether_the_gate_lets_the_chart_pass_or_not(tmp_path: Path) -> None:
    born = ["2008-11-23", "2008-11-24", "2008-11-25", "1961-11-24", "1961-11-25", "2027-01-01", "2026-11-24", "1961"]
    people = [orjson.dumps({"resourceType": "Patient", "id": f"p{n}", "birthDate": day}) for n, day in enumerate(born)]
    data = by_type(tmp_path / "data", [*people, orjson.dumps(condition(about="Patient/p0"))])
    found = {}
    for use_gate in (True, False):
        result = ran(data, tmp_path / str(use_gate), asked(use_gate=use_gate))
        found[use_gate] = {row["patient"]: row["age"] for row in rows(tmp_path / str(use_gate), "decisions")}
        assert ("gated" in result["patients"]) is use_gate
    assert found[True] == found[False]
    assert [found[True][f"p{n}"] for n in range(4)] == ["18 to 39", "18 to 39", "under 18", "65 to 79"]


def test_codes_are_counted_on_the_way(plain: PlainEntries) -> None:
    list(plain.met())
    for _ in range(3):
        plain.of([decode_line(orjson.dumps(condition()))])
    assert list(plain.met()) == [("Condition", orjson.dumps(OTHER), 3)]
    assert list(plain.met()) == []


@pytest.mark.parametrize("form", ["by type", "bundles"])
def test_what_passes_at_sight_is_what_passes_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    if form == "bundles":
        bundles = [
            {"resourceType": "Bundle", "entry": [{"resource": one} for one in some]} for some in people().values()
        ]
        data = in_file(tmp_path / "data" / "bundles.ndjson", map(orjson.dumps, bundles))
    else:
        data = by_type(tmp_path / "data", all_lines())
    result = ran(data, tmp_path / "at sight")
    monkeypatch.setattr(running, "plain_entries_of", lambda *_: None)
    assert ran(data, tmp_path / "read")["patients"] == result["patients"]
    assert result["patients"]["gated"] > 1
    names = ("decisions.parquet", "cards.parquet", "rejects.ndjson", "summary.json")
    assert digests(tmp_path / "read", names) == digests(tmp_path / "at sight", names)


def test_lines_that_are_not_read_need_not_be_whole(tmp_path: Path) -> None:
    claims = [b'{"resourceType":"Claim","id":"a"}', b'{"resourceType":"Claim",', b'{"resourceType":"Claim"']
    result = ran(in_file(tmp_path / "data" / "Claim.ndjson", claims), tmp_path / "out")
    assert result["lines"]["type not read"] == 3


def test_a_report_that_holds_a_problem_is_read_although_reports_are_not(plain: PlainEntries) -> None:
    report = {"resourceType": "DiagnosticReport", "id": "d", "subject": {"reference": "Patient/1"}, "code": HEIGHT}
    holding = report | {"contained": [condition(BACK_PAIN)]}
    assert plain.of([decode_line(orjson.dumps(report))]) is Says.NOTHING
    assert plain.of([decode_line(orjson.dumps(holding))]) is Says.UNKNOWN


def test_a_key_that_stands_twice_is_never_passed_over(plain: PlainEntries) -> None:
    text = orjson.dumps(condition())
    hidden = text.replace(b'"code":{', b'"code":%s,"code":{' % orjson.dumps(BACK_PAIN), 1)
    assert orjson.loads(hidden) == orjson.loads(text)
    assert plain.of_text(text, "1") is Says.NOTHING
    assert plain.of_text(hidden, "1") is Says.UNKNOWN
    spaced = json.dumps(condition()).encode()
    assert plain.of_text(spaced, "1") is Says.NOTHING
    assert plain.of_text(spaced.replace(b'"id": "c"', b'"id": "b", "id": "c"'), "1") is Says.UNKNOWN
    within = text.replace(b'"code":"444814009"', b'"code":"279039007","code":"444814009"')
    assert plain.of_text(within, "1") is Says.UNKNOWN


@pytest.mark.parametrize("form", ["by type", "bundles"])
def test_with_a_key_that_stands_twice_the_gate_changes_no_card(tmp_path: Path, form: str) -> None:
    twice = orjson.dumps(observation(id="twice")).replace(b'"status"', b'"status":"final","status"', 1)
    patient = {"resourceType": "Patient", "id": "1", "gender": "male", "birthDate": "1980-01-01"}
    if form == "bundles":
        entries = b",".join(
            b'{"resource":%s}' % one for one in (orjson.dumps(patient), orjson.dumps(condition()), twice)
        )
        data = in_file(tmp_path / "data" / "a.ndjson", [b'{"resourceType":"Bundle","entry":[%s]}' % entries])
    else:
        data = by_type(tmp_path / "data", [orjson.dumps(patient), orjson.dumps(condition()), twice])
    found = [ran(data, tmp_path / name, asked(use_gate=use)) for name, use in (("gate", True), ("none", False))]
    assert [one["lines"] for one in found] == [found[0]["lines"]] * 2
    assert found[0]["lines"]["reject"] == 1
    assert digests(tmp_path / "gate", ("cards.parquet", "rejects.ndjson")) == digests(
        tmp_path / "none", ("cards.parquet", "rejects.ndjson")
    )


def test_elements_of_other_releases_are_known_of_the_types_that_are_not_told_apart() -> None:
    """A line is then taken in without being read whole; one with an element of no release is not."""
    order = b'{"resourceType":"MedicationRequest","id":"m","medication":{},"subject":{"reference":"Patient/1"}}'
    assert decode_line(order).about() == "Patient/1"
    with pytest.raises(msgspec.ValidationError):
        decode_line(order.replace(b'"medication"', b'"medicine"'))
