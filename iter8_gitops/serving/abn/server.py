"""Runs the gRPC server in this process until it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

import grpc

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.serving.abn.service import abn_handler
from iter8_gitops.serving.backend import Backend
from iter8_gitops.serving.settings import ServingSettings

DRAIN_SECONDS = 5.0
"""Calls in progress get this long to finish after SIGTERM or SIGINT."""

_MOST_PENDING = 100_000
_OPTIONS = (
    # Two servers on one port would each see half of the calls, so the second one is refused.
    ("grpc.so_reuseport", 0),
    # Beyond its small defaults gRPC cancels calls of a burst at random, and clients do not retry those.
    ("grpc.server.max_pending_requests", _MOST_PENDING),
    ("grpc.server.max_pending_requests_hard_limit", _MOST_PENDING),
)
_log = logging.getLogger(__name__)


def run_grpc(settings: ServingSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the calls in progress and store what was taken.

    Raises `ConfigurationError` when the port cannot be had.
    """
    with Backend(settings) as backend:
        asyncio.run(_serve(settings, backend))


async def _serve(settings: ServingSettings, backend: Backend) -> None:
    server = grpc.aio.server(options=_OPTIONS)
    server.add_generic_rpc_handlers((abn_handler(backend.experiments, backend.telemetry),))
    port = _bind(server, settings)
    await server.start()
    _log.info("gRPC listens on %s:%d", settings.host, port)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    flushing = asyncio.create_task(backend.telemetry.flush_regularly())
    await stopped.wait()
    _log.info("gRPC stops")
    await server.stop(DRAIN_SECONDS)
    flushing.cancel()


def _bind(server: grpc.aio.Server, settings: ServingSettings) -> int:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{host}:{settings.grpc_port}"
    try:
        port: int = server.add_insecure_port(address)
    except RuntimeError as error:
        message = f"cannot listen on {address} for gRPC; is the port in use? Choose another with --grpc-port"
        raise ConfigurationError(message) from error
    return port
