"""Every line of the input ends in exactly one place, and what cannot be read never makes anything absent."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.population.keys import Fate, keyed
from service.population.limits import PopulationError
from service.population.lines import lines_of
from service.population.running import prepared_inputs
from tests.population_data import asked, by_type, digests, in_file, people, ran, rows

BACK_PAIN = {"coding": [{"system": "http://snomed.info/sct", "code": "279039007"}]}


def patient(id_: str) -> bytes:
    return orjson.dumps({"resourceType": "Patient", "id": id_, "birthDate": "1950-01-01", "gender": "female"})


def condition(id_: str, about: str, **more: Any) -> bytes:
    given = {"resourceType": "Condition", "id": id_, "code": BACK_PAIN, "subject": {"reference": f"Patient/{about}"}}
    return orjson.dumps(given | {"recordedDate": "2026-11-01"} | more)


ODD = {
    "": Fate.BLANK,
    "  \r": Fate.BLANK,
    '{"resourceType":"Claim","id":"c"}': Fate.TYPE_NOT_READ,
    '{"resourceType":"Organization","id":"o"}': Fate.TYPE_NOT_READ,
    '{"resourceType":"Medication","id":"m","code":{"text":"ibuprofen"}}': Fate.WITHOUT_PATIENT,
    '{"resourceType":"Condition","id":"x","subject":{"identifier":{"value":"17"}}}': Fate.WITHOUT_PATIENT,
    '{"resourceType":"Observation","id":"x","subject":{"reference":"Group/1"}}': Fate.WITHOUT_PATIENT,
    '{"resourceType":"Patient"}': Fate.REJECT,
    '{"resourceType":"Condition","id":"x","id":"y","subject":{"reference":"Patient/1"},"a":"\\u00e9"}': Fate.REJECT,
    '{"resourceType":"Condition"': Fate.REJECT,
    '{"resourceType":"Conditoin"}': Fate.REJECT,
    "[]": Fate.REJECT,
    "17": Fate.REJECT,
    "nothing": Fate.REJECT,
    '{"resourceType":"Condition","subject":{"reference":"Patient/1"}}': Fate.DECIDED,
    '{"resourceType":"Condition","subject":{"reference":"https://a.example/fhir/Patient/1/_history/3"}}': Fate.DECIDED,
    '{"resourceType":"Condition","subject":{"reference":"urn:uuid:1"}}': Fate.DECIDED,
    '{"subject":{"reference":"Patient/1"},"resourceType":"Condition"}': Fate.DECIDED,
    '{"resourceType":"Condition","subject":{"reference":"Patient/1"},"note":"caf\xe9"}': Fate.DECIDED,
}


@pytest.mark.parametrize("line", ODD)
def test_a_line_has_one_fate(line: str) -> None:
    assert keyed(line.encode()).fate is ODD[line]


def test_a_line_that_is_not_text_is_a_reject() -> None:
    line = b'{"resourceType":"Condition","subject":{"reference":"Patient/1"},"note":"caf\xe9"}'
    assert keyed(line) == keyed(line)._replace(fate=Fate.REJECT, patient="1")


def test_every_line_is_counted_once(tmp_path: Path) -> None:
    lines = [patient("1"), *(line.encode() for line in ODD)]
    result = ran(in_file(tmp_path / "data" / "all.ndjson", lines), tmp_path / "out")
    expected = Counter({fate.value: 0 for fate in Fate}) + Counter(fate.value for fate in ODD.values())
    expected[Fate.DECIDED.value] += 1
    # The last newline ends the last line, and the key that occurs twice is seen when the chart is read.
    assert result["lines"] == dict(expected) | {}
    rejects = [orjson.loads(line) for line in (tmp_path / "out" / "rejects.ndjson").read_bytes().splitlines()]
    assert len(rejects) == expected["reject"]
    text = (tmp_path / "data" / "all.ndjson").read_bytes()
    assert b'{"resourceType":"Patient"}' in {text[one["offset"] :].partition(b"\n")[0] for one in rejects}


def completeness(out: Path) -> dict[str, Any]:
    return {row["patient"]: row for row in rows(out, "decisions")}


def test_a_broken_line_makes_only_its_own_patient_partial(tmp_path: Path) -> None:
    lines = [patient("1"), patient("2"), condition("a", "1"), condition("b", "2"), condition("c", "2")[:-9]]
    result = ran(by_type_raw(tmp_path / "data", lines), tmp_path / "out")
    assert result["lists"]["partial"] == {}
    assert [completeness(tmp_path / "out")[name]["unreadLines"] for name in "12"] == [0, 1]


def test_a_broken_line_about_nobody_makes_its_type_partial_for_all_and_says_so_first(tmp_path: Path) -> None:
    lines = [patient("1"), condition("a", "1"), b'{"resourceType":"AllergyIntolerance","id":"x"']
    result = ran(by_type_raw(tmp_path / "data", lines), tmp_path / "out")
    assert list(result["lists"]["partial"]) == ["AllergyIntolerance"]
    assert "AllergyIntolerance" in orjson.loads((tmp_path / "out" / "summary.json").read_bytes())["first"][0]


@pytest.mark.parametrize(
    "line",
    [
        b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception"}]}',
        b'{"issue":[{"severity":"error","code":"exception"}],"resourceType":"OperationOutcome"}',
        b'{"resourceType":"OperationOutcome","issue":[{"sever',
        b'{"contained":[{"resourceType":"Organization","id":"o"}],"resourceType":"AllergyIntolerance","id":"x"',
    ],
)
@pytest.mark.parametrize(
    ("file", "in_part"),
    [("AllergyIntolerance", "AllergyIntolerance"), ("page-1", "*"), ("OperationOutcome", "*")],
)
def test_what_stands_in_place_of_data_makes_the_type_of_its_file_partial(
    tmp_path: Path, line: bytes, file: str, in_part: str
) -> None:
    data = by_type_raw(tmp_path / "data", [patient("1"), condition("a", "1")])
    in_file(data / f"{file}.ndjson", [line])
    result = ran(data, tmp_path / "out")
    assert list(result["lists"]["partial"]) == [in_part]
    assert result["lines"]["reject"] == 1


def by_type_raw(folder: Path, lines: list[bytes]) -> Path:
    folder.mkdir(parents=True)
    for name in ("Patient", "Condition", "AllergyIntolerance", "Observation"):
        mine = [line for line in lines if line.startswith(b'{"resourceType":"%s"' % name.encode())]
        (folder / f"{name}.ndjson").write_bytes(b"".join(line + b"\n" for line in mine))
    return folder


def test_a_gzip_file_that_ends_early_gives_its_lines_and_makes_its_type_partial(tmp_path: Path) -> None:
    data = by_type_raw(tmp_path / "data", [patient("1"), condition("a", "1")])
    many = b"".join(condition(str(number), "1") + b"\n" for number in range(300))
    (data / "Observation.ndjson").unlink()
    (data / "Condition.ndjson").unlink()
    (data / "Condition.ndjson.gz").write_bytes(gzip.compress(many)[:-200])
    result = ran(data, tmp_path / "out")
    assert result["lists"]["partial"] == {"Condition": "a file whose compressed data ends early or is damaged"}
    assert result["lines"]["reject"] == 1
    assert result["lines"]["decided"] > 100


@pytest.mark.parametrize("cut", [1, 7, 100, 5000])
def test_parts_of_a_file_hold_every_line_once(tmp_path: Path, cut: int) -> None:
    text = b"".join(b"x" * (number % 90) + b"\n" for number in range(400)) + b"the last line"
    path = tmp_path / "lines.ndjson"
    path.write_bytes(text)
    found = [
        line for start in range(0, len(text), cut) for line in lines_of(path, "", start, min(start + cut, len(text)))
    ]
    whole = list(lines_of(path, ""))
    assert found == whole
    assert [line for _, line in whole] == text.split(b"\n")
    assert all(text[place : place + len(line)] == line for place, line in whole)


def test_the_newest_of_two_with_one_id_counts(tmp_path: Path) -> None:
    old = condition("a", "1", meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    new = condition(
        "a",
        "1",
        meta={"lastUpdated": "2026-02-01T00:00:00Z"},
        verificationStatus={"coding": [{"code": "entered-in-error"}]},
    )
    result = ran(by_type_raw(tmp_path / "data", [patient("1"), new, old]), tmp_path / "out")
    assert result["figures"]["duplicates"] == 1
    assert rows(tmp_path / "out", "cards") == []


def test_a_folder_without_patients_is_answered(tmp_path: Path) -> None:
    result = ran(in_file(tmp_path / "data" / "Patient.ndjson", []), tmp_path / "out")
    assert result["patients"] == {}
    assert rows(tmp_path / "out", "decisions") == []
    assert "no patients" in (tmp_path / "out" / "summary.html").read_text()


def test_a_patient_with_too_many_resources_is_cut_and_named(tmp_path: Path) -> None:
    lines = [patient("1"), *(condition(f"{number}", "1") for number in range(40)), patient("2")]
    data = by_type_raw(tmp_path / "data", lines)
    ran(data, tmp_path / "out", asked(largest=10))
    found = completeness(tmp_path / "out")
    assert found["1"]["leftOut"] == 31
    assert found["2"]["leftOut"] == 0
    assert "more resources than one may have" in (tmp_path / "out" / "summary.html").read_text()
    data = by_type_raw(tmp_path / "turned", [*lines[20:], *lines[:20]])
    ran(data, tmp_path / "again", asked(largest=10))
    assert digests(tmp_path / "again") == digests(tmp_path / "out")


def manifest(**more: Any) -> dict[str, Any]:
    output = [{"type": name, "url": f"https://ehr.example/files/{name}.ndjson"} for name in ("Patient", "Condition")]
    result = {
        "transactionTime": "2026-11-24T09:00:00Z",
        "request": "https://ehr.example/fhir/$export",
        "output": output,
    }
    return result | {"error": []} | more


def exported(folder: Path, result: dict[str, Any]) -> Path:
    by_type_raw(folder, [patient("1"), condition("a", "1"), patient("2")])
    (folder / "manifest.json").write_bytes(orjson.dumps(result))
    return folder


def test_what_is_not_in_the_manifest_was_not_sent(tmp_path: Path) -> None:
    result = ran(exported(tmp_path / "data", manifest()), tmp_path / "out")
    assert result["lists"]["whole"] == ["Condition", "Patient"]
    assert result["manifest"] == "manifest.json"
    _, export = prepared_inputs(tmp_path / "data", incremental_means_partial=False)
    assert export.now is not None
    assert export.now.isoformat() == "2026-11-24T09:00:00+00:00"


def test_an_incremental_export_is_refused_unless_it_means_partial(tmp_path: Path) -> None:
    data = exported(tmp_path / "data", manifest(request="https://ehr.example/$export?_since=2026-01-01"))
    with pytest.raises(PopulationError, match="incremental"):
        prepared_inputs(data, incremental_means_partial=False)
    _, export = prepared_inputs(data, incremental_means_partial=True)
    assert "*" in export.partial


NARROWED = {
    "a filter": ({"request": "https://e.example/$export?_typeFilter=Condition%3Fcategory%3Dx"}, "Condition"),
    "elements": ({"request": "https://e.example/$export?_elements=id,code"}, "*"),
    "a page that follows": ({"link": [{"relation": "next", "url": "https://e.example/manifest?page=2"}]}, "*"),
    "an error": ({"error": [{"type": "OperationOutcome", "url": "https://e.example/error.ndjson"}]}, "*"),
    "a file that is not there": (
        {"output": [{"type": "Procedure", "url": "https://e.example/Procedure.ndjson"}]},
        "Procedure",
    ),
    "another count": (
        {"output": [{"type": "Condition", "url": "https://e.example/Condition.ndjson", "count": 2}]},
        "Condition",
    ),
}


@pytest.mark.parametrize("how", NARROWED)
def test_what_the_manifest_says_is_missing_is_partial(tmp_path: Path, how: str) -> None:
    more, type_ = NARROWED[how]
    result = ran(exported(tmp_path / "data", manifest(**more)), tmp_path / "out")
    assert type_ in result["lists"]["partial"]


@pytest.mark.parametrize("url", ["Condition/a", "/Condition/a", "https://ehr.example/fhir/Condition/a"])
def test_what_the_export_deleted_is_left_out(tmp_path: Path, url: str) -> None:
    gone = {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": url}}]}
    data = exported(
        tmp_path / "data", manifest(deleted=[{"type": "Bundle", "url": "https://e.example/deleted.ndjson"}])
    )
    (data / "deleted.ndjson").write_bytes(orjson.dumps(gone) + b"\n")
    ran(data, tmp_path / "out")
    assert rows(tmp_path / "out", "cards") == []
    assert "deleted" in (tmp_path / "out" / "rejects.ndjson").read_text()


@pytest.mark.parametrize("use_gate", [True, False])
def test_a_key_that_stands_twice_is_a_reject_also_where_the_export_deleted_something(
    tmp_path: Path, use_gate: bool
) -> None:
    gone = {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": "Condition/z"}}]}
    output = [{"type": "AllergyIntolerance", "url": "https://e.example/AllergyIntolerance.ndjson"}]
    more = {"deleted": [{"type": "Bundle", "url": "https://e.example/deleted.ndjson"}]}
    more["output"] = manifest()["output"] + output
    data = exported(tmp_path / "data", manifest(**more))
    (data / "deleted.ndjson").write_bytes(orjson.dumps(gone))
    line = b'{"resourceType":"AllergyIntolerance","id":"x","id":"y","patient":{"reference":"Patient/2"}}'
    in_file(data / "AllergyIntolerance.ndjson", [line])
    result = ran(data, tmp_path / "out", asked(use_gate=use_gate))
    assert result["lines"]["reject"] == 1
    assert completeness(tmp_path / "out")["2"]["unreadLines"] == 1


def test_drugs_that_stand_apart_are_found(tmp_path: Path) -> None:
    with_drug = next(
        (name, resources)
        for name, resources in people().items()
        if any("medicationCodeableConcept" in one for one in resources)
    )
    name, resources = with_drug
    apart = []
    for number, one in enumerate(resources):
        given = dict(one)
        if "medicationCodeableConcept" in given:
            code = given.pop("medicationCodeableConcept")
            given["medicationReference"] = {"reference": f"Medication/m{number}"}
            apart.append({"resourceType": "Medication", "id": f"m{number}", "code": code})
        apart.append(given)
    together = ran(by_type(tmp_path / "one", map(orjson.dumps, resources)), tmp_path / "out one")
    result = ran(by_type(tmp_path / "two", map(orjson.dumps, apart)), tmp_path / "out two")
    assert result["lines"]["without patient"] > 0
    assert together["patients"] == result["patients"]
    summaries = [[row["summary"] for row in rows(tmp_path / out, "cards")] for out in ("out one", "out two")]
    assert summaries[0] == summaries[1], name
