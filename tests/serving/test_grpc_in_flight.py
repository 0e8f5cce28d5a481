"""Calls that end before they are answered: deadlines, clients that hang up, servers that stop."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from iter8_gitops.serving.abn import abn_pb2, abn_pb2_grpc
from iter8_gitops.serving.abn.service import abn_handler
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue
from iter8_gitops.spec.state_folder import StateFolder

ONE = abn_pb2.MetricValue(name="latency", value="12.5", application="prod/backend", user="alice")
PATIENCE = 20.0


class HeldWriter:
    """Takes values, and stores them when the test says so."""

    def __init__(self) -> None:
        self.exposures: list[Exposure] = []
        self.waiting: list[Future[None]] = []

    def expose(self, arm: Arm, user: str, experiment: int) -> None:
        self.exposures.append(Exposure(arm, user, experiment))

    def expose_all(self, given: Iterable[tuple[Arm, str, int]]) -> None:
        self.exposures.extend(Exposure(*each) for each in given)

    def is_behind(self, _count: int) -> bool:
        return False

    def submit(self, _values: Sequence[MetricValue], _exposures: Sequence[Exposure] = ()) -> Future[None]:
        self.waiting.append(Future())
        return self.waiting[-1]


async def eventually(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


def served(bench: Any, writer: HeldWriter, test: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    """Run `test` with a stub of a server in this process that writes to `writer`."""

    async def run() -> None:
        experiments = Experiments(
            bench.board, bench.store, writer, bench.telemetry, bench.history, bench.trends, lambda: bench.now
        )
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((abn_handler(experiments, bench.telemetry),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await test(abn_pb2_grpc.ABNStub(channel))  # type: ignore[no-untyped-call] # generated code
        await server.stop(None)

    asyncio.run(run())


def failures(bench: Any, route: str) -> dict[str, float]:
    """How often calls of `route` failed, by status code."""
    found = [sample for metric in bench.telemetry.registry.collect() for sample in metric.samples]
    return {
        sample.labels["code"]: sample.value
        for sample in found
        if sample.name == "iter8_request_errors_total" and sample.labels["route"] == route
    }


def test_a_write_that_is_late_is_not_acknowledged_and_withdrawn_while_it_waits(bench: Any) -> None:
    writer = HeldWriter()

    async def test(stub: Any) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await stub.WriteMetric(ONE, timeout=0.2)
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await eventually(lambda: writer.waiting[0].cancelled())
        await eventually(lambda: failures(bench, "WriteMetric"))

    served(bench, writer, test)
    # The client's word that it gave up may be faster than the server's clock.
    assert list(failures(bench, "WriteMetric")) in (["DEADLINE_EXCEEDED"], ["CANCELLED"])


def test_a_write_whose_client_hangs_up_is_withdrawn_while_it_waits(bench: Any) -> None:
    writer = HeldWriter()

    async def test(stub: Any) -> None:
        call = stub.WriteMetric(ONE)
        await eventually(lambda: writer.waiting)
        call.cancel()
        await eventually(lambda: writer.waiting[0].cancelled())

    served(bench, writer, test)
    assert failures(bench, "WriteMetric") == {"CANCELLED": 1.0}


def test_a_write_that_is_being_stored_goes_on_when_its_client_hangs_up_and_others_are_answered(bench: Any) -> None:
    writer = HeldWriter()

    async def test(stub: Any) -> None:
        given_up, kept = stub.WriteMetric(ONE), stub.WriteMetric(ONE)
        await eventually(lambda: len(writer.waiting) == 2)
        for each in writer.waiting:
            assert each.set_running_or_notify_cancel()
        given_up.cancel()
        await eventually(lambda: failures(bench, "WriteMetric"))
        for each in writer.waiting:
            each.set_result(None)
        await kept

    served(bench, writer, test)
    assert not any(each.cancelled() for each in writer.waiting)


def test_a_write_within_its_deadline_is_acknowledged(bench: Any) -> None:
    writer = HeldWriter()

    async def test(stub: Any) -> None:
        call = stub.WriteMetric(ONE, timeout=PATIENCE)
        await eventually(lambda: writer.waiting)
        writer.waiting[0].set_result(None)
        await call

    served(bench, writer, test)
    assert failures(bench, "WriteMetric") == {}


class LateContext:
    """The context of a call whose deadline passed before it was begun."""

    def __init__(self) -> None:
        self.said: tuple[grpc.StatusCode, str] | None = None

    def time_remaining(self) -> float:
        return 0.0

    async def abort(self, code: grpc.StatusCode, details: str) -> None:
        self.said = (code, details)
        raise grpc.aio.AbortError


@pytest.mark.parametrize(
    ("route", "message"), [("Lookup", abn_pb2.Application(name="shop", user="u")), ("WriteMetric", ONE)]
)
def test_a_call_that_comes_too_late_is_not_begun(bench: Any, route: str, message: Any) -> None:
    writer, context = HeldWriter(), LateContext()
    experiments = Experiments(
        bench.board, bench.store, writer, bench.telemetry, bench.history, bench.trends, lambda: bench.now
    )
    details: Any = type("Details", (), {"method": f"/main.ABN/{route}", "invocation_metadata": ()})()
    method: Any = abn_handler(experiments, bench.telemetry).service(details)

    with pytest.raises(grpc.aio.AbortError):
        asyncio.run(method.unary_unary(message.SerializeToString(), context))

    assert context.said is not None
    assert context.said[0] is grpc.StatusCode.DEADLINE_EXCEEDED
    assert (writer.exposures, writer.waiting) == ([], [])


@contextmanager
def locked(store: Path) -> Iterator[Callable[[], None]]:
    """Keep every writer of the metric store waiting, until the block ends or the given function is called."""
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")

        def unlock() -> None:
            connection.execute("ROLLBACK")

        yield unlock


def refuse_new_calls(server: Any) -> None:
    """Ask the server to stop, and wait until new calls get UNAVAILABLE.

    Until clients were told to leave, the core of gRPC ends calls that arrive as CANCELLED.
    """
    server.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    code = None
    while code is not grpc.StatusCode.UNAVAILABLE:
        assert code in {None, grpc.StatusCode.CANCELLED}
        assert time.monotonic() < deadline
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            code = code_of(partial(lookup, channel))


def lookup(channel: grpc.Channel) -> None:
    stub = abn_pb2_grpc.ABNStub(channel)  # type: ignore[no-untyped-call] # generated code
    stub.Lookup(abn_pb2.Application(name="shop", user="u"))


def code_of(call: Callable[[], object]) -> grpc.StatusCode | None:
    """The status code with which a call failed, None when it did not."""
    try:
        call()
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return None


@pytest.mark.slow
def test_a_server_that_stops_finishes_calls_in_progress_and_refuses_new_ones(
    grpc_server: Any, state: StateFolder, http: Any
) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{grpc_server.port}") as channel:
        stub = abn_pb2_grpc.ABNStub(channel)  # type: ignore[no-untyped-call] # generated code
        stub.WriteMetric(ONE)
        with locked(state.metrics) as unlock:
            written = stub.WriteMetric.future(ONE)
            lookup(channel)  # answered, so the server has the call before as well
            refuse_new_calls(grpc_server)
            assert not written.done()
            unlock()
            written.result(timeout=PATIENCE)
    assert grpc_server.process.wait(timeout=20) == 0
    tables = httpx.get(f"{http.url}/abnDashboard?namespace=prod&application=backend").json()
    assert [row["Count"] for row in tables["latency"]["SummaryOverTransactions"]] == [2]


@pytest.mark.slow
def test_a_server_that_stops_does_not_wait_longer_than_its_grace_period(start: Any, state: StateFolder) -> None:
    server = start("serve_grpc", state, grpc_port=0, grpc_grace=0.2)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = abn_pb2_grpc.ABNStub(channel)  # type: ignore[no-untyped-call] # generated code
        stub.WriteMetric(ONE)
        with locked(state.metrics):
            written = stub.WriteMetric.future(ONE)
            lookup(channel)
            refuse_new_calls(server)
            code = code_of(lambda: written.result(timeout=PATIENCE))
    assert code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    assert server.process.wait(timeout=20) == 0
