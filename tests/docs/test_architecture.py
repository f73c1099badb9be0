"""``docs/architecture.md`` names every room, every home of a third party and every folder of tests, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.knowledge.hooks import HOOKS
from service.knowledge.loader import load
from service.knowledge.model import KINDS, FactKind
from service.knowledge.schemas.fact import SHAPES
from service.protocol.discovery import linted_templates
from service.protocol.request_schemas import read_call
from service.testkit.sample_calls import sample_call
from tests.test_layers import HOMES, ROOMS
from tests.unit.knowledge.rule_folders import changed_rules

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
CALLED = {
    "fhir": "fhir.resources",
    "durable_rules_engine": "durable-rules",
    "yaml": "YAML",
    "ahocorasick_rs": "ahocorasick-rs",
    "jwt": "PyJWT",
    "markdown_it": "markdown-it-py",
    "prometheus_client": "prometheus-client",
}
# Part of another library that is named.
NOT_NAMED = {"pydantic", "werkzeug", "jinja2", "markupsafe", "httpcore2"}


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rooms_on_the_page() -> list[str]:
    first = [row.split("|")[1] for row in section("Rooms").splitlines() if row.startswith("| `")]
    return [name for cell in first for name in re.findall(r"`(\w+)`", cell)]


def test_every_room_that_is_there_stands_on_the_page_in_the_order_of_the_rooms() -> None:
    there = [
        room for room in ROOMS if (PROJECT / "service" / room).is_dir() or (PROJECT / f"service/{room}.py").is_file()
    ]
    assert rooms_on_the_page() == there


def test_every_third_party_with_a_home_is_named() -> None:
    text = section("Rooms").lower()
    assert [name for name in HOMES if name not in NOT_NAMED and CALLED.get(name, name).lower() not in text] == []


def test_every_folder_of_tests_is_explained() -> None:
    folders = {path.name for path in (PROJECT / "tests").iterdir() if path.is_dir() and any(path.glob("**/test_*.py"))}
    assert folders - set(re.findall(r"`tests/(\w+)`", section("Tests"))) == set()


def places() -> dict[str, list[str]]:
    """What the table says: for each thing to add, the files and folders to go to."""
    rows = [row.split(" | ") for row in section("Where to add what").splitlines() if row.startswith("| ")]
    return {row[0].removeprefix("| "): re.findall(r"`([\w./<>-]+)`", row[1]) for row in rows[1:]}


def test_every_kind_of_change_has_its_place() -> None:
    named = places()
    for wanted in ("a code", "a fact", "a kind of fact", "a rule", "a hook", "an endpoint", "a unit or its spelling"):
        assert named[wanted]


@pytest.mark.parametrize("what", places())
def test_what_the_table_sends_to_is_there(what: str) -> None:
    for place in places()[what]:
        if "/" in place:
            assert (PROJECT / place.partition("<")[0]).exists(), place


def test_a_kind_of_fact_is_complete_when_it_stands_where_the_table_says() -> None:
    assert set(KINDS) == set(FactKind)
    assert set(SHAPES) == set(FactKind)
    record = (PROJECT / "service" / "record" / "derive.py").read_text(encoding="utf-8")
    assert [kind for kind in FactKind if f"FactKind.{kind.name}" not in record] == []


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_of_the_table_can_be_served_asked_and_tried_with_nothing_else(hook: str, tmp_path: Path) -> None:
    served = {"file": "ruleset.yaml", "find": "hook: patient-view", "put": f"hook: {hook}"}
    heard = {"file": "phases/5_pathway/fl-stay-active.yaml", "find": "[patient-view", "put": f"[{hook}"}
    knowledge = load(changed_rules(tmp_path, [served, heard]))
    templates = linted_templates(knowledge, knowledge.services)
    assert templates["small-patient-view"]
    call = read_call(sample_call(hook, {}), hook=hook)
    assert call.patient_id == "example"


def test_the_folders_of_unit_tests_are_those_of_the_service() -> None:
    unit, service = PROJECT / "tests" / "unit", PROJECT / "service"
    folders = {path.parent.relative_to(unit) for path in unit.rglob("test_*.py")}
    assert folders
    assert [str(folder) for folder in sorted(folders) if not (service / folder).is_dir()] == []


def test_the_readme_and_this_page_send_an_engineer_to_the_same_places() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for place in ("rules/value_sets/", "rules/facts/", "rules/phases/", "rules/orders/", "rules/ruleset.yaml"):
        assert place in readme
        assert place in TEXT
