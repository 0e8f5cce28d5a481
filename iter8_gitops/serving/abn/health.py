"""The standard health service, `grpc.health.v1.Health`: for probes, proxies and clients with health checks.

The messages are the library's; its servicer is not used, because its `Watch` never ends, and would hold up every
graceful stop for the whole grace period.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped]  # the library ships no types

FOLLOW_SECONDS = 0.1
"""How often it is asked whether there is something to serve."""

SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

_Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_STATUS = health_pb2.HealthCheckResponse


def health_handler(health: Health) -> grpc.GenericRpcHandler:
    """The service, ready to be added to a `grpc.aio` server.

    Not by the library's `add_HealthServicer_to_server`: that registers each method, and for every call, of any
    service, the server's loop then waits anew for the next call of each registered method.
    """
    asked, answered = health_pb2.HealthCheckRequest.FromString, _STATUS.SerializeToString
    all_asked, all_answered = health_pb2.HealthListRequest.FromString, health_pb2.HealthListResponse.SerializeToString
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "Check": grpc.unary_unary_rpc_method_handler(health.check, asked, answered),
            "List": grpc.unary_unary_rpc_method_handler(health.list, all_asked, all_answered),
            "Watch": grpc.unary_stream_rpc_method_handler(health.watch, asked, answered),
        },
    )


class Health:
    """One status for the whole server and for each of `services`: SERVING while there is something to serve.

    Made and used on one event loop.
    """

    def __init__(self, services: Iterable[str]) -> None:
        self._services = frozenset({"", *services})
        self._serving = False
        self._stopping = False
        self._changed = asyncio.Event()

    async def follow(self, serving: Callable[[], bool], interval: float = FOLLOW_SECONDS) -> None:
        """Ask `serving` every `interval` seconds, until cancelled."""
        while True:
            self._become(serving())
            await asyncio.sleep(interval)

    def stop(self) -> None:
        """NOT_SERVING for good; every `Watch` is told so, and then ends."""
        self._stopping = True
        self._become(False)
        self._tell()

    def _become(self, serving: bool) -> None:
        serving = serving and not self._stopping
        if serving is not self._serving:
            self._serving = serving
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _status_of(self, service: str) -> int:
        if service not in self._services:
            return int(_STATUS.SERVICE_UNKNOWN)
        return int(_STATUS.SERVING if self._serving else _STATUS.NOT_SERVING)

    async def check(self, request: Any, context: _Context) -> Any:
        """The status now; NOT_FOUND for a service that is not here."""
        status = self._status_of(request.service)
        if status == _STATUS.SERVICE_UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"service: there is no service {request.service[:80]!r}")
        return _STATUS(status=status)

    async def list(self, _request: Any, _context: _Context) -> Any:
        """The status now of the server and of every service."""
        statuses = {service: _STATUS(status=self._status_of(service)) for service in self._services}
        return health_pb2.HealthListResponse(statuses=statuses)

    async def watch(self, request: Any, context: _Context) -> None:
        """The status now, and whenever it changes; SERVICE_UNKNOWN for a service that is not here."""
        told: int | None = None
        while True:
            # Taken before the status is read: a change in between wakes at once.
            changed, stopping = self._changed, self._stopping
            status = self._status_of(request.service)
            if status != told:
                await context.write(_STATUS(status=status))
                told = status
            if stopping:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "this server stops")
            await changed.wait()
