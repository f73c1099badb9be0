"""What lint found, in the form that a build server reads: annotations, JSON, JUnit or SARIF 2.1.0."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from service.errors import Issue
from service.knowledge.checks import CHECKS, Severity
from service.knowledge.digest import rule_digest
from service.knowledge.model import Knowledge

_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "notice"}
UNRAISED = "version-not-raised"


def unraised(before: Knowledge, now: Knowledge) -> list[Issue]:
    """An issue for every rule whose content differs from that of ``before`` under the same version.

    Statistics, overrides and approvals are told by version: two contents of one version cannot be known apart.
    """
    known = {rule.id: rule for rule in before.rules}
    return [
        Issue(
            rule.at,
            f"{rule.id} has changed and is still version {rule.version}",
            "raise its version and say in history what changed",
            UNRAISED,
        )
        for rule in now.rules
        if rule.id in known
        and known[rule.id].version == rule.version
        and rule_digest(before, rule.id) != rule_digest(now, rule.id)
    ]


def as_json(issues: Sequence[Issue], folder: str) -> str:
    """A list of objects: severity, code (the check), path, text, hint, file and line."""
    listed = []
    for issue in issues:
        file, line = issue.file_and_line
        listed.append(issue.to_json() | {"file": f"{folder}/{file}", "line": line})
    return json.dumps(listed, indent=2, ensure_ascii=False)


def as_github(issues: Sequence[Issue], folder: str) -> str:
    """Workflow commands that mark the lines of a pull request."""
    lines = []
    for issue in issues:
        file, line = issue.file_and_line
        text = issue.words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        level = _GITHUB_LEVELS[issue.severity]
        lines.append(f"::{level} file={folder}/{file},line={line},title={issue.code}::{text}")
    return "\n".join(lines)


def as_junit(issues: Sequence[Issue], folder: str) -> str:
    """One test case per check, failed by each of its issues that is no note."""
    suite = Element("testsuite", name="sciatica-cds lint")
    names = dict.fromkeys([*CHECKS, *(issue.code.split()[0] for issue in issues)])
    serious = [issue for issue in issues if issue.severity is not Severity.INFORMATION]
    for name in names:
        case = SubElement(suite, "testcase", classname="lint", name=name)
        for issue in serious:
            if issue.code.split()[0] == name:
                file, line = issue.file_and_line
                SubElement(case, "failure", message=f"{folder}/{file}:{line}: {issue.words}")
    suite.set("tests", str(len(names)))
    suite.set("failures", str(len(serious)))
    return tostring(suite, encoding="unicode")


def as_sarif(issues: Sequence[Issue], folder: str) -> str:
    """A SARIF 2.1.0 log with one run; each check is a rule of the tool."""
    results: list[dict[str, Any]] = []
    for issue in issues:
        file, line = issue.file_and_line
        where = {"artifactLocation": {"uri": f"{folder}/{file}"}, "region": {"startLine": line}}
        results.append(
            {
                "ruleId": issue.code.split()[0],
                "level": issue.severity.label,
                "message": {"text": issue.words},
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


FORMATS: Mapping[str, Callable[[Sequence[Issue], str], str]] = {
    "json": as_json,
    "github": as_github,
    "junit": as_junit,
    "sarif": as_sarif,
}
