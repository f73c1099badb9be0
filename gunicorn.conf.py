"""How gunicorn runs the service. Any of it can be changed with GUNICORN_CMD_ARGS; see docs/operations.md."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from types import TracebackType
from typing import Any

from service.config import NO_START, bind_address, worker_count
from service.errors import SettingsError
from service.garbage import collect_seldom

# Until the rule set is loaded; see ``when_ready``.
gc.disable()

wsgi_app = "service.wsgi:app"
try:
    bind = bind_address()
    # An evaluation is pure CPU. Threads only cover waiting for FHIR servers.
    workers = worker_count()
    # The client library looks for this folder when it is first imported; workers and main process share counts in it.
    if os.environ.get("SCIATICA_CDS_METRICS_BIND"):
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="sciatica-cds-metrics-"))
except SettingsError as error:
    sys.stderr.write(f"{NO_START}{error}\n")
    sys.exit(2)
# Requests are taken in whole before a thread begins on them, so that idle and slow clients stop nobody.
worker_class = "service.web.server.BufferingWorker"
threads = 4

# Replaces a worker whose C code never gives the interpreter back; an evaluation has a budget of its own.
timeout = 30
# Requests under way are finished when a worker stops.
graceful_timeout = 20
keepalive = 15

# The rule set is loaded once, before workers are made: a fault in it is said once, and workers share its memory.
# Compiled rules survive a fork; connections (stores, FHIR servers) are opened by the workers, never before.
preload_app = True
# Nothing is managed at run time, and in a container there is no home folder for its socket.
control_socket_disable = True
# /tmp may be a disk; a heartbeat must never wait for one.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - read before anything else is

# The service writes its own log, one line per call, without paths that may carry an id; gunicorn's lines look like it.
logger_class = "service.web.server_log.ServerLog"
loglevel = os.environ.get("SCIATICA_CDS_LOG_LEVEL", "") or "info"
accesslog = None
errorlog = "-"


def on_starting(server: Any) -> None:
    """An address that cannot be listened on is said in a sentence, before the server tries it five times."""
    from service.web.listening import refuse_unusable

    refuse_unusable(server.cfg.address)


def when_ready(server: Any) -> None:
    """Keep the loaded rule set out of every garbage collection, so that workers share its memory.

    Nothing is collected before: what was garbage by now is little, and pages with holes in them are written to and so
    no longer shared (the documentation of ``gc.freeze``).
    """
    gc.freeze()
    gc.enable()
    tell_metrics = server.app.callable.extensions.get("sciatica-cds.metrics")
    if tell_metrics is not None:
        tell_metrics()


def child_exit(server: Any, worker: Any) -> None:
    """A worker has ended: what it counted stays, what it was is dropped."""
    if "sciatica-cds.metrics" in server.app.callable.extensions:
        from service.web.metrics import forget

        forget(worker.pid)


def on_reload(server: Any) -> None:
    """SIGHUP: load the rules anew before new workers start. Refused rules leave the old ones in use, and say so."""
    server.app.callable.extensions["sciatica-cds.rules"].reload()


def post_worker_init(worker: Any) -> None:
    """Collect less often: with ``when_ready`` it halves the time to decode a request of 100 KB.

    The first worker says what runs: it asks whether the store can be reached, and only workers open connections.
    """
    collect_seldom()
    if worker.age != 1:
        return
    for line in worker.app.callable.extensions["sciatica-cds.summary"]():
        if sys.stderr.isatty():
            sys.stderr.write(f"{line}\n")
        else:
            (worker.log.warning if "WARNING" in line else worker.log.info)(line.strip().removeprefix("WARNING").strip())


def _say_what_stops_the_start(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Faults of the rule files (exit code 1) or the settings (2) are for those who wrote them: no traceback."""
    from service.errors import IssuesError, ServiceError

    if isinstance(error, IssuesError):
        sys.stderr.write(f"{NO_START.strip()}\n" + "".join(f"  {issue}\n" for issue in error.issues))
        sys.exit(1)
    elif isinstance(error, SettingsError | ServiceError):
        sys.stderr.write(f"{NO_START}{error}\n")
        sys.exit(2)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _say_what_stops_the_start
