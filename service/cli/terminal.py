"""Cards and decisions as text in a terminal; coloured when it is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding

from service.decision import Decision
from service.engine.trace import Outcome, Result, least_change
from service.finding import Finding, Status
from service.knowledge.model import Knowledge
from service.record.notes import text_of

_COLOURS = {"critical": "bold white on red", "warning": "bold black on yellow", "info": "bold white on blue"}
_RESULTS = {Result.FIRED: "bold green", Result.NOT_MET: "dim", Result.NOT_ENOUGH_DATA: "yellow"}


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120)


def show_cards(cards: Sequence[Mapping[str, Any]], not_clearance: str) -> None:
    """Each card as a clinician would read it."""
    console = _console()
    for card in cards:
        colour = _COLOURS[card["indicator"]]
        console.print(f"[{colour}] {card['indicator'].upper()} [/] [bold]{card['summary']}[/]")
        console.print(Padding(Markdown(card["detail"]), (0, 0, 0, 2)))
        for suggestion in card.get("suggestions", ()):
            console.print(f"  [bold]→[/] {suggestion['label']}")
        console.print(f"  [dim]Source: {card['source']['label']}[/]\n")
    if not cards:
        console.print(f"No card. ({not_clearance})")


def show_outcome(outcome: Outcome, decision: Decision, knowledge: Knowledge) -> None:
    """What became of one rule, what it read, and the least change that would alter it."""
    console = _console()
    rule = outcome.rule
    console.print(
        f"[{_RESULTS[outcome.result]}]{outcome.result.value}[/]  [bold]{rule.id}[/] {rule.version}: {rule.title}"
    )
    if outcome.suppressed_by is not None:
        console.print(f"    suppressed by {outcome.suppressed_by}, which is shown first in the same family")
    for name in sorted(rule.reads):
        console.print(f"    {_finding(decision.findings[name], knowledge)}", markup=False)
    for test in outcome.stopped_by:
        reason = "not enough data for" if outcome.result is Result.NOT_ENOUGH_DATA else "stopped by"
        console.print(f"    {reason}: {test}", markup=False)
    changes = least_change(rule.when, decision.findings)
    verb = "It would not fire if" if outcome.result is Result.FIRED else "It would fire if"
    text = " and ".join(f"'{change.test}' {'held' if change.wanted.value else 'did not hold'}" for change in changes)
    console.print(f"    {verb} {text}.\n", markup=False)


def outcome_as_json(outcome: Outcome, decision: Decision) -> dict[str, Any]:
    """What ``show_outcome`` says, for a program: the rule, its result, the findings it read, and the least change."""
    changes = least_change(outcome.rule.when, decision.findings)
    read = {name: decision.findings[name] for name in sorted(outcome.rule.reads)}
    return {
        "rule": outcome.rule.id,
        "version": outcome.rule.version,
        "result": outcome.result.value,
        "suppressedBy": outcome.suppressed_by,
        "stoppedBy": [str(test) for test in outcome.stopped_by],
        "leastChange": [{"test": str(change.test), "holds": bool(change.wanted.value)} for change in changes],
        "findings": {name: _finding_as_json(finding) for name, finding in read.items()},
    }


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    number = finding.value if finding.value is not None else finding.low
    return {
        "status": finding.status.value,
        "value": None if number is None else float(number),
        "unit": finding.unit,
        "evidence": [{"resource": item.resource, "date": item.date} for item in finding.evidence],
        "notes": [text_of(note) for note in finding.notes],
    }


def _finding(finding: Finding, knowledge: Knowledge) -> str:
    text = f"{finding.name}: {finding.status.value}"
    if finding.status is Status.PRESENT and finding.low is not None:
        number = finding.value if finding.value is not None else f"at least {finding.low}"
        text += f", {number} {finding.unit or ''}".rstrip()
    if finding.evidence:
        text += " — " + "; ".join(" ".join(filter(None, (item.resource, item.date))) for item in finding.evidence[:3])
    if finding.status is Status.UNKNOWN:
        text += f" ({'; '.join(map(text_of, finding.notes)) or knowledge.asks(finding.name) + ': not recorded'})"
    return text
