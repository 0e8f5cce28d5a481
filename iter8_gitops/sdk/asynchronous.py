"""The client for programs on an event loop: the same threads behind it, and nothing that blocks the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.sdk.client import Client
from iter8_gitops.sdk.status import Status

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def _in_thread(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    from asyncio import to_thread  # here, because programs without an event loop need not load it

    return await to_thread(call, *args, **kwargs)


class AsyncClient:
    """A `Client` whose waiting calls are coroutines.

    `lookup` and `write_metric` are plain calls, because they wait for nothing. Takes the arguments of `Client`.
    """

    def __init__(self, url: str, **settings: Any) -> None:
        self._client = Client(url, **settings)

    def lookup(self, application: str, user: str, attributes: Mapping[str, object] | None = None) -> Recommendation:
        """See `Client.lookup`."""
        return self._client.lookup(application, user, attributes)

    def write_metric(self, application: str, user: str, name: str, value: float, transaction: str | None = None) -> str:
        """See `Client.write_metric`."""
        return self._client.write_metric(application, user, name, value, transaction)

    @property
    def status(self) -> Status:
        """See `Client.status`."""
        return self._client.status

    async def wait_until_ready(self, timeout: float = 10.0) -> None:
        """See `Client.wait_until_ready`."""
        await _in_thread(self._client.wait_until_ready, timeout)

    async def flush(self, timeout: float = 10.0) -> bool:
        """See `Client.flush`."""
        return await _in_thread(self._client.flush, timeout)

    async def close(self, timeout: float | None = None) -> bool:
        """See `Client.close`."""
        return await _in_thread(self._client.close, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
