"""What a check is, and the list of all of them.

A check is one function that yields a :class:`Remark` for every place it objects to. Its docstring
is the summary of its help page; the rest of the page stands in the decorator, beside the code it
explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.knowledge.model import Knowledge


class Severity(StrEnum):
    """What follows: an error stops a release, a warning wants an answer, a note wants to be known."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Review:
    """What a check may look at: the rule set, and the day on which it is looked at."""

    knowledge: Knowledge
    today: date


@dataclass(frozen=True, slots=True)
class Issue:
    """One objection of a check: where, what, and what would be right."""

    where: str
    text: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """One objection with the check it comes from."""

    check: str
    severity: Severity
    where: str
    text: str
    hint: str | None = None

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.where}: {self.severity} {self.check}: {self.text}{hint}"


@dataclass(frozen=True, slots=True)
class Check:
    """A check with its help."""

    id: str
    severity: Severity
    title: str
    summary: str
    avoid: str
    prefer: str
    why: str
    run: Callable[[Review], Iterator[Issue]]


CHECKS: dict[str, Check] = {}
"""Every check by its id."""

Run = Callable[[Review], Iterator[Issue]]


def check(name: str, severity: Severity, title: str, *, avoid: str, prefer: str, why: str) -> Callable[[Run], Run]:
    """Register a function as a check; its docstring becomes the summary."""

    def register(run: Run) -> Run:
        if name in CHECKS:
            raise ValueError(f"check {name} exists twice")
        summary = " ".join((run.__doc__ or "").split())
        CHECKS[name] = Check(name, severity, title, summary, avoid, prefer, why, run)
        return run

    return register
