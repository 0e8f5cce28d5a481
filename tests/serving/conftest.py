"""A board and a store in memory or on disk, the HTTP application in process, and real servers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from falcon.testing import Result, TestClient
from jsonschema import Draft202012Validator

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.load_tests import LoadTestStore
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.metrics.trends import TrendStore
from iter8_gitops.serving.abn import abn_pb2_grpc
from iter8_gitops.serving.http.app import create_app
from iter8_gitops.serving.http.openapi import openapi_document
from iter8_gitops.serving.load_tests import LoadTests
from iter8_gitops.serving.scrape import Scrape
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.serving.webhooks import Webhooks, WebhookSecret
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.metric import Arm, EpochWeights, Exposure, MetricValue
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.routemap import MetricDeclaration, Origin
from iter8_gitops.spec.snapshot import (
    Condition,
    ResourceState,
    RoutemapState,
    RouteState,
    Snapshot,
    SourceStatus,
    VersionState,
)
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.testing.streams import value

NOW = 1_700_000_000.0
START = 1_000_000
"""When the experiment of `compared` began, as its epoch and in seconds since 1970."""

WEBHOOK_SECRET = "shared with the host"
PROBLEM = Problem("broken.yaml", 3, 5, "unknown key 'wieght'", "did you mean 'weight'?", "prod/broken")


def make_state(
    application: str, weights: Sequence[int] = (90, 10), signatures: Sequence[str] = ("aaaa", "bbbb")
) -> RoutemapState:
    namespace, _, name = application.partition("/")
    versions = tuple(
        VersionState(
            index=index,
            name=f"v{index}",
            weight=weight,
            declared_weight=weight,
            available=weight > 0,
            settled=bool(signature),
            signature=signature,
            reason="Ready" if signature else "NotFound",
            message="serves" if signature else "Deployment does not exist",
            resources=(
                ResourceState(
                    group="apps",
                    kind="Deployment",
                    namespace=namespace,
                    name=f"{name}-{index}",
                    state=ReadinessState.READY if signature else ReadinessState.UNKNOWN,
                    servable=bool(signature),
                    reason="Available",
                    message="all replicas answer",
                ),
            ),
        )
        for index, (weight, signature) in enumerate(zip(weights, signatures, strict=True))
    )
    return RoutemapState(
        namespace=namespace,
        name=name,
        origin=Origin("git", f"{name}.yaml", "0123abc"),
        versions=versions,
        epoch=3,
        routes=(RouteState("route", "networking.istio.io", "VirtualService", namespace, name),),
        conditions=(Condition("Ready", True, "Settled", "all versions are ready"),),
    )


def make_snapshot(*states: RoutemapState, now: float = NOW, problems: tuple[Problem, ...] = ()) -> Snapshot:
    source = SourceStatus("git", "https://example.org/routemaps", "0123abc", read_at=now, problems=problems)
    return Snapshot(
        sequence=7,
        controller_at=now,
        sources=(source,),
        routemaps={state.application: state for state in states},
    )


@pytest.fixture(name="make_state")
def make_state_fixture() -> Callable[..., RoutemapState]:
    return make_state


@pytest.fixture(name="make_snapshot")
def make_snapshot_fixture() -> Callable[..., Snapshot]:
    return make_snapshot


class BoardInMemory:
    """A board that a test can change under the application."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot


class HistoryInMemory:
    """What a test says happened, oldest first; ids count from 1."""

    def __init__(self) -> None:
        self.told: list[HistoryEntry] = []

    def entries(self, application: str, limit: int, before: int | None = None) -> tuple[HistoryEntry, ...]:
        numbered = [replace(entry, id=number) for number, entry in enumerate(self.told, 1)]
        found = [e for e in numbered if e.application == application and (before is None or e.id < before)]
        return tuple(reversed(found))[:limit]


class WriterAtOnce:
    """Stores in the calling thread, so that what was written is there when the call returns."""

    def __init__(self, store: SqliteMetricStore) -> None:
        self._store = store
        self.exposures: list[Exposure] = []
        self.values: list[MetricValue] = []
        self.broken = False
        self.waits = 0

    def expose(self, arm: Arm, user: str, experiment: int) -> None:
        self.expose_all([(arm, user, experiment)])

    def expose_all(self, given: Iterable[tuple[Arm, str, int]]) -> None:
        exposures = [Exposure(*fields) for fields in given]
        self.exposures.extend(exposures)
        self._store.record(exposures, [])

    def is_behind(self, count: int) -> bool:
        self.waits -= 1
        return self.waits >= 0

    def submit(self, values: Sequence[MetricValue], exposures: Sequence[Exposure] = ()) -> Future[None]:
        future: Future[None] = Future()
        if self.broken:
            future.set_exception(UnavailableError("the disk is full"))
            return future
        self.values.extend(values)
        self.exposures.extend(exposures)
        self._store.record(exposures, values)
        future.set_result(None)
        return future


@dataclass
class Bench:
    """The use-cases over a board in memory and a real store; `now` is what the clock says."""

    board: BoardInMemory
    store: SqliteMetricStore
    writer: WriterAtOnce
    telemetry: Telemetry
    webhooks: Webhooks
    load_tests: LoadTests
    trends: TrendStore
    history: HistoryInMemory = field(default_factory=HistoryInMemory)
    now: float = NOW
    experiments: Experiments = field(init=False)

    def __post_init__(self) -> None:
        self.experiments = Experiments(
            self.board, self.store, self.writer, self.telemetry, self.history, self.trends, lambda: self.now
        )


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


class CheckedClient:
    """Calls the application in process, and holds every answer against the OpenAPI document."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._document = openapi_document()

    def get(self, path: str, query: str = "") -> Result:
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: bytes | str, content_type: str | None = "application/json") -> Result:
        headers = {} if content_type is None else {"Content-Type": content_type}
        return self.call("POST", path, body=body, headers=headers)

    def call(self, method: str, path: str, **options: Any) -> Result:
        result = self._client.simulate_request(method, path, **options)
        self._check(method.lower(), path, result)
        return result

    def _check(self, method: str, path: str, result: Result) -> None:
        if result.status_code == 304:
            return
        schema: Mapping[str, Any] = {"$ref": "#/components/schemas/Error"}
        if not result.content:
            assert "content" not in self._document["paths"][path][method]["responses"][str(result.status_code)]
            return
        media_type = result.headers["content-type"].partition(";")[0]
        for template, operations in self._document["paths"].items():
            # A key may have slashes.
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template.replace("{key}", ".*")), path):
                # A refused method is described with the methods that there are.
                operation = operations.get(method) or next(iter(operations.values()))
                schema = operation["responses"][str(result.status_code)]["content"][media_type]["schema"]
        value = result.json if media_type == "application/json" else result.text
        root = {**schema, "components": self._document["components"]}
        Draft202012Validator(root, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


@pytest.fixture
def api(bench: Bench) -> CheckedClient:
    scrape = Scrape(bench.telemetry, bench.experiments.board_status, None)
    app = create_app(bench.experiments, bench.telemetry, scrape, bench.webhooks, bench.load_tests)
    return CheckedClient(TestClient(app))


@dataclass
class Server:
    """A serving process of its own. `port` is where it listens, `log` what it said to standard error."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def children(self) -> list[int]:
        """Process ids of the workers."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in listed.split()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def publish(folder: StateFolder) -> BoardPublisher:
    """A board with prod/backend (90/10) and default/shop-routemap."""
    publisher = BoardPublisher(folder.board)
    published = make_snapshot(make_state("prod/backend"), make_state("default/shop-routemap", (1,), ("cccc",)))
    publisher.publish(published.routemaps, (), published.sources, time.time())
    return publisher


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


def launch(entry: str, state: StateFolder, log: Path, settings: Mapping[str, Any]) -> Server:
    """A process that runs `serve_http` or `serve_grpc`, once it listens."""
    program = (
        f"from pathlib import Path\n"
        f"from iter8_gitops.serving.server import {entry}\n"
        f"from iter8_gitops.serving.settings import ServingSettings\n"
        f"from iter8_gitops.spec.state_folder import StateFolder\n"
        f"{entry}(ServingSettings(StateFolder(Path({str(state.root)!r})), **{dict(settings)!r}))\n"
    )
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", program], stderr=output, start_new_session=True)
    try:
        return Server(process, _port_in(log, process), log)
    except RuntimeError:
        end(process)
        raise


def _port_in(log: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        running = process.poll() is None
        if said := re.search(r"listens on [^ ]*:(\d+)", log.read_text()):
            return int(said[1])
        if not running:
            break
        time.sleep(0.02)
    raise RuntimeError(log.read_text())


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and its workers, whatever state they are in."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{server.url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(server.log.read_text())


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
