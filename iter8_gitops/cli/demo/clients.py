"""The story's clients: the real gRPC service that Iter8 SDKs speak, and the HTTP API."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import grpc

from iter8_gitops.cli.client import get_json
from iter8_gitops.cli.demo.manifests import APPLICATION, NAMESPACE
from iter8_gitops.errors import Iter8Error
from iter8_gitops.serving.abn import abn_pb2, abn_pb2_grpc

METRIC = "user_engagement"
_TIMEOUT_SECONDS = 10.0


class Clients:
    """What a frontend and a person looking at a dashboard would call."""

    def __init__(self, server: str, grpc_target: str) -> None:
        self._server = server
        self._channel = grpc.insecure_channel(grpc_target)
        self._abn = abn_pb2_grpc.ABNStub(self._channel)  # type: ignore[no-untyped-call] # generated code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()

    def ready(self) -> bool | None:
        """True once both services answer."""
        try:
            get_json(self._server, "/readyz")
            grpc.channel_ready_future(self._channel).result(timeout=0.1)
        except (Iter8Error, grpc.FutureTimeoutError):
            return None
        return True

    def lookup(self, user: str) -> int:
        """The version of a user, over gRPC."""
        request = abn_pb2.Application(name=APPLICATION, user=user)
        return int(self._abn.Lookup(request, timeout=_TIMEOUT_SECONDS).versionNumber)

    def lookup_over_http(self, user: str) -> int:
        """The version of a user, over HTTP."""
        return int(get_json(self._server, "/v1/lookup", application=APPLICATION, user=user)["versionNumber"])

    def counts(self, users: Sequence[str]) -> Counter[int]:
        """How many of `users` get each version."""
        return Counter(self.lookup(user) for user in users)

    def write_over_grpc(self, user: str, value: float) -> None:
        """Report one value, as Iter8's SDK does."""
        request = abn_pb2.MetricValue(name=METRIC, value=str(value), application=APPLICATION, user=user)
        self._abn.WriteMetric(request, timeout=_TIMEOUT_SECONDS)

    def write_over_http(self, values: Mapping[str, float]) -> int:
        """Report many values in one request. Returns how many were accepted."""
        body = [{"application": APPLICATION, "user": u, "name": METRIC, "value": v} for u, v in values.items()]
        request = urllib.request.Request(  # noqa: S310 (our own server)
            f"{self._server}/v1/metrics",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
            return int(json.load(response)["accepted"])

    def summaries(self) -> dict[int, dict[str, Any]]:
        """The dashboard's summary over transactions, by version."""
        dashboard = get_json(self._server, "/abnDashboard", namespace=NAMESPACE, application="backend")
        rows = dashboard.get(METRIC, {}).get("SummaryOverTransactions", [])
        return {row["Version"]: row for row in rows}

    def versions(self) -> list[dict[str, Any]] | None:
        """What is known of the versions; None while the routemap is not known."""
        try:
            found = get_json(self._server, f"/v1/routemaps/{APPLICATION}")
        except Iter8Error:
            return None
        return list(found["versions"])
