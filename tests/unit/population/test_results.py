"""What a run gives besides the tables: FHIR, pseudonyms, visits; and how the command refuses what it cannot answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from service.cli.main import group
from service.population.judging import Judge, Tally
from service.population.summary import Known, summarised
from service.population.summary_page import page
from service.population.visits import Replay
from service.record.input.reader import read_bundle
from service.record.model import Completeness
from service.record.releases.fhir_classes import Release
from service.testkit.fhir_validation.classes import check_classes
from tests.population_data import all_lines, asked, by_type, people, ran, rows
from tests.shipped import shipped_services


def lines(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_fhir_counts_what_the_tables_hold(tmp_path: Path) -> None:
    ran(by_type(tmp_path / "data", all_lines()), tmp_path / "out", asked(fhir=True))
    cards = rows(tmp_path / "out", "cards")
    reports = lines(tmp_path / "out" / "MeasureReport.ndjson")
    groups = lines(tmp_path / "out" / "Group.ndjson")
    issues = lines(tmp_path / "out" / "DetectedIssue.ndjson")
    assert len(issues) == len(cards) > 5
    spoken = Counter(rule for card in cards for rule in set(card["rules"]))
    assert {one["code"]["coding"][0]["code"]: one["quantity"] for one in groups} == dict(spoken)
    assert sum(one["group"][0]["population"][1]["count"] for one in reports) == sum(
        len(card["rules"]) for card in cards
    )
    for resource in (reports[0], groups[0], issues[0]):
        assert list(check_classes(resource, Release.R4, "resource")) == []


def test_pseudonyms_leave_no_id_behind(tmp_path: Path) -> None:
    data = by_type(tmp_path / "data", all_lines())
    ran(data, tmp_path / "out", asked(pseudonyms=b"sixteen bytes or more", fhir=True, findings=True))
    ids = set(people()) | {one["id"] for resources in people().values() for one in resources if len(one["id"]) > 6}
    told = "\n".join(
        orjson.dumps(row).decode() for name in ("decisions", "cards") for row in rows(tmp_path / "out", name)
    )
    told += "".join(path.read_text() for path in (tmp_path / "out").glob("*.ndjson"))
    told += (tmp_path / "out" / "summary.json").read_text() + (tmp_path / "out" / "run.json").read_text()
    assert [id_ for id_ in ids if f'/{id_}"' in told or f'"{id_}"' in told] == []


def test_visits_are_replayed_as_of_their_day(tmp_path: Path) -> None:
    name, resources = next((name, some) for name, some in people().items() if len(some) > 5)
    visit = {"resourceType": "Encounter", "status": "finished", "subject": {"reference": f"Patient/{name}"}}
    days = [{**visit, "id": f"visit-{day}", "period": {"start": f"2026-11-{day}"}} for day in (10, 20)]
    data = by_type(tmp_path / "data", map(orjson.dumps, [*resources, *days]))
    ran(data, tmp_path / "out", asked(visits=True))
    told = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())["visits"]
    expected = [call for call in Replay(shipped_services()).of([*resources, *days]) if call.hook == "patient-view"]
    (opened,) = (one for one in told if one["hook"] == "patient-view")
    assert opened["calls"] == len(expected) >= 2
    assert sum(rule["number"] for rule in opened["rules"]) == sum(
        len(rules or (1,)) for call in expected for _, rules in call.shown
    )
    assert opened["cards"]["number"] == sum(len(call.shown) for call in expected)
    assert opened["withoutMemory"]["cards"]["number"] == sum(len(call.cards) for call in expected)
    found = [row for row in rows(tmp_path / "out", "visits") if row["hook"] == "patient-view"]
    for name in ("cards", "shown"):
        assert [(row["day"], [tuple(card["rules"]) for card in row[name]]) for row in found] == [
            (call.day, [rules for _, rules in getattr(call, name)]) for call in expected
        ]
    page = (tmp_path / "out" / "summary.html").read_text()
    assert "cards per 1,000 visits</b>, opening the chart" in page


def test_a_visit_knows_the_drugs_that_stand_apart(tmp_path: Path) -> None:
    """Two NSAIDs at once bring a card, also where each prescription refers to its Medication."""
    back = {"coding": [{"system": "http://snomed.info/sct", "code": "279039007", "display": "Low back pain"}]}
    about = {"subject": {"reference": "Patient/1"}}
    chart = [
        {"resourceType": "Patient", "id": "1", "birthDate": "1980-01-01", "gender": "male"},
        {"resourceType": "Condition", "id": "c", "code": back, "recordedDate": "2026-11-01"} | about,
        {"resourceType": "Encounter", "id": "e", "status": "finished", "period": {"start": "2026-11-20"}} | about,
    ]
    drugs = []
    for name in ("ibuprofen", "naproxen"):
        drug = {"coding": [{"display": f"{name} 400 MG Oral Tablet"}], "text": f"{name} 400 MG Oral Tablet"}
        drugs.append({"resourceType": "Medication", "id": name, "code": drug})
        taken = {"medicationReference": {"reference": f"Medication/{name}"}, "authoredOn": "2026-11-10"}
        order = {"resourceType": "MedicationRequest", "id": f"m-{name}", "status": "active", "intent": "order"}
        chart.append(order | taken | about)
    ran(by_type(tmp_path / "data", map(orjson.dumps, [*chart, *drugs])), tmp_path / "out", asked(visits=True))
    (visit,) = rows(tmp_path / "out", "visits")
    assert "mo-duplicate-nsaid-running" in {rule for card in visit["shown"] for rule in card["rules"]}


def test_patients_who_are_not_played_back_are_told_first(tmp_path: Path) -> None:
    about, elsewhere = (
        {"subject": {"reference": f"{base}Patient/1"}} for base in ("https://a.example/", "https://b.example/")
    )
    chart = [
        {"resourceType": "Patient", "id": "1", "birthDate": "1980-01-01", "gender": "male"},
        {"resourceType": "Condition", "id": "c", "code": {"text": "Low back pain"}} | elsewhere,
        {"resourceType": "Encounter", "id": "e", "status": "finished", "period": {"start": "2026-11-20"}} | about,
    ]
    ran(by_type(tmp_path / "data", map(orjson.dumps, chart)), tmp_path / "out", asked(visits=True))
    first = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())["first"]
    assert "The visits of 1 patient are not counted: their charts are refused visit by visit." in first


def test_advice_is_shown_again_only_when_it_has_rested() -> None:
    """The time is the end of each day, and advice that says nothing urgent rests for 14 days."""
    sciatica = {"coding": [{"system": "http://snomed.info/sct", "code": "23056005", "display": "Sciatica"}]}
    chart = [
        {"resourceType": "Patient", "id": "1", "birthDate": "1980-01-01", "gender": "male"},
        {"resourceType": "Condition", "id": "c", "code": sciatica, "subject": {"reference": "Patient/1"}}
        | {"onsetDateTime": "2026-10-01", "recordedDate": "2026-10-01"},
    ]
    for day in ("10-02", "10-03", "10-15", "10-16"):
        period = {"start": f"2026-{day}T09:00:00Z"}
        chart.append({"resourceType": "Encounter", "id": day, "subject": {"reference": "Patient/1"}, "period": period})
    calls = list(Replay(shipped_services()).of(chart))
    said = {call.day[5:]: [rule for _, rules in call.shown for rule in rules] for call in calls}
    alone = {call.day[5:]: [rule for _, rules in call.cards for rule in rules] for call in calls}
    assert [("fl-stay-active" in alone[day], "fl-stay-active" in said[day]) for day in alone] == [
        (True, True),
        (True, False),
        (True, False),
        (True, True),
    ]


def test_the_page_begins_with_what_is_not_coded_apart_from_what_was_not_sent(tmp_path: Path) -> None:
    lines = [line for line in all_lines() if not line.startswith(b'{"resourceType":"Observation"')]
    ran(by_type(tmp_path / "data", lines), tmp_path / "out")
    start = (tmp_path / "out" / "summary.html").read_text().partition("<table")[0]
    assert "A warning could not be decided for " in start
    assert "Because nothing codes it (patients in 1,000): " in start
    assert "Because a list was not sent or came in part (patients in 1,000): " in start
    assert "are read by nothing</a>" in start


def test_the_page_tells_how_many_cards_only_say_what_could_not_be_assessed(tmp_path: Path) -> None:
    data = by_type(tmp_path / "data", all_lines())
    with (data / "Condition.ndjson").open("ab") as file:
        file.write(b"no line\n")
    ran(data, tmp_path / "out")
    summary = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())
    rate = sum(one["per1000"] for one in summary["rules"] if one["rule"] == "(not assessed)")
    start = (tmp_path / "out" / "summary.html").read_text().partition("<table")[0]
    assert rate > 0
    assert f"as they stand, of which {rate:,.0f} only say what could not be assessed; " in start


def test_a_conclusion_is_missing_for_want_of_the_lists_behind_its_facts() -> None:
    judge = Judge(shipped_services(), asked())
    for state, why in ((Completeness.PARTIAL, "in part"), (Completeness.NOT_SENT, "not sent")):
        record = read_bundle({"resourceType": "Patient", "id": "1"}, complete="all")
        record = replace(record, completeness={**record.completeness, "Condition": state})
        assert judge._why_missing("in-scope-problem", record).startswith(f"{why}: Condition")


def test_of_a_missing_fact_a_small_reason_is_not_the_difference_from_the_others() -> None:
    tally = Tally(patients=Counter(decided=40), missing=Counter({("crp", "in part"): 2, ("crp", "nothing"): 30}))
    known = Known(tally, {}, 0, 0, (), {}, (), 0)
    (crp,) = summarised(known, shipped_services().prepared.knowledge, asked(small=11))["missing"]
    assert crp["patients"] == 30
    assert [why["patients"] for why in crp["why"]] == [None, 30]


def test_what_several_facts_ask_for_is_named_once_at_the_beginning_of_the_page(tmp_path: Path) -> None:
    ran(by_type(tmp_path / "data", all_lines()), tmp_path / "out", asked(small=0))
    summary = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())
    for one in summary["missing"]:
        one["asks"] = "what the reports conclude"
    start = page(summary).partition("<table")[0]
    assert start.count("what the reports conclude (") == start.count("(patients in 1,000): ") > 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "give --now"),
        (["--memory", "much"], "no size"),
        (["--now", "yesterday"], "ISO 8601"),
    ],
)
def test_the_command_says_what_it_needs(tmp_path: Path, options: list[str], says: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "Patient.ndjson").write_text("")
    command = ["population", str(tmp_path / "data"), "--out", str(tmp_path / "out"), *options]
    ended = CliRunner().invoke(group, command)
    assert ended.exit_code == 2
    assert says in ended.output
