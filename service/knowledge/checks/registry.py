"""What a check is, and the list of all of them.

A check is one function that yields an :class:`Issue` for everything it objects to. Its docstring
is the summary of its help page; the rest of the page stands in the decorator, beside the code it
explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from service.errors import Issue, Severity
from service.knowledge.model import Knowledge


@dataclass(frozen=True, slots=True)
class Review:
    """What a check may look at: the rule set, and the day on which it is looked at."""

    knowledge: Knowledge
    today: date


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
