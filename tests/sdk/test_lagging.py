"""A server of several processes, of which some have not seen yet what others tell of."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from iter8_gitops.core.news import news_since
from iter8_gitops.core.wire import encode_news
from iter8_gitops.sdk import following
from iter8_gitops.sdk.following import HttpFollower
from iter8_gitops.sdk.transport import Answer, Transport
from iter8_gitops.spec.snapshot import Snapshot
from tests.sdk.conftest import board, eventually


class Processes:
    """Stands for a transport to a server: each question is answered by the next process, the last one over and over."""

    base = "http://server"

    def __init__(self, *snapshots: Snapshot) -> None:
        self.snapshots = list(snapshots)
        self.events: list[Snapshot] = []
        self.asked = 0
        self.closed = threading.Event()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        self.asked += 1
        snapshot = self.snapshots.pop(0) if len(self.snapshots) > 1 else self.snapshots[0]
        etag = f'"{snapshot.board}.{snapshot.sequence}"'
        if (headers or {}).get("If-None-Match") == etag:
            return Answer(304, {"etag": etag}, b"")
        query = dict(pair.split("=") for pair in path.partition("?")[2].split("&") if pair)
        since = int(query["since"]) if "since" in query else None
        return Answer(200, {"etag": etag}, encode_news(news_since(snapshot, since, query.get("board"))))

    @contextmanager
    def stream(self, path: str) -> Iterator[Any]:
        class Response:
            status = 200

            def shutdown(self) -> None:
                """Nothing is open."""

        yield Response()

    def chunks(self, response: Any, path: str) -> Iterator[bytes]:
        for snapshot in self.events:
            data = json.dumps({"board": snapshot.board, "sequence": snapshot.sequence, "controllerAge": 0.1})
            yield f"event: snapshot\ndata: {data}\n\n".encode()
        self.closed.wait(10)

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def follow() -> Iterator[Callable[[Processes], HttpFollower]]:
    running: list[tuple[HttpFollower, Processes]] = []

    def follow(processes: Processes) -> HttpFollower:
        follower = HttpFollower(cast("Transport", processes))
        running.append((follower, processes))
        follower.start()
        return follower

    yield follow
    for follower, processes in running:
        processes.close()
        follower.stop()


OLD, NEW = board(7, web=(1, 0)), board(8, web=(0, 1))


def test_what_an_event_tells_of_is_asked_for_until_it_is_there(follow: Callable[[Processes], HttpFollower]) -> None:
    processes = Processes(OLD, OLD, OLD, NEW)
    processes.events = [NEW]
    follower = follow(processes)
    eventually(lambda: follower.snapshot.sequence == 8, 5)
    assert processes.asked == 4


def test_an_older_answer_does_not_take_a_client_back(follow: Callable[[Processes], HttpFollower]) -> None:
    processes = Processes(NEW, OLD)
    processes.events = [OLD]
    follower = follow(processes)
    eventually(lambda: processes.asked == 2)
    assert follower.snapshot.sequence == 8


def test_a_board_that_stays_older_went_back_and_is_followed(
    follow: Callable[[Processes], HttpFollower], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(following, "time", SimpleNamespace(monotonic=lambda: next(seconds), time=time.time, sleep=id))
    processes = Processes(NEW, OLD)
    processes.events = [OLD] * 30
    follower = follow(processes)
    eventually(lambda: follower.snapshot.sequence == 7)
    assert processes.asked > following.BEHIND_SECONDS


def test_another_board_is_taken_over_whatever_its_sequence(follow: Callable[[Processes], HttpFollower]) -> None:
    other = board(1, "b2", web=(0, 1))
    processes = Processes(NEW, other)
    processes.events = [other]
    follower = follow(processes)
    eventually(lambda: follower.snapshot.board == "b2", 5)
