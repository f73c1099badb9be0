"""How gunicorn runs the service. Any of it can be changed with GUNICORN_CMD_ARGS; see docs/operations.md."""

from __future__ import annotations

import gc
import os
from typing import Any

wsgi_app = "service:create_app()"
bind = os.environ.get("SCIATICA_CDS_BIND", "127.0.0.1:8080")

# One worker per core the process may use: an evaluation is pure CPU. Threads only cover waiting for FHIR servers.
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
workers = int(os.environ.get("WEB_CONCURRENCY") or cores)
worker_class = "gthread"
threads = 4

# Replaces a worker whose C code never gives the interpreter back; an evaluation has a budget of its own.
timeout = 30
# Requests under way are finished when a worker stops.
graceful_timeout = 20
keepalive = 15

# The rule set is loaded and compiled in each worker: the engine keeps state in C that must not be shared by a fork.
preload_app = False
# /tmp may be a disk; a heartbeat must never wait for one.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - read before anything else is

# The service writes its own log, one line per call, without paths that may carry an id.
accesslog = None
errorlog = "-"


def post_worker_init(worker: Any) -> None:  # noqa: ARG001 - gunicorn's signature
    """Keep the rule set out of every garbage collection: halves the time to decode a request of 100 KB."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
