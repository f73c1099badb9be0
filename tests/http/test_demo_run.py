"""The demonstration as a newcomer runs it: one command, the cards of every story, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from service.cli.stories import read_stories

PROJECT = Path(__file__).resolve().parent.parent.parent
DEMO = [sys.executable, "-c", "from service.cli import main; main()", "demo"]
# What is started in the background of a script inherits that Ctrl-C is ignored.
WATCHED = (
    "import pty, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result() -> subprocess.CompletedProcess[str]:
    with socket.socket() as taken:
        # Its favourite port is in use: it must find another.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            pass
        return subprocess.run(
            DEMO, cwd=PROJECT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=90
        )


def test_without_a_terminal_it_prints_and_ends(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stdout + result.stderr
    assert "keeps running" not in result.stdout


def test_every_story_is_told(result: subprocess.CompletedProcess[str]) -> None:
    for story in read_stories():
        assert story.title in result.stdout


def test_the_cards_can_be_read_without_colour(result: subprocess.CompletedProcess[str]) -> None:
    assert "\x1b[" not in result.stdout
    for part in (" CRITICAL ", " WARNING ", " INFO ", "source", "found", "not recorded"):
        assert part in result.stdout


def test_at_a_terminal_it_keeps_running_and_ctrl_c_stops_it_cleanly(tmp_path: Path) -> None:
    screen = tmp_path / "screen"
    with screen.open("wb") as out:
        watched = subprocess.Popen(
            [sys.executable, "-c", WATCHED, *DEMO],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        )
        try:
            text = awaited(screen, "Try:")
            address = text.partition("running at ")[2].split("http://")[1].split()[0].split("\x1b")[0]
            with urlopen(f"http://{address}/health", timeout=5) as answer:
                assert answer.status == 200
            family = psutil.Process(watched.pid).children(recursive=True)
            family[0].send_signal(signal.SIGINT)
            assert watched.wait(timeout=40) == 0
        finally:
            watched.kill()
            watched.wait()
    assert "Stopped." in screen.read_text(encoding="utf-8")
    assert "Traceback" not in screen.read_text(encoding="utf-8")
    _, left = psutil.wait_procs(family, timeout=10)
    assert left == []


def awaited(screen: Path, words: str) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        text = screen.read_text(encoding="utf-8", errors="replace")
        if words in text:
            return text
        time.sleep(0.2)
    raise AssertionError(screen.read_text(encoding="utf-8", errors="replace"))
