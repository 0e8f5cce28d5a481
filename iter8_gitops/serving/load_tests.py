"""Results of load tests: what Iter8's `http` and `grpc` tasks report, and the dashboards of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from iter8_gitops.core.arguments import MAX_APPLICATION, check_text, shown
from iter8_gitops.core.load_tests import started
from iter8_gitops.errors import InvalidArgumentError, NotFoundError
from iter8_gitops.spec.load_test import LoadTest

MAX_STORED_BYTES = 256 * 1024
"""Of what is kept of one result: about 20 endpoints with the longest histograms there are."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(LoadTest)


def check_test(namespace: str, test: str) -> None:
    """Refuse a namespace, or else a test, that is no clean text. Raises `InvalidArgumentError`."""
    check_text("namespace", namespace, MAX_APPLICATION)
    check_text("test", test, MAX_APPLICATION)


class Store(Protocol):
    """Where results are kept."""

    def put(self, namespace: str, test: str, result: bytes) -> None:
        """Keep `result`; durable on return. Raises `UnavailableError`."""

    def get(self, namespace: str, test: str) -> bytes | None:
        """What was last put, None when the test is not known. Raises `UnavailableError`."""


class LoadTests:
    """Keeps what dashboards show of results. Every call may block for as long as a disk takes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, namespace: str, test: str, result: LoadTest) -> None:
        """Keep `result`, in place of an earlier one of the same test, which gives it its name when it has none.

        Raises `InvalidArgumentError`, also for a result that is too large, and `UnavailableError`.
        """
        check_test(namespace, test)
        try:
            started(result.start_time)
        except ValueError as error:
            message = f"'{shown(result.start_time)}' is not a time such as 2025-11-25T20:05:00Z"
            raise InvalidArgumentError("startTime", message) from error
        result = msgspec.structs.replace(result, name=result.name or test, namespace=result.namespace or namespace)
        encoded = _encoder.encode(result)
        if len(encoded) > MAX_STORED_BYTES:
            message = f"dashboards would show {len(encoded)} bytes of it; at most {MAX_STORED_BYTES} are kept of a test"
            raise InvalidArgumentError("insights.taskData", message)
        self._store.put(namespace, test, encoded)

    def dashboard(self, namespace: str, test: str, render: Callable[[LoadTest], dict[str, Any]]) -> dict[str, Any]:
        """What `render` makes of the result of a test. Raises as `put` does, and `NotFoundError`."""
        check_test(namespace, test)
        found = self._store.get(namespace, test)
        if found is None:
            message = f"no result of a test {namespace}/{test} is known"
            raise NotFoundError("test", message)
        return render(_decoder.decode(found))
