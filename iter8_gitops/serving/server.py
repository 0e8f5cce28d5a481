"""The serving processes' entry points. Each blocks until its process is asked to stop."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.serving.settings import ServingSettings
from iter8_gitops.serving.webhooks import WebhookSecret


def serve_http(settings: ServingSettings) -> None:
    """Serve the HTTP API with gunicorn, in this process and its workers.

    Raises `ConfigurationError` when the port or the state folder cannot be used; ends with
    `SystemExit` when gunicorn stops.
    """
    _prepare(settings, "http")
    # Not before the folder of the counters is known: see `telemetry`.
    from iter8_gitops.serving.backend import open_metric_store
    from iter8_gitops.serving.boards import open_board
    from iter8_gitops.serving.http.server import run_http

    settings.webhook_secret.check()
    if settings.board is not None and settings.webhook_secret != WebhookSecret():
        message = (
            "webhooks are taken by the server beside the controller; one that follows its board has no use for them"
        )
        raise ConfigurationError(message)
    # So that a wrong one is told once, and not by every worker.
    open_metric_store(settings).close()
    open_board(settings)
    run_http(settings)


def serve_grpc(settings: ServingSettings) -> None:
    """Serve the gRPC service `main.ABN` in this process. Raises `ConfigurationError` as `serve_http` does.

    A worker that shares its port finds the folder of the counters prepared by `prepare_grpc_workers`.
    """
    _prepare(settings, "grpc", is_first=not settings.shares_grpc_port)
    from iter8_gitops.serving.abn.server import run_grpc

    run_grpc(settings)


def prepare_grpc_workers(settings: ServingSettings) -> None:
    """Once, before the workers of a group start: what they share must not be emptied by one that starts again.

    Raises `ConfigurationError` when the state folder cannot be used, or no metric store is known by that name.
    """
    from iter8_gitops.serving.backend import open_metric_store
    from iter8_gitops.serving.boards import open_board

    _empty(settings.state.prometheus / "grpc")
    open_metric_store(settings).close()
    open_board(settings)


def _prepare(settings: ServingSettings, transport: str, *, is_first: bool = True) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # A folder for each, so that one transport can start anew, and empty its own, while the other runs on.
    folder = settings.state.prometheus / transport
    if is_first:
        _empty(folder)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _empty(folder: Path) -> None:
    """Counters start from 0 in a new process: those of former ones would only pile up."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the state folder cannot be used: {folder}: {error.strerror}"
        raise ConfigurationError(message) from error
