"""The errors of the service, by who must act on them.

Rooms raise these; only the outermost layer (the routes, the command line) turns them into HTTP
statuses or exit codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where it is wrong, and what would be right.

    ``where`` is a path in a request (``context.patientId``) or ``file:line`` in the rule files.
    The text never quotes a value that came from a patient's record.
    """

    where: str
    text: str
    hint: str | None = None

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.where}: {self.text}{hint}"


class ServiceError(Exception):
    """Base of all errors of this service."""


class FaultsError(ServiceError):
    """An error that carries every fault found, not only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))


class RequestError(FaultsError):
    """The caller's request is wrong. The integrator acts. HTTP 400 unless ``status`` says 413, 415 or 422."""

    def __init__(self, faults: Sequence[Fault], status: int = 400) -> None:
        super().__init__(faults)
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


class KnowledgeError(FaultsError):
    """The rule files are wrong. The rule author acts; the process does not start."""


class EnvelopeError(KnowledgeError):
    """A rule cannot be compiled inside the limits of the engine."""


class EngineError(ServiceError):
    """The two engines disagree, or the engine failed. We act. HTTP 500, no details outside."""


class GateError(EngineError):
    """A call that a gate let pass had something to say. We act: the gate is shut. HTTP 500, no details outside."""


class StoreError(ServiceError):
    """A decision could not be kept although it must be. We act. HTTP 500."""
