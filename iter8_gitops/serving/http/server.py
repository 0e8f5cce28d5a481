"""Runs the HTTP API under gunicorn: a master that keeps its ASGI workers alive."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from falcon.asgi import App, Response
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn ships no types

from iter8_gitops import memory
from iter8_gitops.metrics.load_tests import LoadTestStore
from iter8_gitops.serving.backend import Backend
from iter8_gitops.serving.http.app import TimedRequest, create_app
from iter8_gitops.serving.http.listening import listen
from iter8_gitops.serving.http.origins import allow_origins
from iter8_gitops.serving.http.shortcut import LookupShortcut
from iter8_gitops.serving.load_tests import LoadTests
from iter8_gitops.serving.scrape import Scrape
from iter8_gitops.serving.settings import ServingSettings
from iter8_gitops.serving.webhooks import Webhooks

GRACEFUL_SECONDS = 10
"""From SIGTERM to SIGKILL of a worker."""

CONNECTION_SECONDS = 6
"""Of those, how long a worker waits for its connections; the rest is for storing what it has taken."""

KEEPALIVE_SECONDS = 5
"""An idle connection is closed after this."""

_log = logging.getLogger(__name__)


def run_http(settings: ServingSettings) -> None:
    """Serve until SIGTERM or SIGINT; ends with `SystemExit`.

    Raises `ConfigurationError` when the port cannot be had.
    """
    listener = listen(settings.host, settings.http_port)
    host, port = listener.getsockname()[:2]
    _log.info("HTTP listens on %s:%d with %d workers", host, port, settings.workers)
    HttpServer(settings, listener.detach()).run()


class HttpServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with our settings; `descriptor` is that of a listening socket."""

    def __init__(self, settings: ServingSettings, descriptor: int) -> None:
        self._settings = settings
        self._descriptor = descriptor
        self._backend: Backend | None = None
        self._worker: Any = None
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn, also when it reloads."""
        values: dict[str, Any] = {
            "bind": f"fd://{self._descriptor}",
            "workers": self._settings.workers,
            "worker_class": "asgi",
            "asgi_lifespan": "on",
            "graceful_timeout": GRACEFUL_SECONDS,
            "keepalive": KEEPALIVE_SECONDS,
            # 512 characters of user and of application may take 12 bytes each when percent-encoded; 8190 is the most.
            "limit_request_line": 8190,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "iter8-gitops-http",
            "post_fork": self._after_fork,
            "worker_exit": self._on_worker_exit,
        }
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> App[TimedRequest, Response] | LookupShortcut:
        """The application of one worker, called in it: threads and SQLite files do not survive a fork."""
        memory.collect_rarely()
        self._backend = backend = Backend(self._settings)
        state = self._settings.state
        scrape = Scrape(backend.telemetry, backend.experiments.board_status, state.prometheus, backend.verdicts)
        webhooks = Webhooks(self._settings.webhook_secret, state.nudges, state.deliveries)
        load_tests = LoadTests(LoadTestStore(state.load_tests))
        app = create_app(backend.experiments, backend.telemetry, scrape, webhooks, load_tests, self._is_stopping)
        backend.record_trends(state.trends_lock)
        app.add_middleware(_ClosesAtShutdown(backend.close))
        if self._settings.cors_origins:
            allow_origins(app, self._settings.cors_origins)
            return app  # every answer needs the headers for browsers, which only Falcon adds
        return LookupShortcut(app, backend.experiments, backend.telemetry)

    def _after_fork(self, _arbiter: Any, worker: Any) -> None:
        self._worker = worker
        worker.cfg.set("graceful_timeout", CONNECTION_SECONDS)

    def _is_stopping(self) -> bool:
        """Whether this worker was asked to end: streams end then, rather than keep it waiting."""
        return self._worker is not None and not self._worker.alive

    def _on_worker_exit(self, _arbiter: Any, _worker: Any) -> None:
        """Also after SIGINT and SIGQUIT, when gunicorn leaves out the lifespan's shutdown."""
        if self._backend is not None:
            self._backend.close()


class _ClosesAtShutdown:
    """Falcon middleware that closes the backend once the worker has answered its last request."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close

    async def process_shutdown(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Called by Falcon at the end of the ASGI lifespan."""
        self._close()
