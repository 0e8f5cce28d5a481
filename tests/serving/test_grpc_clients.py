"""Clients in other languages, made from the proto file by their own tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

import iter8_gitops.serving.abn as package
from tests.clients.fixtures import NodeClient
from tests.serving.test_grpc import CLIENT_PROTO

pytestmark = pytest.mark.slow

OURS = Path(package.__file__).with_name("abn.proto")


def calls(folder: Path, *each: tuple[str, Mapping[str, Any]]) -> str:
    """A file with calls, as the script reads them."""
    path = folder / "calls.json"
    path.write_text(json.dumps([{"method": method, "message": message} for method, message in each]))
    return str(path)


def test_a_client_in_javascript_made_from_the_field_table_works_and_agrees_with_http(
    grpc_server: Any, http: Any, node_client: NodeClient, tmp_path: Path
) -> None:
    proto = tmp_path / "client.proto"
    proto.write_text(CLIENT_PROTO)
    users = [f"user-{number}" for number in range(20)]
    lookups = [("Lookup", {"name": "prod/backend", "user": user}) for user in users]
    value = {"name": "m", "value": "1.5", "application": "prod/backend"}
    writes = [("WriteMetric", {**value, "user": user}) for user in users]

    answers = node_client("abn.mjs", f"127.0.0.1:{grpc_server.port}", str(proto), calls(tmp_path, *lookups, *writes))

    found = [each["answer"]["versionNumber"] for each in answers[:20]]
    queries = [{"application": "prod/backend", "user": user} for user in users]
    assert found == [httpx.get(f"{http.url}/v1/lookup", params=query).json()["versionNumber"] for query in queries]
    assert answers[20:] == [{"answer": {}}] * 20
    tables = httpx.get(f"{http.url}/abnDashboard?namespace=prod&application=backend").json()
    summaries = {row["Version"]: row["Count"] for row in tables["m"]["SummaryOverTransactions"]}
    assert summaries == {version: found.count(version) for version in set(found)}


def test_a_client_in_javascript_is_told_what_is_wrong(
    grpc_server: Any, node_client: NodeClient, tmp_path: Path
) -> None:
    wrong = calls(
        tmp_path,
        ("Lookup", {"name": "prod/backend"}),
        ("Lookup", {"name": "prod/nobody", "user": "u"}),
        ("Lookup", {"name": "shop", "user": "u" * 5_000_000}),
        ("Lookup", {"name": "shop", "user": "u", "attributes": {"plan": "p" * 2000}}),
        ("WriteMetric", {"name": "m", "value": "NaN", "application": "shop", "user": "u"}),
        ("Lookup", {"name": "shop", "user": "ü", "attributes": {"país": "España"}}),
    )

    answers = node_client("abn.mjs", f"127.0.0.1:{grpc_server.port}", str(OURS), wrong)

    assert [each.get("code") for each in answers] == [
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "RESOURCE_EXHAUSTED",
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        None,
    ]
    fields = [each["details"].partition(":")[0] for each in answers if each.get("code") == "INVALID_ARGUMENT"]
    assert fields == ["user", "attributes.plan", "value"]
    assert answers[-1] == {"answer": {"versionNumber": 0}}
