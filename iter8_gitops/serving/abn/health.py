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
from grpc_health.v1.health_pb2_grpc import HealthServicer  # type: ignore[import-untyped]

FOLLOW_SECONDS = 0.1
"""How often it is asked whether there is something to serve."""

SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

_Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_STATUS = health_pb2.HealthCheckResponse


class Health(HealthServicer):  # type: ignore[misc]  # the library ships no types
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

    async def Check(self, request: Any, context: _Context) -> Any:  # noqa: N802 (the protocol's name)
        """The status now; NOT_FOUND for a service that is not here."""
        status = self._status_of(request.service)
        if status == _STATUS.SERVICE_UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"service: there is no service {request.service[:80]!r}")
        return _STATUS(status=status)

    async def Watch(self, request: Any, context: _Context) -> None:  # noqa: N802 (the protocol's name)
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
