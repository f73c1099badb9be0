"""Rules loaded anew while the service runs: on a signal, or when their files change.

The old ones stay until the new ones are ready, and for good when they are refused.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from service.errors import Issue, IssuesError, ServiceError
from service.logs import logger
from service.protocol.evaluation import Services
from service.web.routes import Endpoint


@dataclass
class Reloader:
    """Replaces the services of an endpoint. ``make`` gives new ones or raises; ``fingerprint`` tells when to try.

    ``refused`` says why the newest rules are not in use; None when they are.
    """

    endpoint: Endpoint
    make: Callable[[], Services]
    fingerprint: Callable[[], str]
    seconds: float = 0.0
    refused: str | None = None
    _seen: str = field(init=False)
    _mutex: threading.Lock = field(default_factory=threading.Lock)
    _watching: int = 0

    def __post_init__(self) -> None:
        self._seen = self.fingerprint()

    def reload(self) -> bool:
        """Load the rules now; whether they are in use afterwards. Requests under way keep the rules they began with."""
        with self._mutex:
            return self._reload()

    def look(self, before: str) -> str:
        """Reload when the files have changed and stand still since the last look. What to hand in at the next look."""
        now = self.fingerprint()
        if now == before and now != self._seen:
            with self._mutex:
                if now != self._seen:
                    self._reload()
        return now

    def watch(self) -> None:
        """Look every few seconds, in a thread of this process; does nothing the second time."""
        if not self.seconds or self._watching == os.getpid():
            return
        with self._mutex:
            if self._watching == os.getpid():
                return
            self._watching = os.getpid()
        threading.Thread(target=self._watch, name="rules", daemon=True).start()

    def _watch(self) -> None:
        never = threading.Event()
        before = self._seen
        while True:
            never.wait(self.seconds)
            before = self.look(before)

    def _reload(self) -> bool:
        self._seen = self.fingerprint()
        old = self.endpoint.services.prepared.knowledge
        try:
            services = self.make()
        except (ServiceError, OSError, ValueError) as error:
            issues = error.issues if isinstance(error, IssuesError) else (Issue("rules", type(error).__name__),)
            self.refused = (
                f"new rules were refused, the old ones stay in use: {len(issues)} fault(s), first {issues[0]}"
            )
            logger().error("rules refused", digest=old.digest, error=self.refused)
            return False
        self.endpoint.services = services
        self.refused = None
        knowledge = services.prepared.knowledge
        logger().warning("rules loaded", digest=knowledge.digest, ruleset=knowledge.version, rules=len(knowledge.rules))
        return True
