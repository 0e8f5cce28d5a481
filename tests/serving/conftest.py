"""The board and the store of a test, the HTTP application in process, and real servers, as fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from falcon.testing import TestClient

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.metrics.load_tests import LoadTestStore
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.metrics.trends import TrendStore
from iter8_gitops.serving.abn import abn_pb2_grpc
from iter8_gitops.serving.http.app import create_app
from iter8_gitops.serving.load_tests import LoadTests
from iter8_gitops.serving.scrape import Scrape
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.webhooks import Webhooks, WebhookSecret
from iter8_gitops.spec.metric import EpochWeights, Exposure
from iter8_gitops.spec.routemap import MetricDeclaration
from iter8_gitops.spec.snapshot import (
    RoutemapState,
    Snapshot,
)
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.testing.streams import value
from tests.serving.boards import PROBLEM, make_snapshot, make_state, publish
from tests.serving.in_process import WEBHOOK_SECRET, Bench, BoardInMemory, CheckedClient, WriterAtOnce
from tests.serving.servers import Server, end, launch, wait_until_ready

START = 1_000_000
"""When the experiment of `compared` began, as its epoch and in seconds since 1970."""


@pytest.fixture(name="make_state")
def make_state_fixture() -> Callable[..., RoutemapState]:
    return make_state


@pytest.fixture(name="make_snapshot")
def make_snapshot_fixture() -> Callable[..., Snapshot]:
    return make_snapshot


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """prod/backend (90/10), default/shop-routemap (one version), prod/cold (nothing settled), one problem."""
    store = SqliteMetricStore(tmp_path / "metrics.db")
    snapshot = make_snapshot(
        make_state("prod/backend"),
        make_state("default/shop-routemap", (1,), ("cccc",)),
        replace(make_state("prod/cold", (0, 0), ("", "")), problems=(PROBLEM,)),
        problems=(PROBLEM,),
    )
    webhooks = Webhooks(WebhookSecret(WEBHOOK_SECRET), tmp_path / "nudges", tmp_path / "deliveries")
    load_tests = LoadTests(LoadTestStore(tmp_path / "load-tests.db"))
    trends = TrendStore(tmp_path / "trends.db")
    yield Bench(BoardInMemory(snapshot), store, WriterAtOnce(store), Telemetry(), webhooks, load_tests, trends)
    store.close()


@pytest.fixture
def api(bench: Bench) -> CheckedClient:
    scrape = Scrape(bench.telemetry, bench.experiments.board_status, None)
    app = create_app(bench.experiments, bench.telemetry, scrape, bench.webhooks, bench.load_tests)
    return CheckedClient(TestClient(app))


@pytest.fixture(name="publish")
def publish_fixture() -> Iterator[Callable[[StateFolder], None]]:
    """Publishes prod/backend (90/10) and default/shop-routemap to a state folder."""
    with ExitStack() as stack:

        def publish_to(folder: StateFolder) -> None:
            stack.callback(publish(folder).close)

        yield publish_to


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[BoardPublisher]:
    """The publisher of the board of `state`."""
    publisher = publish(StateFolder(tmp_path / "state"))
    yield publisher
    publisher.close()


@pytest.fixture
def state(publisher: BoardPublisher, tmp_path: Path) -> StateFolder:
    """A state folder with a board on which something was published."""
    return StateFolder(tmp_path / "state")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts `serve_http` or `serve_grpc` with settings given by keyword, and ends what is still running."""
    servers: list[Server] = []

    def start_one(entry: str, state: StateFolder, **settings: Any) -> Server:
        server = launch(entry, state, tmp_path / f"{entry}-{len(servers)}.log", settings)
        servers.append(server)
        return server

    yield start_one
    for server in servers:
        end(server.process)


@pytest.fixture
def http(start: Callable[..., Server], state: StateFolder) -> Server:
    """The HTTP API under gunicorn with one worker."""
    server = start("serve_http", state, http_port=0, workers=1)
    wait_until_ready(server)
    return server


@pytest.fixture(name="wait_until_ready")
def wait_until_ready_fixture() -> Callable[[Server], None]:
    return wait_until_ready


@pytest.fixture
def grpc_server(start: Callable[..., Server], state: StateFolder) -> Server:
    return start("serve_grpc", state, grpc_port=0)


@pytest.fixture(scope="module")
def shared_channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[grpc.Channel]:
    """A channel to a gRPC server that the tests of a module share, because they change nothing."""
    folder = tmp_path_factory.mktemp("shared")
    publisher = publish(StateFolder(folder))
    server = launch("serve_grpc", StateFolder(folder), folder / "grpc.log", {"grpc_port": 0})
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel
    end(server.process)
    publisher.close()


@pytest.fixture(scope="module")
def shared(shared_channel: grpc.Channel) -> Any:
    return abn_pb2_grpc.ABNStub(shared_channel)  # type: ignore[no-untyped-call] # generated code


@pytest.fixture
def compared(bench: Bench) -> RoutemapState:
    """prod/backend, half and half, an hour after its start: the candidate improves the declared `orders`; users of both
    click alike. shop/undeclared has an experiment and declares no metric."""
    state = replace(
        make_state("prod/backend", (50, 50)),
        epoch=START,
        experiment=START,
        epochs=(EpochWeights(START, (50, 50)),),
        metrics=(MetricDeclaration("orders", type="conversion"),),
    )
    bench.board.snapshot = make_snapshot(state, make_state("shop/undeclared"))
    bench.now = START + 3600.0
    for version, orders in ((0, 300), (1, 450)):
        arm = state.arm(version)
        users = [f"{version}-{number}" for number in range(3000)]
        bench.store.record([Exposure(arm, user, START) for user in users], [])
        counted = (("orders", users[:orders]), ("clicks", users[:300]))
        bench.store.record([], [value(1.0, user, arm, name) for name, some in counted for user in some])
    return state
