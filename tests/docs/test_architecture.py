"""``docs/architecture.md`` names every room, every home of a third party and every folder of tests, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_layers import HOMES, ROOMS

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
CALLED = {
    "fhir": "fhir.resources",
    "durable_rules_engine": "durable-rules",
    "yaml": "YAML",
    "jwt": "PyJWT",
    "prometheus_client": "prometheus-client",
}
# Part of another library that is named.
NOT_NAMED = {"pydantic", "werkzeug", "jinja2", "httpcore2"}


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


def test_every_kind_of_change_has_its_place() -> None:
    text = section("Where to add what")
    for wanted in ("a code", "a fact", "a rule", "a hook"):
        assert f"| {wanted} |" in text


def test_the_readme_and_this_page_send_an_engineer_to_the_same_places() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for place in ("rules/value_sets/", "rules/facts/", "rules/phases/", "rules/orders/", "rules/ruleset.yaml"):
        assert place in readme
        assert place in TEXT
