"""OFREP as the published providers of OpenFeature speak it, against a real server."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode

from iter8_gitops.spec.routemap import Rule, Targeting
from tests.clients.fixtures import NodeClient

CHANCE = random.Random(3)
USERS = [f"user-{CHANCE.randrange(10**9)}" for _ in range(25)]


def looked_up(server: Any, user: str, application: str = "prod/backend") -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(
        f"{server.url}/v1/lookup", params={"application": application, "user": user}
    ).json()
    return found


def evaluated(server: Any, user: str, **attributes: Any) -> dict[str, Any]:
    url = f"{server.url}/ofrep/v1/evaluate/flags/prod/backend"
    found: dict[str, Any] = httpx.post(url, json={"context": {"targetingKey": user, **attributes}}).json()
    return found


def has_weights(server: Any, weights: tuple[int, ...]) -> bool:
    published: list[int] = httpx.get(f"{server.url}/v1/routemaps/prod/backend").json()["weights"]
    return published == list(weights)


def wait_until(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def python_client(http: Any) -> Iterator[OpenFeatureClient]:
    """OpenFeature's Python SDK with its OFREP provider."""
    provider = OFREPProvider(http.url, headers_factory=lambda: {"Authorization": "Bearer any"})
    domain = uuid4().hex
    api.set_provider_and_wait(provider, domain)
    yield api.get_client(domain)
    provider.session.close()
    api.shutdown()


@pytest.mark.slow
def test_the_python_provider_gives_what_lookups_give_before_and_after_a_change(
    http: Any, python_client: OpenFeatureClient, publisher: Any, make_state: Any
) -> None:
    for weights in ((90, 10), (10, 90)):
        state = make_state("prod/backend", weights)
        publisher.publish({state.application: state}, (), None, time.time())
        wait_until(partial(has_weights, http, weights))
        for user in USERS:
            details = python_client.get_integer_details("prod/backend", -1, EvaluationContext(user))
            found = looked_up(http, user)
            assert (details.value, details.variant) == (found["versionNumber"], found["versionName"])
            assert details.flag_metadata["signature"] == found["signature"]
            assert details.reason == "SPLIT"


@pytest.mark.slow
def test_the_python_provider_understands_every_refusal(http: Any, python_client: OpenFeatureClient) -> None:
    alice = EvaluationContext("alice")

    unknown = python_client.get_integer_details("prod/bakend", -1, alice)
    nobody = python_client.get_integer_details("prod/backend", -1)
    too_long = python_client.get_integer_details("prod/backend", -1, EvaluationContext("a" * 513))
    mistyped = python_client.get_boolean_details("prod/backend", False, alice)

    assert (unknown.value, unknown.error_code) == (-1, ErrorCode.FLAG_NOT_FOUND)
    assert "did you mean 'prod/backend'?" in (unknown.error_message or "")
    assert (nobody.value, nobody.error_code) == (-1, ErrorCode.TARGETING_KEY_MISSING)
    assert (too_long.value, too_long.error_code) == (-1, ErrorCode.INVALID_CONTEXT)
    assert (mistyped.value, mistyped.error_code) == (False, ErrorCode.TYPE_MISMATCH)
    assert python_client.get_integer_details("shop", -1, alice).reason == "STATIC"


@pytest.mark.slow
def test_the_javascript_server_provider_gives_what_lookups_give_and_understands_refusals(
    http: Any, node_client: NodeClient, publisher: Any, make_state: Any
) -> None:
    state = replace(
        make_state("prod/backend"),
        targeting=Targeting(rules=(Rule("staff", (("age", ("41.5",)), ("group", ("staff",))), 1),)),
    )
    publisher.publish({state.application: state}, (), None, time.time())
    number = {"flag": "prod/backend", "type": "Number", "fallback": -1}
    staff = {"group": "staff", "age": 41.5, "seen": ["lists are", {"passed": "over"}]}
    wait_until(lambda: evaluated(http, "nobody", **staff)["reason"] == "TARGETING_MATCH")

    *plain, ruled, unknown, nobody, mistyped = node_client(
        "ofrep_server.mjs",
        http.url,
        json.dumps(
            [
                *({**number, "context": {"targetingKey": user}} for user in USERS),
                {**number, "context": {"targetingKey": "bob", **staff}},
                {**number, "flag": "prod/bakend", "context": {"targetingKey": "bob"}},
                {**number, "context": {}},
                {**number, "type": "Boolean", "fallback": False, "context": {"targetingKey": "bob"}},
            ]
        ),
    )

    for user, details in zip(USERS, plain, strict=True):
        found = looked_up(http, user)
        assert (details["value"], details["variant"]) == (found["versionNumber"], found["versionName"])
        assert details["flagMetadata"]["signature"] == found["signature"]
    assert (ruled["value"], ruled["reason"], ruled["flagMetadata"]["rule"]) == (1, "TARGETING_MATCH", "staff")
    assert (unknown["value"], unknown["errorCode"]) == (-1, "FLAG_NOT_FOUND")
    assert "did you mean 'prod/backend'?" in unknown["errorMessage"]
    assert (nobody["value"], nobody["errorCode"]) == (-1, "TARGETING_KEY_MISSING")
    assert (mistyped["value"], mistyped["errorCode"]) == (False, "TYPE_MISMATCH")


@pytest.mark.slow
def test_the_javascript_web_provider_gives_what_lookups_give(http: Any, node_client: NodeClient) -> None:
    said = node_client("ofrep_web.mjs", http.url, "prod/backend", json.dumps(USERS))

    for user, details in zip(USERS, said["answers"], strict=True):
        found = looked_up(http, user)
        assert (details["value"], details["variant"]) == (found["versionNumber"], found["versionName"])
        assert details["flagMetadata"]["signature"] == found["signature"]
    assert (said["unknown"]["value"], said["unknown"]["errorCode"]) == (-1, "FLAG_NOT_FOUND")
    assert (said["mistyped"]["value"], said["mistyped"]["errorCode"]) == ("", "TYPE_MISMATCH")


@pytest.mark.slow
def test_the_javascript_web_provider_is_told_of_a_change(
    http: Any, node_client: NodeClient, publisher: Any, make_state: Any, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    everybody = make_state("prod/backend", (0, 1))
    with ThreadPoolExecutor(1) as threads:
        client = threads.submit(node_client, "ofrep_web.mjs", http.url, "prod/backend", '["alice"]', str(ready))
        wait_until(lambda: ready.exists() or client.done(), 60)
        publisher.publish({"prod/backend": everybody}, (), None, time.time())
        said = client.result()

    assert (said["after"]["value"], said["after"]["variant"], said["after"]["reason"]) == (1, "v1", "STATIC")
    assert said["changed"] == ["prod/backend"]
    assert said["requests"] == [200, 304, 200]
