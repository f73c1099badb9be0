"""The demonstration, without a service: which stories it finds, and how a card looks in a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from service.cli import demo


def a_story(folder: Path, files: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text, encoding="utf-8")


def a_card(**more: Any) -> dict[str, Any]:
    return {"summary": "Avoid the NSAID", "indicator": "critical", "source": {"label": "FDA label"}, **more}


def shown(card: dict[str, Any], width: int = 80) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(demo.card_view(card))
    return capture.get()


def test_a_bundle_story_is_sent_with_its_hook_and_time(tmp_path: Path) -> None:
    about = {"hook": "order-sign", "now": "2026-11-24T09:00:00+01:00", "complete": ["Condition", "Procedure"]}
    a_story(tmp_path / "one", {"bundle.json": {}, "story.json": about})
    (story,) = demo._stories(tmp_path)
    query = "hook=order-sign&now=2026-11-24T09:00:00%2B01:00&complete=Condition,Procedure"
    assert demo._path(story, {}) == f"/evaluate?{query}"


def test_a_request_story_goes_to_the_service_of_its_hook(tmp_path: Path) -> None:
    request = {"hook": "order-select", "hookInstance": "1", "context": {}}
    a_story(tmp_path / "two", {"request.json": request, "story.json": {"now": "2026-11-24T09:00:00Z"}})
    (story,) = demo._stories(tmp_path)
    assert demo._path(story, {"order-select": "sciatica-order-select"}) == "/cds-services/sciatica-order-select"


def test_no_story_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(demo.DemoError, match="no story"):
        demo._stories(tmp_path)


def test_a_card_shows_what_a_clinician_needs() -> None:
    why = {
        "rules": [{"id": "sf-nsaid-egfr-below-30", "version": "1.0.0", "status": "draft"}],
        "evidence": [{"finding": "egfr", "resource": "Observation/e1", "date": "2026-11-01"}],
        "notRecorded": ["heart failure"],
    }
    text = shown(a_card(extension={"sciatica-cds.why": why}, suggestions=[{"label": "Remove the order"}]))
    for part in ("CRITICAL", "Avoid the NSAID", "FDA label", "egfr · 2026-11-01 · Observation/e1", "heart failure"):
        assert part in text
    assert "sf-nsaid-egfr-below-30 1.0.0 (draft)" in text
    assert "Remove the order" in text


def test_what_was_found_is_told_in_the_words_of_the_card() -> None:
    found = "**Found:**\n\n- eGFR: 25 (25 mL/min/\\{1.73\\_m2\\})\n- An NSAID"
    detail = f"Use *another* drug.\n\n{found}\n\n**Sources**\n\n- One"
    text = shown(a_card(detail=detail))
    assert "Use another drug." in text
    assert "eGFR: 25 (25 mL/min/{1.73_m2})" in text
    assert "One" not in text


def test_a_card_without_extension_still_shows() -> None:
    text = shown(a_card())
    assert "FDA label" in text
    assert "not recorded" not in text


def test_long_lists_say_how_many_more() -> None:
    lines = shown(a_card(extension={"sciatica-cds.why": {"notRecorded": [f"thing {n}" for n in range(9)]}}))
    assert "thing 4" in lines
    assert "thing 5" not in lines
    assert "and 4 more" in lines


def test_square_brackets_are_text() -> None:
    assert "[red]alarm[/red]" in shown(a_card(summary="[red]alarm[/red]"))


def test_a_refusal_names_its_faults() -> None:
    body = json.dumps({"issue": [{"details": {"text": "entry[0]: no resourceType"}}]}).encode()
    assert demo._faults(body) == "entry[0]: no resourceType"
    assert demo._faults(b"<html>") == "<html>"
