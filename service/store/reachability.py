"""Whether the database answers, asked when somebody wants to know and at most every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from service.errors import StoreError

FRESH_SECONDS = 5.0
PATIENCE_SECONDS = 1.0


class Reachability:
    """The newest answer of a probe. ``probe`` raises StoreError when the database does not answer; it may hang.

    A probe that hangs keeps nobody waiting: after ``patience`` seconds the database counts as not answering.
    Safe for threads; a child after a fork asks anew.
    """

    def __init__(self, probe: Callable[[], None], patience: float = PATIENCE_SECONDS) -> None:
        self._probe = probe
        self._patience = patience
        self._mutex = threading.Lock()
        self._asked = float("-inf")
        self._thread: threading.Thread | None = None
        self._failure: str | None = "the store has not answered yet"

    def failure(self) -> str | None:
        """Why the database cannot be reached; None when it answered within the last seconds."""
        with self._mutex:
            if time.monotonic() - self._asked > FRESH_SECONDS and (self._thread is None or not self._thread.is_alive()):
                self._asked = time.monotonic()
                self._thread = threading.Thread(target=self._ask, name="store probe", daemon=True)
                self._thread.start()
            thread = self._thread
        if thread is not None:
            thread.join(self._patience)
            if thread.is_alive():
                return f"the store did not answer within {self._patience:g} seconds"
        return self._failure

    def _ask(self) -> None:
        try:
            self._probe()
        except StoreError as error:
            self._failure = str(error)
        except Exception as error:  # noqa: BLE001  # the text of any other error may quote what was written
            self._failure = f"the store cannot be used: {type(error).__name__}"
        else:
            self._failure = None
