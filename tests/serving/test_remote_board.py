"""Serving processes that follow the board of another server: as good as beside the controller, and without it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.serving.abn import abn_pb2, abn_pb2_grpc
from iter8_gitops.serving.server import serve_http
from iter8_gitops.serving.settings import ServingSettings
from iter8_gitops.serving.webhooks import WebhookSecret
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.state_folder import StateFolder
from tests.sdk.conftest import eventually

pytestmark = pytest.mark.slow


def get(server: Any, path: str) -> Any:
    return httpx.get(f"{server.url}{path}", timeout=20).json()


@pytest.fixture
def follower(start: Any, http: Any, tmp_path: Path, wait_until_ready: Any) -> Any:
    """A server without a controller, which follows `http`."""
    server = start("serve_http", StateFolder(tmp_path / "follower"), http_port=0, workers=1, board=http.url)
    wait_until_ready(server)
    return server


def test_a_follower_knows_all_that_the_server_knows(http: Any, follower: Any, publisher: Any) -> None:
    entry = HistoryEntry("prod/backend", 1_700_000_000.25, "WeightsChanged", "to 90/10", revision="abc", author="ann")
    publisher.publish({}, (), None, time.time(), [entry, entry])
    eventually(lambda: get(follower, "/readyz")["sequence"] == 2)

    for path in (
        "/v1/routemaps",
        "/v1/routemaps/prod/backend",
        "/v1/sources",
        "/v1/routemaps/prod/backend/history",
        "/v1/routemaps/prod/backend/history?limit=1",
        "/v1/routemaps/prod/backend/history?limit=1000",
        "/v1/routemaps/prod/backend/history?before=2",
        "/v1/routemaps/prod/nobody/history",
        "/v1/lookup?application=prod/backend&user=anna",
        "/v1/lookup?application=prod/nobody&user=anna",
        "/v1/snapshot",
        "/v1/snapshot?detail=full",
        "/v1/snapshot?since=1",
    ):
        assert get(follower, path) == get(http, path), path
    tags = {httpx.get(f"{server.url}/v1/snapshot").headers["etag"] for server in (http, follower)}
    assert len(tags) == 1


def test_a_change_passes_through_followers_of_followers(
    start: Any, follower: Any, publisher: Any, make_state: Any, tmp_path: Path, wait_until_ready: Any
) -> None:
    last = start("serve_http", StateFolder(tmp_path / "last"), http_port=0, workers=1, board=follower.url)
    wait_until_ready(last)
    publisher.publish({"prod/new": make_state("prod/new")}, ["prod/backend"], None, time.time())

    eventually(lambda: get(last, "/readyz")["sequence"] == 2)
    assert get(last, "/v1/lookup?application=prod/new&user=u")["application"] == "prod/new"
    assert get(last, "/v1/lookup?application=prod/backend&user=u")["title"] == "Not found"


def test_grpc_follows_too(start: Any, http: Any, publisher: Any, make_state: Any, tmp_path: Path) -> None:
    server = start("serve_grpc", StateFolder(tmp_path / "grpc"), grpc_port=0, board=http.url)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = abn_pb2_grpc.ABNStub(channel)  # type: ignore[no-untyped-call]  # generated code

        def answered() -> int | None:
            try:
                return int(stub.Lookup(abn_pb2.Application(name="prod/backend", user="u"), timeout=5).versionNumber)
            except grpc.RpcError:
                return None

        for weights in ((0, 1), (1, 0)):
            publisher.publish({"prod/backend": make_state("prod/backend", weights)}, (), None, time.time())
            eventually(lambda w=weights: answered() == w.index(1))  # type: ignore[misc]


@pytest.mark.skipif(sys.platform != "linux", reason="stops process groups")
def test_a_follower_answers_while_the_server_is_frozen_and_its_health_says_so(http: Any, follower: Any) -> None:
    before = get(follower, "/v1/lookup?application=prod/backend&user=u")
    os.killpg(http.process.pid, signal.SIGSTOP)
    try:
        eventually(lambda: get(follower, "/readyz")["stale"])
        assert "has not been heard of" in get(follower, "/readyz")["staleReason"]
        assert get(follower, "/v1/lookup?application=prod/backend&user=u") == {**before, "stale": True}
    finally:
        os.killpg(http.process.pid, signal.SIGCONT)


def test_a_follower_starts_again_while_the_server_is_away(
    start: Any, http: Any, follower: Any, tmp_path: Path, wait_until_ready: Any
) -> None:
    eventually(lambda: (tmp_path / "follower" / "followed-board.json").exists())
    before = get(follower, "/v1/routemaps/prod/backend")
    follower.stop()
    http.stop()

    again = start("serve_http", StateFolder(tmp_path / "follower"), http_port=0, workers=1, board=http.url)

    wait_until_ready(again)
    found = get(again, "/v1/routemaps/prod/backend")
    assert (found["versions"], found["stale"]) == (before["versions"], True)
    assert get(again, "/v1/routemaps/prod/backend/history")["title"] == "Unavailable"


def test_without_the_server_a_follower_is_alive_and_not_ready(start: Any, tmp_path: Path) -> None:
    server = start("serve_http", StateFolder(tmp_path / "alone"), http_port=0, workers=1, board="http://127.0.0.1:1")

    def alive() -> bool:
        try:
            return bool(get(server, "/healthz")["status"] == "ok")
        except httpx.TransportError:
            return False

    eventually(alive)
    assert httpx.get(f"{server.url}/readyz").status_code == 503
    eventually(lambda: "the board is not renewed: http://127.0.0.1:1" in server.log.read_text())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"board": "controller:8080"}, "is not the address of a server"),
        ({"board": "http://controller", "webhook_secret": WebhookSecret("x")}, "webhooks"),
    ],
)
def test_what_cannot_be_followed_is_refused_before_anything_starts(
    tmp_path: Path, settings: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    with pytest.raises(ConfigurationError, match=said):
        serve_http(ServingSettings(StateFolder(tmp_path), http_port=0, **settings))
