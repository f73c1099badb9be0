"""Impact: the counts are those of deciding every recorded chart under both rule sets, and nothing else."""

from __future__ import annotations

import base64
import json
import re
import shutil
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from service.cli.comparing import impact as impact_command
from service.cli.recorded_charts import Reader
from service.cli.stories import EXAMPLES
from service.decision import Prepared, decide_on, prepare
from service.finding import Finding, Status
from service.knowledge.model import Knowledge
from service.population.tables import rows_of
from service.review.impact import CHANGED, NEWLY, NO_LONGER, Impact, Recorded, impact_lines
from service.web.pages.addresses import ServerAddresses
from service.web.pages.svg.changes import changes_picture
from tests.unit.knowledge.rule_folders import changed_rules
from tests.unit.review.comparison.small_rules import SERVICE, changed, shipped, small, with_test

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def below_35() -> Knowledge:
    def move(leaf):
        return replace(leaf, less_than=Decimal(35)) if leaf.less_than == 30 else leaf

    def reworded(rule):
        return replace(rule, card=replace(rule.card, summary="Other words."))

    moved = changed(shipped(), "sf-nsaid-egfr-below-30", with_test("egfr", move))
    return changed(moved, "rf-screen-not-documented", reworded)


@cache
def sides() -> tuple[Prepared, Prepared]:
    return prepare(shipped()), prepare(below_35())


@cache
def stories() -> tuple[Recorded, ...]:
    refused: list[str] = []
    found = tuple(Reader(*sides(), refused).of(EXAMPLES, NOW))
    assert refused == []
    return found


def by_hand(before: Prepared, after: Prepared, charts: tuple[Recorded, ...]) -> Counter[tuple[str, str]]:
    """Every chart decided under both, nothing remembered, and the cards compared."""
    counted: Counter[tuple[str, str]] = Counter()
    for chart in charts:
        texts = []
        for side, facts in ((before, chart.before), (after, chart.after)):
            service = side.knowledge.services[chart.service]
            decision = decide_on(side, facts, service.hook, NOW)
            texts.append(
                {
                    item.rule.id: item.rule.card
                    for item in decision.advice
                    if item.rule.card.indicator.value in service.indicators
                    and (
                        item.rule.card.indicator.value != "info"
                        or not service.info_phases
                        or item.rule.phase in service.info_phases
                    )
                }
            )
        was, now = texts
        for rule in was.keys() | now.keys():
            if rule not in was:
                counted[rule, NEWLY] += 1
            elif rule not in now:
                counted[rule, NO_LONGER] += 1
            elif was[rule] != now[rule]:
                counted[rule, CHANGED] += 1
    return counted


def test_the_counts_are_those_of_deciding_every_question_twice() -> None:
    # Every third question of the stories: enough for each of the three kinds of difference below.
    asked = stories()[::3]
    impact = Impact(*sides())
    impact.add_all(asked)
    report = impact.report()
    result = {
        (rule["id"], how): rule[name]
        for rule in report["rules"]
        for how, name in ((NEWLY, "shownNewly"), (NO_LONGER, "noLongerShown"), (CHANGED, "shownOtherwise"))
        if rule[name]
    }
    assert result == by_hand(*sides(), asked)
    assert result["sf-nsaid-egfr-below-30", NEWLY]
    assert result["sf-nsaid-egfr-30-59", NO_LONGER]
    assert any(how == CHANGED for _, how in result)
    assert report["questions"] == len(asked)
    assert report["distinctStates"] < report["questions"]


def patient(status: Status, egfr: int) -> dict[str, Finding]:
    facts = {name: Finding(name, Status.UNKNOWN) for name in small().facts}
    facts["immunosuppression"] = Finding("immunosuppression", status)
    facts["egfr"] = Finding("egfr", Status.PRESENT, Decimal(egfr), Decimal(egfr))
    facts["age"] = Finding("age", Status.PRESENT, Decimal(70), Decimal(70))
    return facts


@pytest.fixture
def moved() -> Impact:
    def move(leaf):
        return replace(leaf, less_than=Decimal(45)) if leaf.less_than == 30 else leaf

    return Impact(prepare(small()), prepare(changed(small(), "loud", with_test("egfr", move))))


def load_rules(folder: Path, limit: str) -> str:
    """The small rules with another limit of the eGFR, as a folder."""
    (folder / limit).mkdir()
    turned = {
        "file": "phases/3_safety/nsaid-contraindicated.yaml",
        "find": "less_than: 30",
        "put": f"less_than: {limit}",
    }
    return str(changed_rules(folder / limit, [turned]))


def asked(chart: str, facts: dict[str, Finding]) -> Recorded:
    return Recorded(chart, SERVICE, facts, facts)


def test_a_chart_like_another_is_not_decided_again(moved: Impact) -> None:
    for number in range(50):
        moved.add(asked(f"chart {number}", patient(Status.PRESENT, 40)))
    report = moved.report()
    assert report["distinctStates"] == 1
    assert [(rule["id"], rule["shownNewly"], rule["charts"]) for rule in report["rules"]] == [
        ("loud", 50, 50),
        ("soft", 0, 50),
    ]
    assert report["rules"][0]["per1000Charts"] == 1000


def test_small_groups_are_hidden_and_with_one_of_them_the_next(moved: Impact) -> None:
    for number in range(20):
        moved.add(asked(f"chart {number}", patient(Status.PRESENT, 40)))
    young = patient(Status.PRESENT, 40) | {"age": Finding("age", Status.PRESENT, Decimal(30), Decimal(30))}
    moved.add(asked("young", young))
    (severe, _) = moved.report(hide_below=11)["rules"]
    assert severe["shownNewly"] == 21
    assert severe["byAge"] == [{"group": "18 to 39", "hidden": True}, {"group": "65 to 79", "hidden": True}]
    (severe, _) = moved.report()["rules"]
    assert [cell[NEWLY] for cell in severe["byAge"]] == [1, 20]


def test_the_lines_name_counts_first_and_examples_after(moved: Impact) -> None:
    moved.add(asked("the chart", patient(Status.PRESENT, 40)))
    moved.add(asked("another", patient(Status.PRESENT, 90)))
    lines = list(impact_lines(moved.report(), ("before", "after")))
    assert "2 charts, 2 questions: 1 answered otherwise, on 1 charts" in lines[0]
    assert any("shown newly: the chart" in line for line in lines)


def test_bundles_and_bulk_data_are_read_as_charts(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(
        '{"resourceType": "Bundle", "type": "collection", "entry": []}', encoding="utf-8"
    )
    (tmp_path / "bulk.ndjson").write_text(
        '{"resourceType": "Patient", "id": "a"}\n'
        '{"resourceType": "Patient", "id": "b"}\n'
        '{"resourceType": "Condition", "subject": {"reference": "Patient/a"}, "code": {"text": "x"}}\n',
        encoding="utf-8",
    )
    refused: list[str] = []
    found = list(Reader(*sides(), refused).of(tmp_path, NOW))
    assert {one.chart for one in found} == {"a", "b"}
    # A type without a file was not exported, so what is not there is not known.
    (facts,) = {id(one.after): one.after for one in found if one.chart == "a"}.values()
    assert facts["nsaid-allergy"].status is Status.UNKNOWN
    assert refused == []


def test_a_line_that_cannot_be_read_is_told_and_makes_its_list_a_part(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").write_text('{"resourceType": "Patient", "id": "a"}\n{"resourceType": "Pat\n')
    refused: list[str] = []
    assert {one.chart for one in Reader(*sides(), refused).of(tmp_path, NOW)} == {"a"}
    assert refused[0] == "1 lines could not be read"


@dataclass(frozen=True)
class Told:
    """What the command said and wrote of a change of words, on two stories."""

    code: int
    printed: str
    folder: Path

    @property
    def report(self):
        return json.loads(self.printed)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("impact")
    from_a = Path(__file__).resolve().parents[3] / "rules"
    rules = shutil.copytree(from_a, folder / "rules")
    file = next(rules.rglob("rf-screen-not-documented.yaml"))
    file.write_text(file.read_text("utf-8").replace("screen incomplete", "screen not complete", 1), "utf-8")
    stories = folder / "stories"
    for name in ("both-legs-hurt", "aneurysm-and-sudden-back-pain"):
        shutil.copytree(EXAMPLES / name, stories / name)
    written = ["--parquet", str(folder / "impact.parquet"), "--page", str(folder / "impact.html")]
    done = CliRunner().invoke(impact_command, [str(from_a), str(rules), str(stories), "--json", *written])
    return Told(done.exit_code, done.stdout, folder)


def test_examples_of_stories_open_in_the_playground_and_counts_are_a_table(result: Told) -> None:
    assert result.code == 1
    (rule,) = result.report["rules"]
    link = urlsplit(rule["examples"][0]["link"])
    assert link.path == ServerAddresses("", ()).page("playground")
    packed = parse_qs(link.fragment)["chart"][0]
    chart = json.loads(zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), -zlib.MAX_WBITS))
    assert chart == json.loads((EXAMPLES / rule["examples"][0]["chart"] / "bundle.json").read_text("utf-8"))
    rows = list(rows_of(result.folder / "impact.parquet"))
    assert {(row["rule"], row["how"], row["count"]) for row in rows if row["by"] == "all" and row["count"]} == {
        (rule["id"], CHANGED, rule["shownOtherwise"])
    }


def test_the_page_is_one_file_whose_data_is_what_the_command_prints(result: Told) -> None:
    page = (result.folder / "impact.html").read_text("utf-8")
    assert (result.folder / "impact.json").read_text("utf-8") == result.printed
    addresses = {address.partition("#")[0].partition(",")[0] for address in re.findall(r'(?:href|src)="([^"]*)', page)}
    assert addresses == {
        "",
        "data:text/css;base64",
        "data:image/svg+xml;base64",
        "impact.json",
        "http://127.0.0.1:8080/",
    }
    (rule,) = result.report["rules"]
    assert page.index(f"otherwise <strong>{rule['shownOtherwise']}</strong>") < page.index("For example")
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert f">{rule['shownOtherwise']} otherwise</text>" in pictures[0]
    for group in (*rule["byAge"], *rule["bySex"]):
        assert f">{group['group']}</text>" in pictures[1]
        row = page.partition(f'<tr><th scope="row">{group["group"]}</th>')[2].partition("</tr>")[0]
        assert re.findall(r">(\d+)<", row) == ["0", "0", str(group[CHANGED])]
    for example in rule["examples"]:
        assert escape(f"http://127.0.0.1:8080{example['link']}") in page


def test_the_page_of_patients_hides_small_counts_and_holds_no_chart_unless_asked(tmp_path: Path) -> None:
    sides = [load_rules(tmp_path, limit) for limit in ("30", "45")]
    chart = json.loads((EXAMPLES / "egfr-exactly-30" / "bundle.json").read_text("utf-8"))
    patient = next(one["resource"] for one in chart["entry"] if one["resource"]["resourceType"] == "Patient")
    patient["name"] = [{"family": "Kowalczykiewicz"}]
    (tmp_path / "chart-7.json").write_text(json.dumps(chart), "utf-8")
    asked = [*sides, str(tmp_path / "chart-7.json"), "--now", "2026-11-24", "--page", str(tmp_path / "page.html")]
    pages = []
    for more in ([], ["--links"]):
        assert CliRunner().invoke(impact_command, [*asked, *more]).exit_code == 1
        pages.append((tmp_path / "page.html").read_text("utf-8"))
    without, with_links = pages
    assert "#chart=" not in without
    assert "#chart=" in with_links
    for page in pages:
        assert "Kowalczykiewicz" not in page
        assert "hidden: fewer than 11" in page
        assert ">hidden</text>" in page
        assert "chart-7.json" in page


def test_words_beside_a_bar_stay_within_the_picture_however_large_the_counts() -> None:
    row = {"title": "a card", "shownNewly": 1_234_567, "noLongerShown": 123_456, "shownOtherwise": 1_234_567}
    x, words = re.findall(r'<text x="([\d.]+)"[^>]*>([^<]*newly[^<]*)<', changes_picture([row], "changes"))[0]
    assert words == "1,234,567 newly, 123,456 no longer, 1,234,567 otherwise"
    assert float(x) + 6.4 * len(words) < 860
