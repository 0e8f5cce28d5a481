"""Plain lookups are answered before Falcon: with its very answers, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iter8_gitops.serving.http.app import create_app
from iter8_gitops.serving.http.shortcut import Application, LookupShortcut
from iter8_gitops.serving.scrape import Scrape

Answer = tuple[list[dict[str, Any]], int]
"""The messages of an answer, and how many exposures it left."""


@pytest.fixture
def falcon(bench: Any) -> Application:
    scrape = Scrape(bench.telemetry, bench.experiments.board_status, None)
    app: Any = create_app(bench.experiments, bench.telemetry, scrape, bench.webhooks, bench.load_tests)
    return app  # type: ignore[no-any-return]


@pytest.fixture
def answers(bench: Any, falcon: Application) -> Callable[..., tuple[Answer, Answer, bool]]:
    """Asks with the shortcut and without it. The last says whether Falcon was left out."""

    def ask(query: bytes, method: str = "GET", path: str = "/v1/lookup") -> tuple[Answer, Answer, bool]:
        passed: list[Any] = []

        async def noting(scope: Any, receive: Any, send: Any) -> None:
            passed.append(scope)
            await falcon(scope, receive, send)

        def told(app: Application) -> Answer:
            before = len(bench.writer.exposures)
            messages = asyncio.run(_asked(app, query, method, path))
            return messages, len(bench.writer.exposures) - before

        with_it = told(LookupShortcut(noting, bench.experiments, bench.telemetry))
        return with_it, told(falcon), not passed

    return ask


async def _asked(app: Application, query: bytes, method: str, path: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append({**message, "headers": sorted(message.get("headers", []))})

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
    }
    scope |= {"path": path, "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": []}
    await app(scope, receive, send)
    return messages


PLAIN = [
    b"application=prod/backend&user=alice",
    b"user=alice&application=prod%2Fbackend",
    b"application=shop&user=a+b",
    b"application=shop&user=%C3%BC%20%F0%9F%98%80",
    b"application=shop&user=a,b",
    b"application=shop&user=a&",
]
OTHERS = [
    b"",
    b"user=alice",
    b"application=prod/backend&user=",
    b"application=prod/backend&user=alice&user=bob",
    b"application=prod/backend&user=alice&application=shop",
    b"application=prod/backend&user=alice&attribute.plan=gold",
    b"application=prod/backend&user=alice&other=1",
    b"application=prod/backend&attribute.plan=gold",
    b"application=prod/nobody&user=alice",
    b"application=a/b/c&user=alice",
    b"application=shop&user=%FF",
    b"application=shop&user=%EF%BF%BD",
    b"application=shop&user=%00",
    b"application=shop&user=" + b"u" * 513,
]


@pytest.mark.parametrize("query", PLAIN)
def test_a_plain_lookup_does_not_reach_falcon_and_has_its_answer(answers: Any, query: bytes) -> None:
    ours, falcons, left_out = answers(query)

    assert left_out
    assert ours == falcons
    assert (ours[0][0]["status"], ours[1]) == (200, 1)


@pytest.mark.parametrize("query", OTHERS)
def test_everything_else_is_falcons(answers: Any, query: bytes) -> None:
    ours, falcons, left_out = answers(query)

    assert not left_out
    assert ours == falcons


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/lookup"), ("HEAD", "/v1/lookup"), ("GET", "/v1/lookup/")])
def test_other_methods_and_paths_are_falcons(answers: Any, method: str, path: str) -> None:
    ours, falcons, left_out = answers(PLAIN[0], method, path)

    assert not left_out
    assert ours == falcons


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from([b"application", b"user", b"=", b"&", b"shop", b"%2F", b"%", b"+", b"a", b",", b"%FF"]))
)
def test_whatever_is_asked_the_answer_is_falcons(answers: Any, parts: list[bytes]) -> None:
    ours, falcons, _ = answers(b"".join(parts))

    assert ours == falcons


def test_before_the_first_snapshot_falcon_says_so(answers: Any, bench: Any) -> None:
    bench.board.snapshot = type(bench.board.snapshot)()

    ours, falcons, left_out = answers(PLAIN[0])

    assert not left_out
    assert ours == falcons
    assert ours[0][0]["status"] == 503


def test_it_counts_as_a_request_of_its_route(bench: Any, answers: Any) -> None:
    answers(PLAIN[0])
    bench.telemetry.flush()

    counted = bench.telemetry.registry.get_sample_value(
        "iter8_request_duration_seconds_count", {"transport": "http", "route": "/v1/lookup"}
    )
    assert counted == 2  # one with the shortcut, one without
