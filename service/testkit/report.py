"""Report: issues of a request, each with its place, as a FHIR OperationOutcome and as text to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from service.errors import Issue, Severity

_MOST_MADE = 3000
_MOST = 500
"""How many issues of one report are shown; a document with more is wrong in kind."""


class Part(StrEnum):
    """What an issue is about, in the order in which a report is read."""

    VERDICT = "What would become of it"
    REQUEST = "The request"
    PREFETCH = "Prefetched data"
    RESOURCES = "FHIR resources"
    READING = "How the data was read"
    KNOWING = "What could not be known"


@dataclass(frozen=True, slots=True)
class Report:
    """All issues of one document, worst first within each part."""

    issues: tuple[Issue, ...]

    @property
    def errors(self) -> int:
        """How many issues are errors."""
        return sum(issue.severity is Severity.ERROR for issue in self.issues)


def report(issues: Iterable[Issue]) -> Report:
    """The issues in reading order, each once; the first ``_MOST_MADE`` of them, so that no document takes long.

    What names no part is about a FHIR resource.
    """
    parts = {part.value: index for index, part in enumerate(Part)}
    made = [issue if issue.group else replace(issue, group=Part.RESOURCES) for issue in islice(issues, _MOST_MADE)]
    if len(made) == _MOST_MADE:
        text = "there are more issues than are looked for"
        made.append(Issue("", text, code="too-long", severity=Severity.WARNING, group=Part.VERDICT))
    ordered = sorted(dict.fromkeys(made), key=lambda one: (parts[one.group], one.severity.rank))
    return Report(tuple(ordered))


def as_outcome(reported: Report) -> dict[str, Any]:
    """The report as an OperationOutcome (R4): at least one issue."""
    shown = list(reported.issues[:_MOST])
    if more := len(reported.issues) - len(shown):
        text = f"{more} further issues left out"
        shown.append(Issue("", text, code="too-long", severity=Severity.INFORMATION, group=Part.RESOURCES))
    return {"resourceType": "OperationOutcome", "issue": [issue.to_fhir() for issue in shown]}


def as_text(reported: Report) -> str:
    """The report as text: one heading per part, one line per issue, and a count at the end."""
    lines: list[str] = []
    for part in Part:
        issues = [issue for issue in reported.issues if issue.group == part]
        if issues:
            lines += ["", part.value, *(f"  {_MARKS[issue.severity]:8}{issue}" for issue in issues[:_MOST])]
    counts = Counter(issue.severity for issue in reported.issues)
    found = (f"{counts[severity]} {severity.label}(s)" for severity in Severity)
    return "\n".join([*lines, "", ", ".join(found)]).lstrip() + "\n"


_MARKS: Mapping[Severity, str] = {Severity.ERROR: "ERROR", Severity.WARNING: "warning", Severity.INFORMATION: "note"}
