"""Figures for Prometheus: counted by the workers, told by the main process on an address of its own.

Labels come from closed sets (services, rules, facts, prefetch keys, states); nothing is counted by patient,
client or anything else that a request could choose. gunicorn.conf.py names the folder through which workers and
main process share their counts, before this module is imported.
"""

from __future__ import annotations

import time
from collections import Counter as Counted
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service.cards.cards import WHY
from service.config import variable
from service.decision.gate import ONE_IN
from service.errors import EngineError, GateError, SettingsError, StoreError
from service.knowledge.model import Knowledge
from service.protocol.evaluation import Answered, Services
from service.review.radar.report import radar
from service.store.database import Database
from service.web.health import overdue

_LOOK_AGAIN_SECONDS = 3600.0
# From one millisecond to two seconds; the budget of a call with all its fetching is half a second.
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class Metrics:
    """What one process counts. In a worker the numbers are shared through files with the main process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = self._counter("calls", "Answers by service and HTTP status.", "service", "status")
        self.seconds = Histogram(
            "sciatica_cds_call_seconds",
            "Time from the arrival of a call to its answer.",
            ["service"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.cards = self._counter(
            "cards", "Cards shown, by each rule that stands on them.", "rule", "version", "indicator"
        )
        self.not_assessed = self._counter(
            "not_assessed", "Facts that kept a warning or critical rule from being decided.", "fact"
        )
        self.disagreements = self._counter(
            "engine_disagreements", "Calls that failed because the two engines differed."
        )
        self.gated = self._counter(
            "gated",
            "Calls about which the gate showed that nothing can be said: skipped, or decided in full as a sample.",
            *("service", "how"),
        )
        self.gate_alarms = self._counter(
            "gate_alarms",
            "Calls that failed because the gate had let pass what has something to say; the gate is shut since.",
        )
        self.prefetch = self._counter(
            "prefetch", "What arrived under each prefetch key, after fetching.", "service", "key", "state"
        )

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"sciatica_cds_{name}", says, labels, registry=self.registry)

    def answered(self, service: str, answered: Answered, seconds: float) -> None:
        """Count an answered call."""
        self.calls.labels(service, "200").inc()
        self.seconds.labels(service).observe(seconds)
        if answered.decision.gated is not None:
            self.gated.labels(service, "skipped" if answered.decision.is_skipped else "in full").inc()
        # A sample stands for the calls of which the gate left out what was not known.
        stands_for = 1 if answered.decision.gated is None else ONE_IN
        for name in answered.decision.not_assessed:
            self.not_assessed.labels(name).inc(stands_for)
        for key, state in answered.states.items():
            self.prefetch.labels(service, key, state).inc()
        for card in answered.shown.cards if answered.shown is not None else answered.body["cards"]:
            for rule in card.get("extension", {}).get(WHY, {}).get("rules", ()):
                if "coveredBy" in rule:
                    continue
                self.cards.labels(rule["id"], rule["version"], card["indicator"]).inc()

    def refused(self, service: str, status: int, error: Exception) -> None:
        """Count a call that was refused or failed."""
        self.calls.labels(service, str(status)).inc()
        if isinstance(error, GateError):
            self.gate_alarms.inc()
        elif isinstance(error, EngineError):
            self.disagreements.inc()


class StateCollector(Collector):
    """What is so at the moment of the scrape, and needs no counting."""

    def __init__(
        self,
        services: Callable[[], Services],
        waiting_bytes: Callable[[], int],
        today: Callable[[], date],
        version: str,
        alarms: Callable[[], Mapping[tuple[str, str], int]] = dict,
    ) -> None:
        """``alarms`` counts those of the data radar that are going on, by fact and kind."""
        self._services = services
        self._waiting_bytes = waiting_bytes
        self._today = today
        self._version = version
        self._alarms = alarms

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges, one family each."""
        services = self._services()
        knowledge = services.prepared.knowledge
        numbers: Mapping[str, tuple[str, int]] = {
            "sciatica_cds_rules": ("Rules that are loaded.", len(knowledge.rules)),
            "sciatica_cds_rules_approved": ("Rules approved at this content.", len(knowledge.approved)),
            "sciatica_cds_rules_overdue": ("Rules whose review is overdue.", len(overdue(knowledge, self._today()))),
            "sciatica_cds_spool_bytes": ("Bytes of recorded calls that wait for the database.", self._waiting_bytes()),
        }
        for name, (says, number) in numbers.items():
            yield GaugeMetricFamily(name, says, value=number)
        build = GaugeMetricFamily(
            "sciatica_cds_build", "What runs: always 1.", labels=["version", "ruleset", "digest", "mode"]
        )
        build.add_metric([self._version, knowledge.version, knowledge.digest[:12], services.settings.mode], 1)
        yield build
        family = GaugeMetricFamily(
            "sciatica_cds_radar_alarms", "Alarms of the data radar that are going on.", labels=["fact", "kind"]
        )
        for labels, number in self._alarms().items():
            family.add_metric(labels, number)
        yield family


class RadarAlarms:
    """The alarms of the data radar that are going on; looked for once an hour, since it reads weeks of counts."""

    def __init__(self, database: Database, knowledge: Callable[[], Knowledge], today: Callable[[], date]) -> None:
        self._database = database
        self._knowledge = knowledge
        self._today = today
        self._again = 0.0
        self._found: Mapping[tuple[str, str], int] = {}

    def __call__(self) -> Mapping[tuple[str, str], int]:
        """By fact and kind in how many clients; those of the last look while the store cannot be read."""
        if time.monotonic() >= self._again:
            self._again = time.monotonic() + _LOOK_AGAIN_SECONDS
            try:
                alarms = radar(self._database, self._knowledge(), self._today())["alarms"]
            except StoreError:
                return self._found
            self._found = Counted((alarm["fact"], alarm["kind"]) for alarm in alarms if alarm["ended"] is None)
        return self._found


def serve(address: str, state: StateCollector, own: CollectorRegistry | None = None) -> Any:
    """Tell the figures at ``host:port`` under /metrics, in a thread of this process. Returns the server.

    With ``own`` the figures of one process are told; without, those that workers share.
    Raises SettingsError where the address cannot be listened at.
    """
    host, _, port = address.rpartition(":")
    registry = own or CollectorRegistry()
    if own is None:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(state)
    try:
        server, _ = start_http_server(int(port), host, registry)
    except OSError as error:
        raise SettingsError(f"{variable('metrics_bind')} is {address}: {error.strerror}") from None
    return server


def forget(process: int) -> None:
    """Drop the gauges of a worker that has ended; its counts stay."""
    mark_process_dead(process)  # type: ignore[no-untyped-call]
