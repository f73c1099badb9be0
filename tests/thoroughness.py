"""How much one run of the tests tries: a sample by default, all of it with ``THOROUGH=1`` (``make thorough``)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

THOROUGH = os.environ.get("THOROUGH") == "1"
LEAST_EXAMPLES = 12
One = TypeVar("One")


def examples(whole: int) -> int:
    """How many examples Hypothesis makes: a quarter of ``whole``, but never so few that a common fault slips by."""
    return whole if THOROUGH else max(LEAST_EXAMPLES, whole // 4)


def every(step: int) -> int:
    """The step through published documents: each ``step``-th, or each one in a thorough run."""
    return 1 if THOROUGH else step


def some_of(items: Iterable[One], step: int) -> Iterable[One]:
    """Each ``step``-th of the items, beginning with the first."""
    return islice(items, None, None, every(step))
