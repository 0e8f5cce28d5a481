"""The HTTP API under real gunicorn, over real sockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from iter8_gitops.spec.state_folder import StateFolder

ONE = {"application": "prod/backend", "user": "alice", "name": "latency", "value": 1}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")


def talk(port: int, request: bytes) -> bytes:
    """Everything that the server says to `request` until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        said = b""
        while part := connection.recv(65536):
            said += part
    return said


def eventually(happened: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something has happened, and fail when it does not."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def longer_than(items: list[str], count: int) -> bool:
    return len(items) > count


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def request(target: bytes, method: bytes = b"GET", headers: bytes = b"", body: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return b"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s\r\n%s" % (method, target, headers, length, body)


LOOKUP = b"/v1/lookup?application=prod/backend&user="

MALFORMED = [
    (request(LOOKUP + b"%00"), 400, b'"user"'),
    (request(LOOKUP + b"%FF"), 400, b'"user"'),
    (request(LOOKUP), 400, b'"user"'),
    (request(b"/v1/lookup"), 400, b'"application"'),
    (request(LOOKUP + b"x" * 600), 400, b'"user"'),
    (request(LOOKUP + b"x" * 9000), 414, b""),
    (request(LOOKUP + b"\xff"), 400, b""),
    (request(LOOKUP + b"a b"), 400, b""),
    (request(b"/v1/routemaps/%FF/%FE"), 404, b"field"),
    (request(b"/%00"), 404, b"field"),
    (request(b"/v1/lookup", b"POST"), 400, b'"body"'),
    (request(b"/v1/lookup", b"PUT"), 405, b"field"),
    (request(b"/v1/lookup", b"BREW"), 400, b""),
    (request(b"/v1/lookup", b"get"), 400, b""),
    (request(LOOKUP + b"u", headers=b"X: " + b"y" * 9000 + b"\r\n"), 431, b""),
    (request(LOOKUP + b"u", headers=b"X: y\r\n" * 200), 431, b""),
    (request(LOOKUP + b"u", headers=b"Bad Name: y\r\n"), 400, b""),
    (request(LOOKUP + b"u", headers=b"NoColon\r\n"), 400, b""),
    (request(LOOKUP + b"u", headers=b"X: a\x00b\r\n"), 400, b""),
    (request(b"/v1/metrics", b"POST"), 400, b'"body"'),
    (request(b"/v1/metrics", b"POST", body=b"\xff\xfe"), 400, b'"body"'),
    (request(b"/v1/metrics", b"POST", body=b'{"value": NaN}'), 400, b'"body"'),
    (request(b"/v1/metrics", b"POST", body=b"[" * 50_000), 400, b'"body"'),
    (request(b"/v1/metrics", b"POST", headers=b"Content-Type: text/plain\r\n", body=b"{}"), 415, b'"Content-Type"'),
    (request(b"/v1/metrics", b"POST", headers=b"Content-Type: \xff\xfe\r\n", body=b"{}"), 415, b'"Content-Type"'),
    (request(b"/v1/metrics", b"POST", headers=b"Content-Length: x\r\n"), 400, b""),
    (request(b"/v1/metrics", b"POST", headers=b"Content-Length: -1\r\n"), 400, b""),
    (request(b"/v1/metrics", b"POST", headers=b"Content-Length: 1\r\nContent-Length: 2\r\n"), 400, b""),
    (request(b"/v1/metrics", b"POST", headers=b"Transfer-Encoding: chunked\r\n") + b"zz\r\n", 400, b""),
    (request(b"/metrics", headers=b"Accept: text/plain;version=\xff\r\n"), 200, b"iter8_"),
    (b"GET\r\n\r\n", 400, b""),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, b""),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, b""),
]


@pytest.mark.slow
def test_malformed_requests_get_4xx_and_the_server_stays_up(http: Any) -> None:
    for sent, status, said in MALFORMED:
        answer = talk(http.port, sent) or b"HTTP/1.1 0 silence"
        assert (sent[:80], status_of(answer)) == (sent[:80], status)
        assert said in answer, sent[:80]

    assert httpx.get(f"{http.url}/v1/lookup?application=prod/backend&user=u").status_code == 200
    assert "Traceback" not in http.log.read_text()


@pytest.mark.slow
def test_the_longest_user_fits_into_a_lookup(http: Any) -> None:
    longest = "\U0001f600" * 512
    answer = httpx.get(f"{http.url}/v1/lookup", params={"application": "prod/backend", "user": longest})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", [b"/v1/lookup", b"/nothing"])
def test_a_websocket_is_turned_away(http: Any, path: bytes) -> None:
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    answer = talk(http.port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + upgrade + key + b"\r\n")
    assert status_of(answer) == 403


def test_an_oversized_body_is_refused_however_it_is_framed(http: Any) -> None:
    body = b" " * (5 * 1024 * 1024)

    for content in (body, iter([body[: 1024 * 1024]] * 5)):
        answer = httpx.post(f"{http.url}/v1/metrics", content=content, timeout=20)
        assert (answer.status_code, answer.json()["field"]) == (413, "body")


@pytest.mark.slow
def test_a_body_that_is_cut_off_stores_nothing(http: Any) -> None:
    whole = json.dumps(ONE).encode()
    headers = b"Content-Length: %d\r\n" % (len(whole) + 10)

    with socket.create_connection(("127.0.0.1", http.port)) as connection:
        connection.sendall(request(b"/v1/metrics", b"POST", headers) + whole)

    time.sleep(0.3)
    assert httpx.get(f"{http.url}/abnDashboard?namespace=prod&application=backend").json() == {}


@pytest.mark.slow
def test_a_keep_alive_connection_survives_refused_requests(http: Any) -> None:
    with httpx.Client(base_url=http.url) as client:
        for _ in range(3):
            assert client.post("/v1/metrics", content=b"{").status_code == 400
            assert client.get("/v1/lookup", params={"application": "prod/backend", "user": "u"}).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_keeps_every_exposure(
    start: Any, state: Any, wait_until_ready: Any, number: signal.Signals
) -> None:
    server = start("serve_http", state, http_port=0, workers=1)
    wait_until_ready(server)
    with httpx.Client(base_url=server.url) as client:
        for user in range(200):
            client.get("/v1/lookup", params={"application": "prod/backend", "user": f"u{user}"})
    assert server.stop(number) == 0

    again = start("serve_http", state, http_port=0, workers=1)
    wait_until_ready(again)
    versions = httpx.get(f"{again.url}/v1/routemaps/prod/backend").json()["versions"]
    assert sum(version["exposedUsers"] for version in versions) == 200


@pytest.mark.slow
@LINUX
def test_a_killed_worker_loses_no_acknowledged_value_and_doubles_none(
    start: Any, state: Any, wait_until_ready: Any
) -> None:
    server = start("serve_http", state, http_port=0, workers=2)
    wait_until_ready(server)
    acknowledged: list[str] = []
    stop = threading.Event()

    def report(sender: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = f"m{sender}-{number}"
            try:
                answer = httpx.post(f"{server.url}/v1/metrics", json={**ONE, "name": name}, timeout=10)
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                acknowledged.append(name)

    senders = [threading.Thread(target=report, args=(sender,), daemon=True) for sender in range(4)]
    for sender in senders:
        sender.start()
    eventually(lambda: len(acknowledged) > 20)
    before = server.children()
    for worker in before:
        os.kill(worker, signal.SIGKILL)
        enough = len(acknowledged) + 20
        eventually(partial(longer_than, acknowledged, enough))
    eventually(lambda: len(server.children()) == 2 and not set(before) & set(server.children()))
    stop.set()
    for sender in senders:
        sender.join()

    wait_until_ready(server)
    tables = httpx.get(f"{server.url}/abnDashboard?namespace=prod&application=backend", timeout=30).json()
    found = {name: sum(row["Count"] for row in table["SummaryOverTransactions"]) for name, table in tables.items()}
    assert {name: found.get(name) for name in acknowledged} == dict.fromkeys(acknowledged, 1)
    assert set(found.values()) == {1}


@pytest.mark.slow
def test_every_worker_answers_a_scrape_for_all_of_them(start: Any, state: Any, wait_until_ready: Any) -> None:
    server = start("serve_http", state, http_port=0, workers=2)
    wait_until_ready(server)
    for user in range(30):
        # A new connection each time, so that both workers take part.
        httpx.get(f"{server.url}/v1/lookup?application=prod/backend&user={user}")

    def counted() -> float:
        text = httpx.get(f"{server.url}/metrics").text
        lines = [line for line in text.splitlines() if line.startswith("iter8_lookups_total{")]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    eventually(lambda: counted() == 30)
    assert {counted() for _ in range(5)} == {30}


@pytest.mark.slow
def test_counters_start_anew_with_the_server(start: Any, state: Any, wait_until_ready: Any) -> None:
    for _ in range(2):
        server = start("serve_http", state, http_port=0, workers=1)
        wait_until_ready(server)
        httpx.get(f"{server.url}/v1/lookup?application=shop&user=u")
        text = httpx.get(f"{server.url}/metrics").text
        assert 'iter8_lookups_total{application="default/shop-routemap",version="0"} 1.0' in text
        server.stop()


@pytest.mark.slow
def test_a_change_on_the_board_is_seen_without_a_restart(http: Any, publisher: Any, make_state: Any) -> None:
    publisher.publish({"prod/new": make_state("prod/new", (1,), ("dddd",))}, (), None, time.time())

    eventually(lambda: httpx.get(f"{http.url}/v1/lookup?application=prod/new&user=u").status_code == 200)


@pytest.mark.slow
def test_it_serves_health_before_there_is_a_board(start: Any, tmp_path: Any) -> None:
    server = start("serve_http", StateFolder(tmp_path / "fresh"), http_port=0, workers=1)

    def healthy() -> bool:
        try:
            return bool(httpx.get(f"{server.url}/healthz").json() == {"status": "ok"})
        except httpx.TransportError:
            return False

    eventually(healthy)
    assert httpx.get(f"{server.url}/readyz").status_code == 503
    assert httpx.get(f"{server.url}/v1/lookup?application=a/b&user=u").status_code == 503


@pytest.mark.slow
def test_a_killed_master_can_be_started_again_at_once(start: Any, state: Any, wait_until_ready: Any) -> None:
    killed = start("serve_http", state, http_port=0, workers=1)
    wait_until_ready(killed)
    assert httpx.post(f"{killed.url}/v1/metrics", json=ONE).status_code == 200
    killed.stop(signal.SIGKILL)

    again = start("serve_http", state, http_port=killed.port, workers=1)

    wait_until_ready(again)
    tables = httpx.get(f"{again.url}/abnDashboard?namespace=prod&application=backend").json()
    assert [row["Count"] for row in tables["latency"]["SummaryOverTransactions"]] == [1]
