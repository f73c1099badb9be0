"""When Python looks for garbage: seldom, and not while what stays is loaded.

The collector runs after so many new objects and looks at all that are there. A rule set is hundreds of thousands of
objects that stay, so while one is loaded a quarter of the time would go into looking at them again and again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (50_000, 20, 50)


def collect_seldom() -> None:
    """Let the collector run seldom in this process: what a call leaves behind is small, and mostly in no circle."""
    gc.set_threshold(*_SELDOM)


@contextmanager
def uncollected() -> Iterator[None]:
    """A time in which the collector does not run; it may be called within itself, and from several threads."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def keep_what_is_there() -> None:
    """Never look again at what has been made so far: it stays as long as the process does."""
    gc.freeze()
