"""Runs the gRPC server in this process until it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

import grpc

from iter8_gitops import memory
from iter8_gitops.serving.abn import health
from iter8_gitops.serving.abn.ports import address_of, refused
from iter8_gitops.serving.abn.reflection import reflection_handlers
from iter8_gitops.serving.abn.service import SERVICE, abn_handler
from iter8_gitops.serving.backend import Backend
from iter8_gitops.serving.settings import ServingSettings

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest request, as over HTTP. gRPC answers RESOURCE_EXHAUSTED to a larger one."""

_MOST_PENDING = 100_000
OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # Beyond its small defaults gRPC cancels calls of a burst at random, and clients do not retry those.
    ("grpc.server.max_pending_requests", _MOST_PENDING),
    ("grpc.server.max_pending_requests_hard_limit", _MOST_PENDING),
)
_log = logging.getLogger(__name__)


def run_grpc(settings: ServingSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the calls in progress and store what was taken.

    New calls are refused then; those that take longer than the grace period of `settings` are ended.

    Raises `ConfigurationError` when the port cannot be had.
    """
    memory.collect_rarely()
    with Backend(settings) as backend:
        asyncio.run(_serve(settings, backend))


async def _serve(settings: ServingSettings, backend: Backend) -> None:
    # Two servers on one port would each see half of the calls; only workers of one group may share theirs.
    server = grpc.aio.server(options=(*OPTIONS, ("grpc.so_reuseport", int(settings.shares_grpc_port))))
    status = health.Health((SERVICE,))
    # They are asked in this order whose method it is, at every call.
    server.add_generic_rpc_handlers((abn_handler(backend.experiments, backend.telemetry),))
    server.add_generic_rpc_handlers((health.health_handler(status), *reflection_handlers((SERVICE, health.SERVICE))))
    port = _bind(server, settings)
    background = [
        asyncio.create_task(backend.telemetry.flush_regularly()),
        asyncio.create_task(status.follow(lambda: backend.experiments.board_status().published)),
    ]
    await server.start()
    _log.info("gRPC listens on %s:%d", settings.host, port)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    _log.info("gRPC stops")
    status.stop()
    await server.stop(settings.grpc_grace)
    for task in background:
        task.cancel()


def _bind(server: grpc.aio.Server, settings: ServingSettings) -> int:
    try:
        port: int = server.add_insecure_port(address_of(settings.host, settings.grpc_port))
    except RuntimeError as error:
        raise refused(settings.host, settings.grpc_port) from error
    return port
