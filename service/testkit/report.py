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
class Remark:
    """One thing to say. ``where`` is a path in the document; ``code`` an issue type of FHIR. Quotes no value sent."""

    severity: Severity
    where: str
    text: str
    code: str = "invalid"
    part: Part = Part.RESOURCES


@dataclass(frozen=True, slots=True)
class Report:
    """All remarks about one document, worst first within each part."""

    remarks: tuple[Remark, ...]

    @property
    def errors(self) -> int:
        return sum(remark.severity is Severity.ERROR for remark in self.remarks)


def report(remarks: Iterable[Remark]) -> Report:
    """The remarks in reading order, each once; the first ``_MOST_MADE`` of them, so that no document takes long."""
    parts = list(Part)
    made = list(islice(remarks, _MOST_MADE))
    if len(made) == _MOST_MADE:
        made.append(
            Remark(Severity.WARNING, "", "there are more remarks than are looked for", "too-long", Part.VERDICT)
        )
    ordered = sorted(dict.fromkeys(made), key=lambda one: (parts.index(one.part), one.severity.rank))
    return Report(tuple(ordered))


def as_outcome(reported: Report) -> dict[str, Any]:
    """The report as an OperationOutcome (R4): one issue per remark, at least one."""
    shown = reported.remarks[:_MOST]
    issues = [_issue(remark) for remark in shown]
    if len(reported.remarks) > len(shown):
        rest = Remark(
            Severity.INFORMATION, "", f"{len(reported.remarks) - len(shown)} further remarks left out", "too-long"
        )
        issues.append(_issue(rest))
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(remark: Remark) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": remark.severity.value,
        "code": remark.code,
        "details": {"text": f"{remark.where}: {remark.text}" if remark.where else remark.text},
        "diagnostics": remark.part.value,
    }
    return issue | ({"expression": [remark.where]} if remark.where else {})


_MARKS: Mapping[Severity, str] = {Severity.ERROR: "ERROR", Severity.WARNING: "warning", Severity.INFORMATION: "note"}


def as_text(reported: Report) -> str:
    """The report as text: one heading per part, one line per remark, and a count at the end."""
    lines: list[str] = []
    for part in Part:
        remarks = [remark for remark in reported.remarks if remark.part is part]
        if remarks:
            lines += ["", part.value, *(_line(remark) for remark in remarks[:_MOST])]
    counts = {severity: sum(one.severity is severity for one in reported.remarks) for severity in Severity}
    found = (f"{counts[severity]} {name}" for severity, name in _COUNTED)
    return "\n".join([*lines, "", ", ".join(found)]).lstrip() + "\n"


_COUNTED = ((Severity.ERROR, "error(s)"), (Severity.WARNING, "warning(s)"), (Severity.INFORMATION, "note(s)"))


def _line(remark: Remark) -> str:
    place = f"{remark.where}: " if remark.where else ""
    return f"  {_MARKS[remark.severity]:8}{place}{remark.text}"
