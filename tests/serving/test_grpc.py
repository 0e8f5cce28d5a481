"""The service `main.ABN` in its own process, called by real clients."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from iter8_gitops.serving.abn import abn_pb2, abn_pb2_grpc
from iter8_gitops.serving.abn.server import MAX_MESSAGE_BYTES
from iter8_gitops.spec.state_folder import StateFolder

pytestmark = pytest.mark.slow

ONE = {"name": "latency", "value": "12.5", "application": "prod/backend", "user": "alice"}

# From the field table that Iter8's users know, and from nothing of ours.
CLIENT_PROTO = """
syntax = "proto3";
package main;
import "google/protobuf/empty.proto";
service ABN {
  rpc Lookup(Application) returns (VersionRecommendation);
  rpc WriteMetric(MetricValue) returns (google.protobuf.Empty);
}
message Application { string name = 1; string user = 2; }
message VersionRecommendation { int32 versionNumber = 1; }
message MetricValue { string name = 1; string value = 2; string application = 3; string user = 4; }
"""

CLIENT = """
import json, sys
import grpc, client_pb2, client_pb2_grpc
with grpc.insecure_channel(sys.argv[1]) as channel:
    stub = client_pb2_grpc.ABNStub(channel)
    found = []
    for number in range(20):
        user = f"user-{number}"
        found.append(stub.Lookup(client_pb2.Application(name="prod/backend", user=user)).versionNumber)
        stub.WriteMetric(client_pb2.MetricValue(name="m", value="1.5", application="prod/backend", user=user))
print(json.dumps(found))
"""


@pytest.fixture
def channel(grpc_server: Any) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{grpc_server.port}") as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> Any:
    return abn_pb2_grpc.ABNStub(channel)  # type: ignore[no-untyped-call] # generated code


def refusal(call: Any, message: object) -> tuple[str, str]:
    """The status code and details of a call that must fail."""
    with pytest.raises(grpc.RpcError) as refused:
        call(message)
    return refused.value.code().name, str(refused.value.details())


def test_a_client_generated_from_the_field_table_works_and_agrees_with_http(
    grpc_server: Any, http: Any, tmp_path: Path
) -> None:
    (tmp_path / "client.proto").write_text(CLIENT_PROTO)
    (tmp_path / "client.py").write_text(CLIENT)
    protoc = [sys.executable, "-m", "grpc_tools.protoc", "-I.", "--python_out=.", "--grpc_python_out=.", "client.proto"]
    subprocess.run(protoc, cwd=tmp_path, check=True)
    client = [sys.executable, "client.py", f"127.0.0.1:{grpc_server.port}"]
    found = json.loads(subprocess.run(client, cwd=tmp_path, check=True, capture_output=True, text=True).stdout)

    def over_http(user: str) -> int:
        query = {"application": "prod/backend", "user": user}
        version: int = httpx.get(f"{http.url}/v1/lookup", params=query).json()["versionNumber"]
        return version

    assert found == [over_http(f"user-{number}") for number in range(20)]
    tables = httpx.get(f"{http.url}/abnDashboard?namespace=prod&application=backend").json()
    summaries = {row["Version"]: row["Count"] for row in tables["m"]["SummaryOverTransactions"]}
    assert summaries == {version: found.count(version) for version in set(found)}


def test_short_names_are_found_as_in_iter8(stub: Any) -> None:
    for name in ("shop", "shop-routemap", "default/shop", "default/shop-routemap"):
        assert stub.Lookup(abn_pb2.Application(name=name, user="u")).versionNumber == 0


def test_a_written_value_is_durable_when_the_call_returns(stub: Any, grpc_server: Any, http: Any) -> None:
    for _ in range(5):
        stub.WriteMetric(abn_pb2.MetricValue(**ONE))
    grpc_server.stop(signal.SIGKILL)

    tables = httpx.get(f"{http.url}/abnDashboard?namespace=prod&application=backend").json()
    assert [row["Count"] for row in tables["latency"]["SummaryOverTransactions"]] == [5]


def test_a_value_with_a_transaction_counts_once_however_often_it_is_written(stub: Any, http: Any) -> None:
    for transaction in ("order-1", "order-2", "order-1", "", ""):
        stub.WriteMetric(abn_pb2.MetricValue(**ONE, transaction=transaction))

    tables = httpx.get(f"{http.url}/abnDashboard?namespace=prod&application=backend").json()
    assert [row["Count"] for row in tables["latency"]["SummaryOverTransactions"]] == [4]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": ""}, "INVALID_ARGUMENT", "name"),
        ({"name": "n" * 257}, "INVALID_ARGUMENT", "name"),
        ({"name": "a\0"}, "INVALID_ARGUMENT", "name"),
        ({"user": ""}, "INVALID_ARGUMENT", "user"),
        ({"user": "u" * 513}, "INVALID_ARGUMENT", "user"),
        ({"user": "u" * 1_000_000}, "INVALID_ARGUMENT", "user"),
        ({"user": "a\nb"}, "INVALID_ARGUMENT", "user"),
        ({"application": ""}, "INVALID_ARGUMENT", "application"),
        ({"application": "a/b/c"}, "INVALID_ARGUMENT", "application"),
        ({"transaction": "t" * 257}, "INVALID_ARGUMENT", "transaction"),
        ({"transaction": "a\0b"}, "INVALID_ARGUMENT", "transaction"),
        ({"application": "prod/nobody"}, "NOT_FOUND", "no application 'prod/nobody'"),
        *(
            ({"value": value}, "INVALID_ARGUMENT", "value")
            for value in ("", "NaN", "nan", "inf", "-Infinity", "1e400", "-1e101", "1_000", "0x10", " 1", "1 ", "one")
        ),
        ({"value": "9" * 1_000_000}, "INVALID_ARGUMENT", "value"),
        ({"value": "\uff11"}, "INVALID_ARGUMENT", "value"),
    ],
)
def test_a_bad_metric_is_refused_by_name(shared: Any, changes: dict[str, str], code: str, field: str) -> None:
    found, details = refusal(shared.WriteMetric, abn_pb2.MetricValue(**{**ONE, **changes}))

    assert found == code
    assert details.startswith(field)


@pytest.mark.parametrize(
    ("name", "user", "code", "field"),
    [
        ("", "u", "INVALID_ARGUMENT", "name"),
        ("a/b/c", "u", "INVALID_ARGUMENT", "name"),
        ("x" * 100_000, "u", "INVALID_ARGUMENT", "name"),
        ("prod/backend", "", "INVALID_ARGUMENT", "user"),
        ("prod/backend", "\0", "INVALID_ARGUMENT", "user"),
        ("prod/backend", "u" * 513, "INVALID_ARGUMENT", "user"),
        ("prod/nobody", "u", "NOT_FOUND", "no application"),
    ],
)
def test_a_bad_lookup_is_refused_by_name(shared: Any, name: str, user: str, code: str, field: str) -> None:
    found, details = refusal(shared.Lookup, abn_pb2.Application(name=name, user=user))

    assert found == code
    assert details.startswith(field)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"\x0a\x01a\x12\x02\xff\xfe", "user"),
        (b"\x0a\x03\xed\xa0\x80\x12\x01u", "name"),
        (b"\x0a\x04shop\x12\x01u\x1a\x06\x0a\x01\xff\x12\x01a", "attributes"),
        (b"\x1a\x06\x0a\x01a\x12\x01\xff\x12\x01u", "attributes"),
        (b"\x1a\x84\x01\x0a\x01a\x12\x7f" + b"v" * 127 + b"\x12\x01\xff", "user"),
        (b"\x1a\x02\x0a\x09\x12\x01u", "request"),
        (b"\x0a\x7f", "request"),
        (b"\xff\xff\xff", "request"),
        (b"\x08\x01\x12\x01u", "name"),
        (b"", "name"),
    ],
)
def test_bytes_that_are_no_message_are_refused_and_the_server_stays_up(
    shared_channel: grpc.Channel, shared: Any, data: bytes, field: str
) -> None:
    raw: Any = shared_channel.unary_unary("/main.ABN/Lookup")

    code, details = refusal(raw, data)

    assert (code, details.partition(":")[0]) == ("INVALID_ARGUMENT", field)
    assert shared.Lookup(abn_pb2.Application(name="shop", user="u")).versionNumber == 0


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({"": "x"}, "attributes."),
        ({"n" * 257: "x"}, "attributes.nnn"),
        ({"plan": "p" * 1025}, "attributes.plan"),
        ({f"a{number}": "x" for number in range(101)}, "attributes"),
    ],
)
def test_bad_attributes_are_refused_by_name(shared: Any, attributes: dict[str, str], field: str) -> None:
    found, details = refusal(shared.Lookup, abn_pb2.Application(name="shop", user="u", attributes=attributes))

    assert found == "INVALID_ARGUMENT"
    assert details.startswith(field)


@pytest.mark.parametrize("method", ["Lookup", "WriteMetric"])
def test_a_message_that_is_too_big_is_refused_and_the_server_stays_up(
    shared_channel: grpc.Channel, shared: Any, method: str
) -> None:
    code, details = refusal(shared_channel.unary_unary(f"/main.ABN/{method}"), b"\x0a" * (MAX_MESSAGE_BYTES + 1))

    assert code == "RESOURCE_EXHAUSTED"
    assert str(MAX_MESSAGE_BYTES) in details
    assert shared.Lookup(abn_pb2.Application(name="shop", user="u")).versionNumber == 0


def test_unknown_methods_are_unimplemented(shared_channel: grpc.Channel) -> None:
    assert refusal(shared_channel.unary_unary("/main.ABN/Nothing"), b"")[0] == "UNIMPLEMENTED"


def test_the_newest_fields_of_a_client_are_ignored(shared_channel: grpc.Channel) -> None:
    message = abn_pb2.Application(name="shop", user="u").SerializeToString() + b"\x7a\x03new"

    assert shared_channel.unary_unary("/main.ABN/Lookup")(message) == b""


def test_before_the_first_snapshot_it_is_unavailable(start: Any, tmp_path: Path) -> None:
    server = start("serve_grpc", StateFolder(tmp_path / "fresh"), grpc_port=0)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = abn_pb2_grpc.ABNStub(channel)  # type: ignore[no-untyped-call] # generated code
        assert refusal(stub.Lookup, abn_pb2.Application(name="a/b", user="u"))[0] == "UNAVAILABLE"
        assert refusal(stub.WriteMetric, abn_pb2.MetricValue(**ONE))[0] == "UNAVAILABLE"


def test_a_port_in_use_is_refused_with_what_to_do(grpc_server: Any, start: Any, state: Any) -> None:
    with pytest.raises(
        RuntimeError, match=f"ConfigurationError: cannot listen on 127.0.0.1:{grpc_server.port} .*--grpc"
    ):
        start("serve_grpc", state, grpc_port=grpc_server.port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_keeps_every_exposure(grpc_server: Any, stub: Any, http: Any, number: signal.Signals) -> None:
    for user in range(100):
        stub.Lookup(abn_pb2.Application(name="prod/backend", user=f"u{user}"))

    assert grpc_server.stop(number) == 0

    versions = httpx.get(f"{http.url}/v1/routemaps/prod/backend").json()["versions"]
    assert sum(version["exposedUsers"] for version in versions) == 100


def test_its_counters_are_part_of_the_http_scrape(stub: Any, http: Any) -> None:
    stub.Lookup(abn_pb2.Application(name="shop", user="u"))
    refusal(stub.Lookup, abn_pb2.Application(name="nobody", user="u"))

    deadline = time.monotonic() + 10
    wanted = 'iter8_request_duration_seconds_count{route="Lookup",transport="grpc"} 2.0'
    while wanted not in (text := httpx.get(f"{http.url}/metrics").text):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert 'iter8_request_errors_total{code="NOT_FOUND",route="Lookup",transport="grpc"} 1.0' in text


def test_the_committed_code_is_what_the_proto_file_generates(tmp_path: Path) -> None:
    root = Path(abn_pb2.__file__).parents[3]
    proto = "iter8_gitops/serving/abn/abn.proto"
    out = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", "-I", str(root), *out, str(root / proto)], check=True)

    for name in ("abn_pb2.py", "abn_pb2.pyi", "abn_pb2_grpc.py"):
        generated = tmp_path / "iter8_gitops/serving/abn" / name
        assert generated.read_text() == (root / proto).with_name(name).read_text()


def test_a_burst_of_calls_is_answered_whole(shared: Any) -> None:
    calls = [shared.Lookup.future(abn_pb2.Application(name="shop", user=f"u{n}")) for n in range(4000)]

    assert {call.result(timeout=60).versionNumber for call in calls} == {0}
