"""The errors of the service, by who must act on them.

Rooms raise these; only the outermost layer (the routes, the command line) turns them into HTTP
statuses or exit codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad an issue is, in the words of FHIR: an error must be mended, a warning wants an answer."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return list(Severity).index(self)

    @property
    def label(self) -> str:
        """The word people read: compilers and linters say note for information."""
        return "note" if self is Severity.INFORMATION else self.value


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong or worth knowing: where, what, and what would be right.

    ``path`` is a path in a request (``context.patientId``), ``file:line`` in the rule files, or a row of the store.
    ``code`` is an issue type of FHIR, the id of a check, or the number of a requirement; ``group`` the heading of a
    report under which it stands. The text never quotes a value that came from a patient's record.
    """

    path: str
    text: str
    hint: str | None = None
    code: str = "invalid"
    severity: Severity = Severity.ERROR
    group: str = ""

    @property
    def file_and_line(self) -> tuple[str, int]:
        """The file and the line of a ``file:line``, to sort issues of rule files by; line 0 without one."""
        file, _, line = self.path.rpartition(":")
        return (file, int(line)) if line.isdecimal() else (self.path, 0)

    @property
    def words(self) -> str:
        """What is wrong and what would be right, without the path."""
        return f"{self.text} ({self.hint})" if self.hint else self.text

    def __str__(self) -> str:
        return f"{self.path}: {self.words}" if self.path else self.words

    def line(self) -> str:
        """One line as compilers print them: path, severity, code, words."""
        return f"{self.path}: {self.severity.label} {self.code}: {self.words}"

    def to_json(self) -> dict[str, str | None]:
        """The issue as JSON; severities are FHIR's, but for ``note``."""
        return {
            "severity": self.severity.label,
            "code": self.code,
            "path": self.path,
            "text": self.text,
            "hint": self.hint,
        }

    def to_fhir(self) -> dict[str, Any]:
        """The issue as one of an OperationOutcome (R4)."""
        return {
            "severity": self.severity.value,
            "code": self.code,
            "details": {"text": str(self)},
            **({"diagnostics": self.group} if self.group else {}),
            **({"expression": [self.path]} if self.path else {}),
        }


class ServiceError(Exception):
    """Base of all errors of this service."""


class IssuesError(ServiceError):
    """An error that carries every issue found, not only the first."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(str(issue) for issue in self.issues))


class RequestError(IssuesError):
    """The caller's request is wrong. The integrator acts. HTTP 400 unless ``status`` says 413, 415 or 422."""

    def __init__(self, issues: Sequence[Issue], status: int = 400) -> None:
        super().__init__(issues)
        self.status = status


class UnauthorizedError(ServiceError):
    """The caller did not prove who it is. ``claim`` names what failed, for the log only (SE-7). HTTP 401."""

    def __init__(self, claim: str) -> None:
        self.claim = claim
        super().__init__(f"not authenticated: {claim}")


class ForbiddenError(ServiceError):
    """The caller is known but may not do this. ``claim`` names what failed. HTTP 403."""

    def __init__(self, claim: str) -> None:
        self.claim = claim
        super().__init__(f"not allowed: {claim}")


class NotFoundError(ServiceError):
    """What was asked for does not exist. ``hint`` says what to ask for instead, in words of ours. HTTP 404."""

    def __init__(self, text: str = "", hint: str | None = None) -> None:
        self.hint = hint
        super().__init__(text)


class DataUnavailableError(ServiceError):
    """Nothing useful can be said because required data could not be had (RP-2). HTTP 412."""

    def __init__(self, keys: Sequence[str], reasons: Sequence[str | None] = ()) -> None:
        self.keys = tuple(keys)
        self.reasons = tuple(reasons) or (None,) * len(self.keys)
        super().__init__("required data was not sent and could not be fetched: " + ", ".join(self.keys))


class TooCostlyError(ServiceError):
    """The answer would take more CPU than one call may. The integrator sends less at once. HTTP 503."""

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds
        super().__init__(f"the call needs more than {milliseconds} ms of CPU")


class SettingsError(ServiceError):
    """A setting is unknown, wrong or unsafe for the mode. The operator acts; the process does not start."""


class KnowledgeError(IssuesError):
    """The rule files are wrong. The rule author acts; the process does not start."""


class EnvelopeError(KnowledgeError):
    """A rule cannot be compiled inside the limits of the engine."""


class EngineError(ServiceError):
    """The two engines disagree, or the engine failed. We act. HTTP 500, no details outside."""


class GateError(EngineError):
    """A call that a gate let pass had something to say. We act: the gate is shut. HTTP 500, no details outside."""


class StoreError(ServiceError):
    """A decision could not be stored although it must be. We act. HTTP 500."""


def line_of_ours(error: BaseException) -> str:
    """The innermost line of ours that an error went through, as module and line."""
    where, trace = "unknown", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("service"):
            where = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where
