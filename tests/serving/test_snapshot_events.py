"""Streams of events under real gunicorn: told at once, ended cleanly, bounded, in nobody's way."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from iter8_gitops.serving.http import streams
from tests.serving.event_streams import stream

pytestmark = pytest.mark.slow


def test_the_first_event_comes_at_once_and_another_with_every_publication(
    http: Any, publisher: Any, make_state: Any
) -> None:
    with stream(f"{http.url}/v1/snapshot/events") as events:
        name, first = events.next()
        assert (name, first["sequence"]) == ("snapshot", 1)
        assert first["board"] == httpx.get(f"{http.url}/v1/snapshot").json()["board"]
        for sequence in (2, 3):
            publisher.publish({"prod/new": make_state("prod/new")}, (), None, time.time())
            assert events.until("snapshot")["sequence"] == sequence


def test_a_sign_of_life_of_the_controller_is_passed_on_and_a_comment_stands_for_none(http: Any, publisher: Any) -> None:
    with stream(f"{http.url}/v1/snapshot/events") as events:
        events.next()
        publisher.heartbeat(time.time())
        assert events.until("alive")["controllerAge"] < 10
        assert events.next()[0] == "comment"


def test_streams_end_when_the_server_stops_and_do_not_keep_it(start: Any, state: Any, wait_until_ready: Any) -> None:
    server = start("serve_http", state, http_port=0, workers=1)
    wait_until_ready(server)
    with ExitStack() as stack:
        opened = [stack.enter_context(stream(f"{server.url}/v1/snapshot/events")) for _ in range(3)]
        for events in opened:
            events.next()
        server.process.send_signal(signal.SIGTERM)
        for events in opened:
            with pytest.raises(EOFError):
                events.until("never")
        assert server.process.wait(20) == 0
    assert "Forcing close" not in server.log.read_text()
    assert "Traceback" not in server.log.read_text()


def test_many_streams_are_in_nobodys_way(http: Any, publisher: Any, make_state: Any) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(stream(f"{http.url}/v1/snapshot/events")) for _ in range(50)]
        for events in opened:
            events.next()
        publisher.publish({"prod/new": make_state("prod/new")}, (), None, time.time())
        assert [events.until("snapshot")["sequence"] for events in opened] == [2] * 50
        assert httpx.get(f"{http.url}/v1/lookup?application=prod/new&user=u").status_code == 200


def test_whoever_comes_too_late_is_sent_away_until_somebody_leaves(
    start: Any, state: Any, wait_until_ready: Any
) -> None:
    server = start("serve_http", state, http_port=0, workers=1)
    wait_until_ready(server)
    with ExitStack() as stack:
        for _ in range(streams.MAX_STREAMS):
            taken = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            taken.sendall(b"GET /v1/snapshot/events HTTP/1.1\r\nHost: x\r\n\r\n")
            assert taken.recv(12) == b"HTTP/1.1 200"
        late = httpx.get(f"{server.url}/v1/snapshot/events", timeout=10)
        assert (late.status_code, late.headers["retry-after"]) == (503, "1")
        assert "/v1/snapshot instead" in late.json()["description"]
        assert httpx.get(f"{server.url}/v1/lookup?application=shop&user=u").status_code == 200
    deadline = time.monotonic() + 20
    while True:
        with httpx.stream("GET", f"{server.url}/v1/snapshot/events", timeout=10) as response:
            if response.status_code == 200:
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)
