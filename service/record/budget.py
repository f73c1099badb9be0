"""The CPU time one call may take, so that an odd body cannot stall a worker for everybody else."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from service.errors import TooCostlyError


class Budget(Protocol):
    """Something that stops a call."""

    def check(self) -> None:
        """Raise TooCostlyError when the call has taken more than it may."""


@dataclass(frozen=True, slots=True)
class CpuBudget:
    """Milliseconds of CPU of the thread that made it, counted from when it was made. 0: without end.

    What is measured decides only whether there is an answer, never what it says.
    """

    milliseconds: int
    _begun: int = field(default_factory=time.thread_time_ns)

    def check(self) -> None:
        """Raise TooCostlyError when the time is used up."""
        if self.milliseconds and time.thread_time_ns() - self._begun > self.milliseconds * 1_000_000:
            raise TooCostlyError(self.milliseconds)


NO_BUDGET = CpuBudget(0)
