"""The lock files: complete, hashed, and fresh enough for what pyproject.toml asks."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = Path(__file__).resolve().parent.parent
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)[^\n]*\\\n(?P<hashes>(?:    --hash=\S+.*\n)+)", re.MULTILINE
)
LOCKS = ("requirements.lock", "requirements-dev.lock")


@cache
def pyproject() -> dict:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def pins(lock: str) -> dict[str, Version]:
    text = (PROJECT / lock).read_text(encoding="utf-8")
    found = {canonicalize_name(match["name"]): Version(match["version"]) for match in PIN.finditer(text)}
    named = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(found) == len(named), f"{lock} has a line without a version or a hash"
    return found


def asked_for(lock: str) -> list[Requirement]:
    project = pyproject()
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    if lock == "requirements-dev.lock":
        wanted += project["dependency-groups"]["dev"]
        extras = project["project"].get("optional-dependencies", {})
        # A cluster brings its own Spark, and half a gigabyte is too much for a set-up.
        wanted += [line for extra, lines in extras.items() for line in lines if not line.startswith("pyspark")]
    return [Requirement(line) for line in wanted]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_locked_at_a_version_that_satisfies_it(lock: str) -> None:
    for requirement in asked_for(lock):
        version = pins(lock).get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in {lock}: run make lock"
        assert version in requirement.specifier, f"{lock} has {requirement.name} {version}: run make lock"


def test_development_uses_the_versions_that_run() -> None:
    development = pins("requirements-dev.lock")
    assert {name: development.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


def test_the_engine_is_pinned_to_the_version_that_was_measured() -> None:
    assert pins("requirements.lock")["durable-rules"] == Version("2.0.28")
