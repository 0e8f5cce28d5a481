"""Several gRPC workers on one port, each a `grpc` command of its own under a supervisor."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from iter8_gitops.cli.options import METRICS_STORE_VARIABLE

if TYPE_CHECKING:
    from iter8_gitops.serving.settings import ServingSettings

WORKER_VARIABLE = "ITER8_GRPC_WORKER"
"""Tells a process that it is one of several workers."""


def is_worker() -> bool:
    """Whether this process was started by `run_workers`."""
    return bool(os.environ.pop(WORKER_VARIABLE, ""))


def run_workers(settings: ServingSettings, count: int) -> int:
    """Keep `count` workers running until SIGTERM or SIGINT. Returns an exit code.

    Raises `ConfigurationError` when the port or the state folder cannot be used.
    """
    from iter8_gitops.cli.settings import command_words
    from iter8_gitops.runtime.supervisor import Part, Supervisor
    from iter8_gitops.serving.abn.ports import shared_port
    from iter8_gitops.serving.server import prepare_grpc_workers

    words = command_words(
        {
            "state_dir": settings.state.root,
            "board": settings.board,
            "host": settings.host,
            "grpc_port": settings.grpc_port,
        }
    )
    command = (sys.executable, "-m", "iter8_gitops", "grpc", *words)
    environment = {WORKER_VARIABLE: "1", METRICS_STORE_VARIABLE: settings.metrics}
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with shared_port(settings.host, settings.grpc_port):
        prepare_grpc_workers(settings)
        parts = [Part(f"gRPC worker {number}", command, environment) for number in range(1, count + 1)]
        return Supervisor(parts).run(stop.is_set)
