"""Report: remarks about a request, each with its place, as a FHIR OperationOutcome and as text to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

_MOST_MADE = 3000
_MOST = 500
"""How many remarks of one report are shown; a document with more is wrong in kind."""


class Severity(StrEnum):
    """How bad: an error breaks a rule of FHIR or CDS Hooks, a warning is tolerated here and may not be elsewhere."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Part(StrEnum):
    """What a remark is about, in the order in which a report is read."""

    VERDICT = "What would become of it"
    REQUEST = "The request"
    PREFETCH = "Prefetched data"
    RESOURCES = "FHIR resources"
    READING = "How the data was read"
    KNOWING = "What could not be known"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to say. ``where`` is a path in the document; ``code`` an issue type of FHIR. Quotes no value sent."""

    severity: Severity
    where: str
    text: str
    code: str = "invalid"
    part: Part = Part.RESOURCES


@dataclass(frozen=True, slots=True)
class Report:
    """All remarks about one document, worst first within each part."""

    issues: tuple[Issue, ...]

    @property
    def errors(self) -> int:
        return sum(issue.severity is Severity.ERROR for issue in self.issues)


def report(issues: Iterable[Issue]) -> Report:
    """The remarks in reading order, each once; the first ``_MOST_MADE`` of them, so that no document takes long."""
    parts = list(Part)
    made = list(islice(issues, _MOST_MADE))
    if len(made) == _MOST_MADE:
        made.append(Issue(Severity.WARNING, "", "there are more remarks than are looked for", "too-long", Part.VERDICT))
    ordered = sorted(dict.fromkeys(made), key=lambda one: (parts.index(one.part), one.severity.rank))
    return Report(tuple(ordered))


def as_outcome(reported: Report) -> dict[str, Any]:
    """The report as an OperationOutcome (R4): one issue per remark, at least one."""
    shown = reported.issues[:_MOST]
    issues = [_issue(issue) for issue in shown]
    if len(reported.issues) > len(shown):
        rest = Issue(
            Severity.INFORMATION, "", f"{len(reported.issues) - len(shown)} further remarks left out", "too-long"
        )
        issues.append(_issue(rest))
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(issue: Issue) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": issue.severity.value,
        "code": issue.code,
        "details": {"text": f"{issue.where}: {issue.text}" if issue.where else issue.text},
        "diagnostics": issue.part.value,
    }
    return issue | ({"expression": [issue.where]} if issue.where else {})


_MARKS: Mapping[Severity, str] = {Severity.ERROR: "ERROR", Severity.WARNING: "warning", Severity.INFORMATION: "note"}


def as_text(reported: Report) -> str:
    """The report as text: one heading per part, one line per remark, and a count at the end."""
    lines: list[str] = []
    for part in Part:
        issues = [issue for issue in reported.issues if issue.part is part]
        if issues:
            lines += ["", part.value, *(_line(issue) for issue in issues[:_MOST])]
    counts = {severity: sum(one.severity is severity for one in reported.issues) for severity in Severity}
    found = (f"{counts[severity]} {name}" for severity, name in _COUNTED)
    return "\n".join([*lines, "", ", ".join(found)]).lstrip() + "\n"


_COUNTED = ((Severity.ERROR, "error(s)"), (Severity.WARNING, "warning(s)"), (Severity.INFORMATION, "note(s)"))


def _line(issue: Issue) -> str:
    place = f"{issue.where}: " if issue.where else ""
    return f"  {_MARKS[issue.severity]:8}{place}{issue.text}"
