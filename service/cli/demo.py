"""The demonstration: start the service, send it the example stories, show their cards, leave it running.

Not a room: it stands outside the service, calls it over HTTP like any client, and only the command line
starts it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from rich.console import Console, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from service.cli.stories import EXAMPLES, Story, read_stories
from service.config import BIND, NO_START, PROJECT, bind_address, worker_count
from service.errors import SettingsError

FAVOURITE_PORT = 8080
EVERY_ADDRESS = ("0.0.0.0", "[::]")  # noqa: S104  # compared with, never bound by us
START_SECONDS = 30
COLOURS = {"critical": "bold white on red", "warning": "bold black on yellow", "info": "bold white on blue"}
MOST_LINES = 6

# Told in full, in this order; the others are told by the headlines of their cards.
TOUR = (
    "first-visit-with-spasm",
    "egfr-25-and-ibuprofen",
    "warfarin-and-naproxen",
    "age-70-and-cyclobenzaprine",
    "cauda-equina-at-night",
    "mri-at-two-weeks",
    "seven-weeks-of-failed-care",
    "epidural-candidate",
    "nsaid-at-24-weeks",
    "opioid-and-relaxant",
    "nothing-about-the-back",
    "healthy-person",
)


class DemoError(Exception):
    """The demonstration cannot go on; the text says why and what to do. ``code`` is the exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def run(once: bool) -> int:
    """Show the stories; then keep the service running until Ctrl-C, unless ``once`` or nobody watches.

    Returns the exit code: 0; 1 when the service did not start or a story was not answered; 2 for a wrong setting.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    try:
        stories = _stories(EXAMPLES)
        with _service() as address:
            failed = sum(not _run_story(console, address, story, full=story.id in TOUR) for story in stories)
            _sum_up(console, len(stories), failed)
            if not once and sys.stdout.isatty():
                _wait(console, address, stories)
    except DemoError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]The demo stopped.[/] {error}", soft_wrap=True)
        return error.code
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 0
    return 1 if failed else 0


def _stories(folder: Path) -> tuple[Story, ...]:
    """All stories, those of the tour first. Raises DemoError when there is none."""
    stories = read_stories(folder)
    if not stories:
        raise DemoError(f"There is no story in {folder}: each is a folder with a story.json.")
    order = {story: number for number, story in enumerate(TOUR)}
    return tuple(sorted(stories, key=lambda story: (order.get(story.id, len(TOUR)), story.id)))


@contextmanager
def _service() -> Iterator[str]:
    """The service as a child process, on this machine only; stopped when the block ends. Yields its address."""
    host, port = _announced_address()
    if BIND not in os.environ:
        host, port = "127.0.0.1", _free_port()
    environment = {**os.environ, BIND: f"{host}:{port}"}
    command = [sys.executable, "-m", "gunicorn", "--config", str(PROJECT / "gunicorn.conf.py")]
    with tempfile.TemporaryFile() as log:
        # In a session of its own, Ctrl-C reaches only the demo, which then stops the service in order.
        child = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=log, start_new_session=True)
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            address = f"http://{'127.0.0.1' if host in EVERY_ADDRESS else host}:{port}"
            _await_health(address, child, log)
            yield address
        finally:
            signal.signal(signal.SIGTERM, before)
            _stop(child)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(timeout=25)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _announced_address() -> tuple[str, int]:
    """Where the settings say to listen. Raises DemoError when they cannot be read."""
    try:
        worker_count()
        host, _, port = bind_address().rpartition(":")
    except SettingsError as error:
        raise DemoError(f"{NO_START}{error}", 2) from None
    return host, int(port)


def _free_port() -> int:
    for port in (FAVOURITE_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("no free port on this machine")


def _await_health(address: str, child: subprocess.Popen[bytes], log: Any) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with urlopen(f"{address}/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()[-15:]
    began = next((number for number, line in enumerate(said) if line.startswith(NO_START.strip())), None)
    if began is not None:
        raise DemoError("\n".join(said[began:]), child.returncode or 1)
    raise DemoError("The service did not start:\n" + "\n".join(said))


def _path(story: Story, services: Mapping[str, str]) -> str:
    if story.is_request:
        return f"/cds-services/{services.get(story.hook, story.hook)}"
    query = {"hook": story.hook, "now": story.now.isoformat()}
    if story.complete:
        query["complete"] = ",".join(sorted(story.complete))
    return f"/evaluate?{urlencode(query, safe=':,')}"


def _services(address: str) -> dict[str, str]:
    with urlopen(f"{address}/cds-services", timeout=10) as answer:
        return {service["hook"]: service["id"] for service in json.load(answer)["services"]}


def _run_story(console: Console, address: str, story: Story, *, full: bool) -> bool:
    """Send one story and print what came back; False when the service refused it."""
    path = _path(story, _services(address) if story.is_request else {})
    request = Request(address + path, story.file.read_bytes(), {"Content-Type": "application/json"})
    console.print(Rule(Text(story.title, "bold"), align="left") if full else Text(story.title, "bold"))
    if full:
        console.print(f"[dim]POST {path}   {story.file.relative_to(PROJECT)}[/]\n")
    try:
        with urlopen(request, timeout=30) as answer:
            cards = json.load(answer)["cards"]
    except HTTPError as refused:
        console.print(Text.assemble((f"HTTP {refused.code}", "bold red"), " ", _faults(refused.read()), "\n"))
        return False
    for card in cards:
        console.print(card_view(card) if full else Padding(_headline(card), (0, 0, 0, 2)))
    if not cards:
        console.print("[dim]  No card. (The absence of a card is not clearance.)[/]" + ("\n" if full else ""))
    return True


def _faults(body: bytes) -> str:
    try:
        issues = json.loads(body)["issue"]
        return "; ".join(str(issue["details"]["text"]) for issue in issues)
    except (ValueError, LookupError, TypeError):
        return body.decode(errors="replace")[:200]


def card_view(card: Mapping[str, Any]) -> Group:
    """One card as the demonstration prints it."""
    why = card.get("extension", {}).get("sciatica-cds.why", {})
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(style="cyan", no_wrap=True, min_width=len("not recorded"))
    rows.add_column()
    for label, texts in (
        ("advice", _advice(card)),
        ("source", [card["source"]["label"]]),
        ("found", _found(card) or [_evidence(entry) for entry in why.get("evidence", [])]),
        ("not recorded", [str(entry) for entry in why.get("notRecorded", [])]),
        ("offers", [suggestion["label"] for suggestion in card.get("suggestions", [])]),
        ("rules", [_rule(rule) for rule in why.get("rules", [])]),
    ):
        if texts:
            rows.add_row(label, Text("\n".join(_shown(texts))))
    return Group(_headline(card), Padding(rows, (0, 0, 1, 2), expand=False))


def _headline(card: Mapping[str, Any]) -> Text:
    indicator = card["indicator"]
    return Text.assemble((f" {indicator.upper()} ", COLOURS.get(indicator, "bold")), " ", (card["summary"], "bold"))


def _paragraphs(card: Mapping[str, Any]) -> list[str]:
    """The paragraphs of the detail as a person reads them, without the marks of markdown."""
    plain = re.sub(r"\\(.)|[*`]", lambda mark: mark[1] or "", card.get("detail", ""))
    return [paragraph.strip() for paragraph in plain.split("\n\n") if paragraph.strip()]


def _advice(card: Mapping[str, Any]) -> list[str]:
    """The first paragraph of the detail, with the list it announces."""
    first, *rest = _paragraphs(card) or [""]
    return [first, *rest[0].splitlines()] if first.endswith(":") and rest else [first] if first else []


def _found(card: Mapping[str, Any]) -> list[str]:
    """What the detail lists as found."""
    paragraphs = iter(_paragraphs(card))
    listed = next((next(paragraphs, "") for paragraph in paragraphs if paragraph == "Found:"), "")
    return [line.removeprefix("- ") for line in listed.splitlines()]


def _shown(texts: Sequence[str]) -> list[str]:
    """The first few of the texts, each once, and how many more there are."""
    distinct = list(dict.fromkeys(texts))
    if len(distinct) <= MOST_LINES:
        return distinct
    return [*distinct[: MOST_LINES - 1], f"and {len(distinct) - MOST_LINES + 1} more"]


def _evidence(entry: Mapping[str, Any]) -> str:
    parts = [entry.get("finding"), entry.get("text"), entry.get("date"), entry.get("resource"), entry.get("note")]
    return " · ".join(str(part) for part in parts if part)


def _rule(rule: Mapping[str, Any]) -> str:
    return f"{rule['id']} {rule['version']} ({rule['status']})"


def _sum_up(console: Console, stories: int, failed: int) -> None:
    console.rule()
    console.print(
        f"{stories - failed} of {stories} stories answered. The whole answers, with detail and trace, are JSON."
    )


def _wait(console: Console, address: str, stories: Sequence[Story]) -> NoReturn:
    """Say where the service runs and wait for Ctrl-C."""
    story = next((each for each in stories if not each.is_request), stories[0])
    console.print(f"The service keeps running at [bold]{address}[/]   (Ctrl-C stops it)\n")
    console.print(
        f"See it in a browser: [bold]{address}/[/]   connect an EHR: [bold]{address}/start[/]   "
        f"the rule book: [bold]{address}/rules[/]\nTry:\n"
    )
    console.print(
        f"curl -s -H 'Content-Type: application/json' --data @{story.file.relative_to(PROJECT)} "
        f"'{address}{_path(story, {})}' | python3 -m json.tool",
        soft_wrap=True,
        markup=False,
    )
    if _has_screen():
        webbrowser.open(f"{address}/")
    while True:
        # Not signal.pause(): a Ctrl-C that arrives just before it would be noticed only at the next one.
        time.sleep(0.5)


def _has_screen() -> bool:
    """Whether a page that is opened can be seen. A browser in the terminal would take ours away."""
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
