"""Comparisons of stored rule sets, made in the background one at a time: the solver takes seconds, a page may not."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service.errors import IssuesError, ServiceError

if TYPE_CHECKING:
    from service.review.comparison.origin import RuleSet

Json = dict[str, Any]
Load = Callable[[str], "RuleSet"]
"""The rule set with a digest. Raises ServiceError."""

_MOST_STORED = 8
_MOST_SECONDS = 20.0
"""Invariants are proved again when the comparison itself took no more CPU than this; else the page says so."""


@dataclass(frozen=True, slots=True)
class State:
    """How a comparison stands: ``report`` when it is made, ``fault`` when it cannot be, else neither."""

    report: Json | None = None
    fault: str | None = None


@dataclass
class Comparing:
    """Makes comparisons and keeps the last few. Safe for threads."""

    load: Load
    _states: OrderedDict[tuple[str, str], State] = field(default_factory=OrderedDict)
    _mutex: threading.Lock = field(default_factory=threading.Lock)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def state(self, before: str, after: str) -> State:
        """How the comparison of two digests stands; it is begun when it is first asked for."""
        key = before, after
        with self._mutex:
            if key in self._states:
                return self._states[key]
            self._states[key] = State()
            while len(self._states) > _MOST_STORED:
                self._states.popitem(last=False)
        threading.Thread(target=self._make, args=key, name="compare", daemon=True).start()
        return State()

    def _make(self, before: str, after: str) -> None:
        with self._one_at_a_time:
            try:
                state = State(compared(self.load(before), self.load(after)))
            except IssuesError as error:
                state = State(fault=str(error.issues[0]) if error.issues else "one of the rule sets cannot be read")
            except (ServiceError, RuntimeError, OSError) as error:
                state = State(fault=str(error))
        with self._mutex:
            self._states[before, after] = state


def compared(before: RuleSet, after: RuleSet, most_seconds: float = _MOST_SECONDS) -> Json:
    """The report of a comparison with a chart for each example. Raises UndecidedError or UnconfirmedError."""
    from service.review.comparison.comparing import compare
    from service.review.comparison.invariants import with_invariants
    from service.review.comparison.report import Report
    from service.review.comparison.wording import Wording
    from service.testkit.comparison_charts import Charts

    begun = time.thread_time()
    found = compare(before.knowledge, after.knowledge, (before.label, after.label))
    if time.thread_time() - begun < most_seconds:
        found = with_invariants(found, before, after)
    charts = Charts(before.knowledge, after.knowledge)
    return Report(Wording(before.knowledge, after.knowledge), charts.of).of(found)
