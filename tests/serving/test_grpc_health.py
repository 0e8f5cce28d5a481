"""The standard health service: what probes, proxies and clients with health checks see."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]  # the library ships no types

from iter8_gitops.spec.state_folder import StateFolder

pytestmark = pytest.mark.slow

EVERYTHING, ABN = "", "main.ABN"


def health_of(channel: grpc.Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel)


def status_of(stub: Any, service: str) -> str:
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service))
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def watch(stub: Any, service: str) -> Iterator[str]:
    for answer in stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=30):
        yield health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


@pytest.mark.parametrize("service", [EVERYTHING, ABN])
def test_a_server_with_something_to_serve_is_healthy(shared_channel: grpc.Channel, service: str) -> None:
    assert status_of(health_of(shared_channel), service) == "SERVING"


def test_it_is_not_serving_until_something_was_published(start: Any, publish: Any, tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "fresh")
    server = start("serve_grpc", folder, grpc_port=0)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = health_of(channel)
        assert [status_of(stub, service) for service in (EVERYTHING, ABN)] == ["NOT_SERVING", "NOT_SERVING"]
        watched = watch(stub, ABN)
        assert next(watched) == "NOT_SERVING"
        publish(folder)
        assert next(watched) == "SERVING"
        assert [status_of(stub, service) for service in (EVERYTHING, ABN)] == ["SERVING", "SERVING"]


def test_a_service_that_is_not_here_is_unknown(shared_channel: grpc.Channel) -> None:
    stub = health_of(shared_channel)

    with pytest.raises(grpc.RpcError) as refused:
        status_of(stub, "main.Nobody")

    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert "main.Nobody" in str(refused.value.details())
    assert next(watch(stub, "main.Nobody")) == "SERVICE_UNKNOWN"


def test_a_server_that_stops_says_so_and_its_watchers_do_not_hold_it_up(grpc_server: Any) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{grpc_server.port}") as channel:
        watched = [watch(health_of(channel), service) for service in (EVERYTHING, ABN)]
        assert [next(each) for each in watched] == ["SERVING", "SERVING"]
        grpc_server.process.send_signal(signal.SIGTERM)
        assert [next(each) for each in watched] == ["NOT_SERVING", "NOT_SERVING"]
        for each in watched:
            with pytest.raises(grpc.RpcError) as ended:
                next(each)
            assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        assert grpc_server.process.wait(timeout=20) == 0


def test_watchers_that_leave_leave_nothing_behind(grpc_server: Any) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{grpc_server.port}") as channel:
        calls = [health_of(channel).Watch(health_pb2.HealthCheckRequest(service=ABN)) for _ in range(20)]
        for call in calls:
            next(call)
            call.cancel()
        deadline = time.monotonic() + 10
        while status_of(health_of(channel), ABN) != "SERVING":
            assert time.monotonic() < deadline
    assert grpc_server.stop() == 0
    assert "Traceback" not in grpc_server.log.read_text()


def test_all_statuses_can_be_had_at_once(shared_channel: grpc.Channel) -> None:
    answer = health_of(shared_channel).List(health_pb2.HealthListRequest())

    serving = health_pb2.HealthCheckResponse.SERVING
    assert {service: found.status for service, found in answer.statuses.items()} == dict.fromkeys(
        (EVERYTHING, ABN), serving
    )
