"""A server that answers nonsense, in every way, costs nothing but freshness."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.core.news import news_since
from iter8_gitops.core.wire import encode_news
from iter8_gitops.sdk import Client, ConfigurationError
from tests.sdk.conftest import Reply, Scripted, board, eventually

WHOLE = encode_news(news_since(board(8, web=(0, 1))))
JSON = {"Content-Type": "application/json"}

FAULTS: dict[str, Reply] = {
    "an error": (500, JSON, b'{"title": "Internal error", "description": "a defect", "field": null}'),
    "an error without a body": (502, {}, b""),
    "a page": (200, {"Content-Type": "text/html"}, b"<html><body>Sign in to the hotel's network</body></html>"),
    "a page as an error": (503, {"Content-Type": "text/html", "Retry-After": "0"}, b"<h1>Maintenance</h1>"),
    "nothing": (200, JSON, b""),
    "no object": (200, JSON, b"[1, 2]"),
    "another object": (200, JSON, b'{"sequence": "eight"}'),
    "half of it": (200, JSON, WHOLE[: len(WHOLE) // 2]),
    "less than announced": (200, {**JSON, "Content-Length": str(len(WHOLE) + 10)}, WHOLE),
    "no gzip": (200, {**JSON, "Content-Encoding": "gzip"}, WHOLE),
    "half of the gzip": (200, {**JSON, "Content-Encoding": "gzip"}, gzip.compress(WHOLE)[:-20]),
    "too much": (200, JSON, b" " * 300_000 + WHOLE),
    "too much gzip": (200, {**JSON, "Content-Encoding": "gzip"}, gzip.compress(b" " * 300_000 + WHOLE)),
    "deep nesting": (200, JSON, b"[" * 200_000),
    "no text": (200, JSON, bytes(range(128, 256))),
    "no versions": (200, JSON, WHOLE.replace(b'"versions":[', b'"versions":[],"x":[')),
    "a negative weight": (200, JSON, WHOLE.replace(b'"weight":1', b'"weight":-1')),
    "a redirect": (302, {"Location": "http://127.0.0.1:1/"}, b""),
    "not found": (404, JSON, b'{"title": "Not Found", "description": "there is nothing", "field": null}'),
    "an empty board": (200, JSON, b'{"board": "b2", "sequence": 0, "complete": true, "applications": []}'),
    "news of another sequence": (200, JSON, encode_news(replace(news_since(board(9)), complete=False, since=3))),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_lookups_go_on_and_recover(scripted: Scripted, connect: Callable[..., Client], fault: Reply) -> None:
    scripted.script.snapshot = board(7, web=(1, 0))
    client = connect(scripted.url, streaming=False, max_bytes=100_000)
    client.wait_until_ready()

    scripted.script.faults = [fault]
    eventually(lambda: client.status.reason)
    assert client.status.stale
    assert scripted.url in client.status.reason
    assert [client.lookup("shop/web", f"u{number}").version_number for number in range(50)] == [0] * 50

    scripted.script.faults = []
    scripted.script.snapshot = board(8, web=(0, 1))
    eventually(lambda: client.lookup("shop/web", "u").version_number == 1)
    eventually(lambda: not client.status.reason)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_client_that_meets_nonsense_first_becomes_ready_later(
    scripted: Scripted, connect: Callable[..., Client], fault: Reply
) -> None:
    scripted.script.faults = [fault]
    client = connect(scripted.url, streaming=False, max_bytes=100_000)
    eventually(lambda: scripted.url in client.status.reason and "received" not in client.status.reason)
    assert not client.status.ready

    scripted.script.faults = []
    client.wait_until_ready(20)


def test_only_what_is_new_is_asked_for(scripted: Scripted, connect: Callable[..., Client]) -> None:
    client = connect(scripted.url)
    client.wait_until_ready()
    scripted.script.snapshot = replace(board(8, web=(0, 1)), log=replace(board(8).log, changed_at={"shop/web": 8}))
    eventually(lambda: client.status.sequence == 8)

    assert scripted.script.asked[0] == "/v1/snapshot?"
    assert "/v1/snapshot?since=7&board=b1" in scripted.script.asked
    tags = [headers.get("if-none-match") for headers in scripted.script.headers]
    assert tags[0] is None
    assert '"b1.7"' in tags


def test_a_server_without_events_is_polled(scripted: Scripted, connect: Callable[..., Client]) -> None:
    client = connect(scripted.url)
    eventually(lambda: len([path for path in scripted.script.asked if "events" not in path]) > 3)

    assert len([path for path in scripted.script.asked if "events" in path]) == 1
    assert (client.status.connection, client.status.reason) == ("poll", "")


def test_headers_go_with_every_request(scripted: Scripted, connect: Callable[..., Client]) -> None:
    client = connect(scripted.url, headers={"Authorization": "Bearer abc"})
    client.wait_until_ready()

    assert {headers.get("authorization") for headers in scripted.script.headers} == {"Bearer abc"}


def test_threads_may_ask_while_the_board_changes(scripted: Scripted, connect: Callable[..., Client]) -> None:
    scripted.script.snapshot = board(7, web=(1, 1), cart=(1, 0))
    client = connect(scripted.url, streaming=False, poll_seconds=0.005)
    client.wait_until_ready()
    failures: list[BaseException] = []
    stop = threading.Event()

    def ask(seed: int) -> None:
        number = seed
        while not stop.is_set():
            number += 7
            try:
                client.lookup(("shop/web", "shop/cart")[number % 2], f"u{number % 500}")
            except BaseException as error:  # noqa: BLE001 (all of them are told)
                failures.append(error)

    threads = [threading.Thread(target=ask, args=(seed,), daemon=True) for seed in range(4)]
    for thread in threads:
        thread.start()
    for sequence in range(8, 40):
        scripted.script.snapshot = board(sequence, web=(sequence, 1), cart=(1, sequence))
        eventually(lambda s=sequence: client.status.sequence == s)  # type: ignore[misc]
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "iter8:8080",
        "ftp://iter8",
        "http://",
        "http://user:secret@iter8",
        "http://iter8?x=1",
        "file:",
        "file://host/x",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_once(connect: Callable[..., Client], url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        connect(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "settings", [{"poll_seconds": 0}, {"flush_seconds": float("nan")}, {"exit_seconds": -1}, {"capacity": 0}]
)
def test_settings_without_sense_are_refused(connect: Callable[..., Client], settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        connect("http://127.0.0.1:1", **settings)


def test_the_document_of_the_scripted_server_is_a_real_one() -> None:
    assert json.loads(WHOLE)["complete"] is True
