"""Send every document of the published test data to the service and count what comes back: ``make corpus``.

Runs inside this process. Exit code 1 when any answer is a server error.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from rich.console import Console
from rich.table import Table

from benchmarks.patients import data_folder

NOW = "2026-11-24T09:00:00Z"
SERVER_ERROR = 500


@dataclass
class Tally:
    """What came back for the documents of one file."""

    name: str
    statuses: Counter[int] = field(default_factory=Counter)
    cards: Counter[int] = field(default_factory=Counter)
    indicators: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    problems: int = 0
    milliseconds: list[float] = field(default_factory=list)
    spoken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def documents(file: Path) -> Iterator[tuple[str, bytes]]:
    """The documents of one file with a name each; of an envelope, the raw text in it."""
    with gzip.open(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            name = f"{file.name}:{number}"
            envelope = json.loads(line) if file.name.startswith("odd-") else {}
            yield name, envelope["raw"].encode("utf-8", "surrogatepass") if "raw" in envelope else line


def send(app: Flask, path: str, body: bytes, tally: Tally, name: str) -> None:
    """Post one document and count its answer."""
    began = time.perf_counter()
    answer = app.test_client().post(path, data=body, content_type="application/json")
    tally.milliseconds.append(1000 * (time.perf_counter() - began))
    tally.statuses[answer.status_code] += 1
    if answer.status_code >= SERVER_ERROR:
        tally.broken.append(name)
    content = answer.get_json()
    if answer.status_code != 200:
        tally.refusals.update(_reasons(content))
        return
    tally.cards[len(content["cards"])] += 1
    tally.indicators.update(card["indicator"] for card in content["cards"])
    decision = content.get("extension", {}).get("sciatica-cds.decision", {})
    tally.fired.update(rule["id"] for rule in decision.get("rules", []) if rule["outcome"] == "fired")
    tally.problems += len(decision.get("problems", []))
    if content["cards"]:
        tally.spoken.append((name, content))


def _reasons(outcome: dict[str, Any]) -> Iterator[str]:
    """Why a document was refused, without what differs from one document to the next."""
    for issue in outcome.get("issue", []):
        said = issue.get("details", {}).get("text") or issue.get("diagnostics") or "no reason given"
        yield re.sub(r"\d+", "N", said.partition(" (")[0])[:90]


def evaluate_file(app: Flask, file: Path, hook: str = "patient-view", *, first: int = 0, step: int = 1) -> Tally:
    """The documents of a file as plain Bundle calls: all of them, or every ``step``-th from the ``first`` on."""
    tally = Tally(file.name.removesuffix(".ndjson.gz"))
    for name, body in islice(documents(file), first, None, step):
        send(app, f"/evaluate?hook={hook}&now={NOW}", body, tally, name)
    return tally


def call_hooks(app: Flask, folder: Path) -> Tally:
    """Every hook request as it is, to the service of its hook; those of other hooks to the first service."""
    offered = app.test_client().get("/cds-services").get_json()["services"]
    services = {service["hook"]: service["id"] for service in offered}
    tally = Tally("hook requests")
    for file in sorted((folder / "request").iterdir()):
        body = file.read_bytes()
        try:
            hook = json.loads(body).get("hook")
        except (ValueError, AttributeError):
            hook = None
        send(app, f"/cds-services/{services.get(hook, offered[0]['id'])}", body, tally, file.name)
    return tally


def main() -> int:
    """Print one line per file; ``--show N`` prints the cards of the first N documents that got any."""
    options = argparse.ArgumentParser(prog="benchmarks.corpus", description=__doc__)
    options.add_argument("--show", type=int, default=0, metavar="N", help="print the cards of N documents of each file")
    options.add_argument("--hook", default="patient-view", help="the hook for the bundles")
    options.add_argument("files", nargs="*", help="only files whose name holds one of these words")
    given = options.parse_args()
    console = Console(highlight=False, width=140)
    folder = data_folder() / "fhir"
    if not folder.is_dir():
        console.print("No test data: set SCIATICA_CDS_TEST_DATA to its folder.")
        return 1

    from service import create_app
    from service.config import Settings

    app = create_app(Settings(log_level="error"))
    files = [file for file in sorted(folder.glob("*.ndjson.gz")) if _wanted(file.name, given.files)]
    tallies = [evaluate_file(app, file, given.hook) for file in files]
    if _wanted("hooks", given.files):
        tallies.append(call_hooks(app, folder / "hooks"))
    console.print(_table(tallies))
    _print_fired(console, tallies)
    refusals: Counter[str] = sum((tally.refusals for tally in tallies), Counter())
    console.print("Refused because: " + "; ".join(f"{reason} {count}" for reason, count in refusals.most_common(12)))
    for tally in tallies:
        for name, content in tally.spoken[: given.show]:
            _print_cards(console, name, content)
    broken = [name for tally in tallies for name in tally.broken]
    if broken:
        console.print(f"[bold red]Server errors:[/] {', '.join(broken)}")
    return 1 if broken else 0


def _wanted(name: str, words: list[str]) -> bool:
    return not words or any(word in name for word in words)


def _table(tallies: list[Tally]) -> Table:
    table = Table(title=f"As of {NOW}")
    for heading in (
        "file",
        "documents",
        "statuses",
        "cards: documents",
        "indicators",
        "problems",
        "ms median",
        "ms max",
    ):
        table.add_column(heading, justify="left" if heading == "file" else "right")
    for tally in tallies:
        table.add_row(
            tally.name,
            str(sum(tally.statuses.values())),
            _counts(tally.statuses),
            _counts(tally.cards),
            _counts(tally.indicators),
            str(tally.problems),
            f"{statistics.median(tally.milliseconds or [0]):.1f}",
            f"{max(tally.milliseconds or [0]):.1f}",
        )
    return table


def _counts(counter: Counter[Any]) -> str:
    return " ".join(f"{key}:{count}" for key, count in sorted(counter.items()))


def _print_fired(console: Console, tallies: list[Tally]) -> None:
    fired: Counter[str] = sum((tally.fired for tally in tallies), Counter())
    console.print("Rules fired: " + (", ".join(f"{rule} {count}" for rule, count in fired.most_common()) or "none"))


def _print_cards(console: Console, name: str, content: dict[str, Any]) -> None:
    console.rule(name, align="left")
    for card in content["cards"]:
        why = card.get("extension", {}).get("sciatica-cds.why", {})
        console.print(f"[bold]{card['indicator']}[/] {card['summary']}", markup=True)
        console.print(f"   rules {[rule['id'] for rule in why.get('rules', [])]}", markup=False)
        console.print(f"   evidence {why.get('evidence')}", markup=False)
        console.print(f"   not recorded {why.get('notRecorded')}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
