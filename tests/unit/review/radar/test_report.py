"""What the radar says about simulated clinics: that a code is gone, why, and the line that mends it."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.radar import BEGIN, HISTORY, LOCAL, Asked, asked, charts, client, days, found_after
from service.decision import Prepared
from service.knowledge.loader import load
from service.population.visits import Visit
from service.record.sent_codes import SentCodes
from service.review.radar.report import alarms_of, falls, report
from service.review.rule_versions import before_and_after, difference
from service.store.radar import CodeCount, CodeKey, RadarDay
from service.store.stats import RuleCount
from service.testkit.stories import EXAMPLES, read_stories
from tests.conftest import PROJECT
from tests.shipped import shipped_services

EGFR = ("http://loinc.org", "98979-8")


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return shipped_services().prepared


@pytest.fixture(scope="module")
def sent(prepared: Prepared) -> SentCodes:
    return SentCodes(prepared.derivation.matcher)


@pytest.fixture(scope="module")
def stories() -> list[Visit]:
    """The charts of the stories, as visits on their day; a clinic that measures kidneys in every fourth patient."""
    result = []
    for story in read_stories(EXAMPLES):
        if not story.is_request and story.document.get("resourceType") == "Bundle":
            resources = [entry["resource"] for entry in story.document["entry"]]
            if sum(resource["resourceType"] == "Patient" for resource in resources) == 1:
                often = 6 if EGFR[1] in str(resources) else 1
                result += [Visit(story.now.date().isoformat(), tuple(resources), ())] * often
    assert len(result) > 40
    return result


def simulated(prepared: Prepared, usual: list[Asked], spoilt: list[Asked]) -> list[dict[str, Any]]:
    """The alarms of a clinic whose charts are spoilt for the last four days."""
    came = list(days(HISTORY + 4, len(usual), seed=3))
    by_day = [[(spoilt if day >= HISTORY else usual)[number] for number in numbers] for day, numbers in enumerate(came)]
    return alarms_of(prepared.knowledge, client(sorted(prepared.knowledge.facts), by_day), HISTORY)


def test_a_renamed_code_of_the_stories_is_found_in_two_days_with_the_line_that_mends_it(
    prepared: Prepared, sent: SentCodes, stories: list[Visit], tmp_path: Path
) -> None:
    usual = [asked(prepared, sent, story) for story in stories]
    spoilt = [asked(prepared, sent, story, EGFR) for story in stories]
    assert any(one.letters != other.letters for one, other in zip(usual, spoilt, strict=True))
    alarms = simulated(prepared, usual, spoilt)
    [alarm] = [one for one in alarms if one["fact"].startswith("egfr") or "egfr" in one["also"]]
    assert {alarm["fact"], *alarm["also"]} >= {"egfr", "egfr-90-days"}
    assert date.fromisoformat(alarm["since"]) == BEGIN + timedelta(days=HISTORY)
    assert date.fromisoformat(alarm["found"]) <= BEGIN + timedelta(days=HISTORY + 1)
    assert alarm["cause"]["kind"] == "code"
    assert f"{LOCAL} L98979-8" in alarm["says"]
    assert "unknown in" in alarm["says"]
    # The line is one that the rule files take, and with it the code is read.
    shutil.copytree(PROJECT / "rules", tmp_path / "rules")
    with (tmp_path / "rules" / "site_codes.yaml").open("a", encoding="utf-8") as file:
        file.write("\n".join(alarm["cause"]["site_codes"]) + "\n")
    mended = load(tmp_path / "rules").value_sets["obs-egfr"]
    assert (LOCAL, "L98979-8") in {(code.system, code.code) for code in mended.codes}


def test_a_clinic_where_nothing_is_wrong_is_silent(prepared: Prepared, sent: SentCodes, stories: list[Visit]) -> None:
    usual = [asked(prepared, sent, story) for story in stories]
    assert simulated(prepared, usual, usual) == []


@pytest.mark.corpus
def test_a_code_removed_from_published_patients_is_found_in_two_days(
    prepared: Prepared, sent: SentCodes, test_data: Path
) -> None:
    assert test_data
    stood = charts(60)
    usual = [asked(prepared, sent, visit) for visit in stood]
    names = sorted(prepared.knowledge.facts)
    spoilt = [asked(prepared, sent, visit, ("http://loinc.org", "72514-3")) for visit in stood]
    delay, cause = found_after(prepared, names, usual, spoilt, seed=5)
    assert delay is not None
    assert delay <= 2
    assert "L72514-3" in str(cause)
    quiet = client(names, [[usual[number] for number in day] for day in days(HISTORY + 14, len(usual), 6)])
    assert falls(prepared.knowledge, quiet, HISTORY) == []


def counted(known: float, days_ago: int, labs: dict[str, int], ruleset: str = "a") -> RadarDay:
    day = (date(2026, 11, 24) - timedelta(days=days_ago)).isoformat()
    findings = {"egfr": (round(200 * known), 0, 200 - round(200 * known))}
    return RadarDay(day, "https://ehr.example.org", "view", ruleset, "1.0", 200, 0, findings, {"labs": labs})


def result(prepared: Prepared, *rows: RadarDay, codes: tuple[CodeCount, ...] = ()) -> dict[str, Any]:
    return report(prepared.knowledge, rows, codes, date(2026, 11, 24))


def test_a_prefetch_key_that_fails_is_the_cause_before_all_others(prepared: Prepared) -> None:
    before = [counted(0.9, ago, {"sent": 200}) for ago in range(2, 40)]
    after = [counted(0.0, ago, {"failed": 190, "sent": 10}) for ago in range(2)]
    [alarm] = result(prepared, *before, *after)["alarms"]
    assert alarm["cause"]["kind"] == "prefetch"
    assert "prefetch key labs is failed in 95% of calls (before: 0%)" in alarm["says"]
    assert "eGFR unknown in 100% of calls since 2026-11-23 (before: 10%)" in alarm["says"]


def test_a_unit_that_nothing_reads_is_named(prepared: Prepared) -> None:
    before = [counted(0.9, ago, {"sent": 200}) for ago in range(2, 40)]
    after = [counted(0.0, ago, {"sent": 200}) for ago in range(2)]
    key = ("https://ehr.example.org", "Observation", "http://loinc.org", "98979-8", "ml pro min")
    unit = CodeCount(CodeKey("2026-11-23", *key), "eGFR", 180)
    [alarm] = result(prepared, *before, *after, codes=(unit,))["alarms"]
    assert alarm["cause"]["kind"] == "unit"
    assert "98979-8 'eGFR' comes with the unit 'ml pro min'" in alarm["says"]


def test_another_rule_set_that_day_is_named_where_nothing_else_changed(prepared: Prepared) -> None:
    before = [counted(0.9, ago, {"sent": 200}) for ago in range(2, 40)]
    after = [counted(0.0, ago, {"sent": 200}, ruleset="b" * 64) for ago in range(2)]
    [alarm] = result(prepared, *before, *after)["alarms"]
    assert alarm["cause"]["kind"] == "rules"
    assert "came into use on 2026-11-23" in alarm["says"]


def test_without_any_cause_the_client_is_to_be_asked_and_the_shares_stand_beside(prepared: Prepared) -> None:
    before = [counted(0.9, ago, {"sent": 200}) for ago in range(2, 40)]
    after = [counted(0.0, ago, {"sent": 200}) for ago in range(2)]
    whole = result(prepared, *before, *after)
    [alarm], [one] = whole["alarms"], whole["clients"]
    assert alarm["cause"]["kind"] == "none"
    assert "ask the client" in alarm["says"]
    [fact] = one["facts"]
    assert fact["fact"] == "egfr"
    assert fact["before"]["present"] == 0.9
    assert one["calls"] == {"view": 200 * 40}


def test_a_problem_list_that_names_no_back_any_more_is_found_though_nothing_is_decided(prepared: Prepared) -> None:
    def day(ago: int, gated: int) -> RadarDay:
        name = (date(2026, 11, 24) - timedelta(days=ago)).isoformat()
        return RadarDay(name, "", "view", "a", "1.0", 200, gated, {}, {"conditions": {"sent": 200}})

    new = CodeCount(CodeKey("2026-11-23", "", "Condition", "urn:oid:1.2.3", "RUECK"), "Rückenschmerz", 60)
    [alarm] = result(prepared, *(day(ago, 150) for ago in range(2, 40)), day(1, 198), day(0, 199), codes=(new,))[
        "alarms"
    ]
    assert alarm["fact"] == "(any)"
    assert "Something to look at present in 1% of calls since 2026-11-23 (before: 25%)" in alarm["says"]
    assert "urn:oid:1.2.3 RUECK 'Rückenschmerz', in 60 calls" in alarm["says"]


def test_two_versions_of_a_rule_are_compared_with_the_interval_of_the_literature() -> None:
    # Newcombe, Stat Med 1998;17:873-890, table II, method 10: 56/70 - 48/80 and 9/10 - 3/10.
    assert [round(number, 4) for number in difference((48, 80), (56, 70))] == [0.2, 0.0524, 0.3339]
    assert [round(number, 4) for number in difference((3, 10), (9, 10))] == [0.6, 0.1705, 0.8090]
    old, new = RuleCount("sf-one", "1.9.0", 100, 32, 48), RuleCount("sf-one", "1.10.0", 90, 14, 56)
    order = {("sf-one", "1.9.0"): "2026-01-01", ("sf-one", "1.10.0"): "2026-06-01"}
    [pair] = before_and_after([new, old, RuleCount("fl-two", "1.0.0", 5, 1, 1)], order)
    assert (pair["before"]["version"], pair["after"]["version"]) == ("1.9.0", "1.10.0")
    assert pair["difference"] == 0.2
    assert pair["difference_interval_95"] == [0.0524, 0.3339]
