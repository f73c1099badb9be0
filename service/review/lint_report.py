"""What lint found, in the form that a build server reads: annotations, JSON, JUnit or SARIF 2.1.0."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from service.knowledge.checks import CHECKS, Severity
from service.knowledge.checks.registry import Problem
from service.knowledge.digest import rule_digest
from service.knowledge.model import Knowledge

_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
UNRAISED = "version-not-raised"


def unraised(before: Knowledge, now: Knowledge) -> list[Problem]:
    """A problem for every rule whose content differs from that of ``before`` under the same version.

    Statistics, overrides and approvals are told by version: two contents of one version cannot be told apart.
    """
    known = {rule.id: rule for rule in before.rules}
    return [
        Problem(
            UNRAISED,
            Severity.ERROR,
            rule.at,
            f"{rule.id} has changed and is still version {rule.version}",
            "raise its version and say in history what changed",
        )
        for rule in now.rules
        if rule.id in known
        and known[rule.id].version == rule.version
        and rule_digest(before, rule.id) != rule_digest(now, rule.id)
    ]


def _place(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.where.partition(":")
    return file, int(line) if line.isdecimal() else 1


def _words(problem: Problem) -> str:
    return problem.text + (f" ({problem.hint})" if problem.hint else "")


def as_json(problems: Sequence[Problem], folder: str) -> str:
    """A list of objects: check, severity, where, text, hint, and the place as file and line."""
    listed = []
    for problem in problems:
        file, line = _place(problem)
        listed.append({**asdict(problem), "file": f"{folder}/{file}", "line": line})
    return json.dumps(listed, indent=2, ensure_ascii=False)


def as_github(problems: Sequence[Problem], folder: str) -> str:
    """Workflow commands that mark the lines of a pull request."""
    lines = []
    for problem in problems:
        file, line = _place(problem)
        text = _words(problem).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        level = _GITHUB_LEVELS[problem.severity]
        lines.append(f"::{level} file={folder}/{file},line={line},title={problem.check}::{text}")
    return "\n".join(lines)


def as_junit(problems: Sequence[Problem], folder: str) -> str:
    """One test case per check, failed by each of its problems that is no note."""
    suite = Element("testsuite", name="sciatica-cds lint")
    names = dict.fromkeys([*CHECKS, *(problem.check.split()[0] for problem in problems)])
    serious = [problem for problem in problems if problem.severity is not Severity.NOTE]
    for name in names:
        case = SubElement(suite, "testcase", classname="lint", name=name)
        for problem in serious:
            if problem.check.split()[0] == name:
                file, line = _place(problem)
                SubElement(case, "failure", message=f"{folder}/{file}:{line}: {_words(problem)}")
    suite.set("tests", str(len(names)))
    suite.set("failures", str(len(serious)))
    return tostring(suite, encoding="unicode")


def as_sarif(problems: Sequence[Problem], folder: str) -> str:
    """A SARIF 2.1.0 log with one run; each check is a rule of the tool."""
    results: list[dict[str, Any]] = []
    for problem in problems:
        file, line = _place(problem)
        where = {"artifactLocation": {"uri": f"{folder}/{file}"}, "region": {"startLine": line}}
        results.append(
            {
                "ruleId": problem.check.split()[0],
                "level": _SARIF_LEVELS[problem.severity],
                "message": {"text": _words(problem)},
                "locations": [{"physicalLocation": where}],
            }
        )
    rules = [{"id": name, "shortDescription": {"text": check.title}} for name, check in CHECKS.items()]
    driver = {"name": "sciatica-cds lint", "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


FORMATS: Mapping[str, Callable[[Sequence[Problem], str], str]] = {
    "json": as_json,
    "github": as_github,
    "junit": as_junit,
    "sarif": as_sarif,
}
