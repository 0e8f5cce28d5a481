"""How a reflector follows a server that says what a test tells it to."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeForbiddenError, KubeUnreachableError
from iter8_gitops.kube.reflector import Change, Reflector, Selection, Timing
from tests.kube.fake_api import (
    Answer,
    FakeApi,
    Request,
    config_map,
    config_map_list,
    event,
    fake_api,
    status_answer,
)

_CONFIG_MAPS = Endpoint("", "v1", "ConfigMap", "configmaps", True)
_QUICK = Timing(first_delay=0.02, longest_delay=0.1, list_timeout=3.0)
_TOO_OLD = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})
_END = None


class _Server:
    """Serves ConfigMaps: lists what is in `listing`, and streams what is put into `stream` (_END ends a watch)."""

    def __init__(self) -> None:
        self.listing = config_map_list(10)
        self.stream: queue.Queue[bytes | None] = queue.Queue()
        self.watch_failure: Answer | None = None
        self.list_failure: Answer | None = None
        self.cut = False
        self.closing = False

    def __call__(self, request: Request) -> Answer:
        if "watch" in request.params:
            return self.watch_failure or Answer(chunks=self._chunks(), cut=self.cut)
        return self.list_failure or self.listing

    def say(self, kind: str, content: Any) -> None:
        self.stream.put(event(kind, content))

    def _chunks(self) -> Iterator[bytes]:
        while not self.closing:
            try:
                chunk = self.stream.get(timeout=0.05)
            except queue.Empty:
                continue
            if chunk is _END:
                return
            yield chunk


class _Following:
    """A reflector of ConfigMaps with all that it said."""

    def __init__(self, api: FakeApi, timing: Timing = _QUICK, selector: str = "", **options: Any) -> None:
        self.calls: list[list[Change]] = []
        self.health: list[tuple[bool, str]] = []
        selection = Selection(_CONFIG_MAPS, "default", selector)
        self.reflector = Reflector(api.client(), selection, self._on_change, self._on_health, timing=timing, **options)
        self.reflector.start()

    @property
    def changes(self) -> list[tuple[str | None, str | None]]:
        return [(_version(change.before), _version(change.after)) for call in list(self.calls) for change in call]

    def _on_change(self, changes: Sequence[Change]) -> None:
        self.calls.append(list(changes))

    def _on_health(self) -> None:
        failure = self.reflector.failure
        self.health.append((self.reflector.synced, failure.message if failure else ""))


def _version(each: dict[str, Any] | None) -> str | None:
    return None if each is None else f"{each['metadata']['name']}{each['metadata']['resourceVersion']}"


def _wait(reached: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


@pytest.fixture
def server() -> _Server:
    return _Server()


@pytest.fixture
def api(tmp_path: Path, server: _Server) -> Iterator[FakeApi]:
    with fake_api(tmp_path, server) as api:
        yield api
        server.closing = True


@pytest.fixture
def follow(api: FakeApi) -> Iterator[Callable[..., _Following]]:
    started: list[_Following] = []

    def start(**options: Any) -> _Following:
        started.append(_Following(api, **options))
        return started[-1]

    yield start
    for each in started:
        each.reflector.stop()


Follow = Callable[..., _Following]


def _watches(api: FakeApi) -> list[dict[str, str]]:
    return [request.params for request in api.requests if "watch" in request.params]


def _lists(api: FakeApi) -> int:
    return len(api.requests) - len(_watches(api))


def test_a_list_is_one_call_and_events_follow_in_order(server: _Server, api: FakeApi, follow: Follow) -> None:
    server.listing = config_map_list(10, config_map("a", 1), config_map("b", 2))
    following = follow(selector="x=y")
    _wait(lambda: following.reflector.synced)
    server.say("MODIFIED", config_map("a", 11))
    server.say("ADDED", config_map("c", 12))
    server.say("DELETED", config_map("b", 13))
    _wait(lambda: len(following.calls) == 4)

    assert [len(call) for call in following.calls] == [2, 1, 1, 1]
    assert following.changes == [(None, "a1"), (None, "b2"), ("a1", "a11"), (None, "c12"), ("b13", None)]
    assert sorted(each["metadata"]["name"] for each in following.reflector.objects()) == ["a", "c"]
    assert following.reflector.get("default", "b") is None
    assert following.health == [(True, "")]
    (watch,) = _watches(api)
    assert watch["resourceVersion"] == "10"
    assert watch["allowWatchBookmarks"] == "true"
    assert watch["labelSelector"] == "x=y"
    assert 240 <= int(watch["timeoutSeconds"]) <= 300


def test_an_empty_list_is_complete(server: _Server, follow: Follow) -> None:
    following = follow()

    _wait(lambda: following.reflector.synced)

    assert following.calls == []


def test_a_watch_goes_on_from_the_last_bookmark(server: _Server, api: FakeApi, follow: Follow) -> None:
    following = follow()
    _wait(lambda: _watches(api))
    server.say("ADDED", config_map("a", 11))
    server.say("BOOKMARK", {"kind": "ConfigMap", "metadata": {"resourceVersion": "99"}})
    server.stream.put(_END)

    _wait(lambda: len(_watches(api)) == 2)

    assert _watches(api)[1]["resourceVersion"] == "99"
    assert _lists(api) == 1
    assert following.health == [(True, "")]


def test_what_is_known_is_no_change(server: _Server, api: FakeApi, follow: Follow) -> None:
    server.listing = config_map_list(10, config_map("a", 1))
    following = follow()
    _wait(lambda: _watches(api))
    server.say("ADDED", config_map("a", 1))
    server.say("DELETED", config_map("never-seen", 12))
    server.say("NEWFANGLED", config_map("a", 13))
    server.say("MODIFIED", config_map("a", 14))
    _wait(lambda: len(following.calls) == 2)

    assert following.changes == [(None, "a1"), ("a1", "a14")]


def test_a_resource_version_that_is_too_old_lists_anew_and_finds_what_was_missed(
    server: _Server, api: FakeApi, follow: Follow
) -> None:
    server.listing = config_map_list(10, config_map("a", 1), config_map("b", 2), config_map("c", 3))
    following = follow()
    _wait(lambda: _watches(api))
    replaced = config_map("c", 21, uid="another")
    server.listing = config_map_list(20, config_map("a", 1), replaced, config_map("d", 20))
    server.stream.put(_TOO_OLD)
    _wait(lambda: len(_watches(api)) == 2)

    assert following.changes[3:] == [("b2", None), ("c3", "c21"), (None, "d20")]
    assert len(following.calls) == 2
    assert _watches(api)[1]["resourceVersion"] == "20"
    assert following.health == [(True, "")]


def test_a_watch_that_cannot_be_opened_for_its_age_lists_anew(server: _Server, api: FakeApi, follow: Follow) -> None:
    server.watch_failure = status_answer(410, "Gone", "too old")
    following = follow()
    _wait(lambda: _lists(api) > 2)
    server.watch_failure = None
    server.say("ADDED", config_map("a", 11))

    _wait(lambda: following.changes == [(None, "a11")])

    assert following.health == [(True, "")]


def test_a_server_that_always_says_too_old_is_not_asked_in_a_tight_loop(
    server: _Server, api: FakeApi, follow: Follow
) -> None:
    server.watch_failure = status_answer(410, "Gone", "too old")
    follow(timing=Timing(first_delay=0.2, longest_delay=3))

    time.sleep(1.5)

    assert _lists(api) < 15


def test_history_that_went_in_an_outage_is_listed_anew_at_once(server: _Server, api: FakeApi, follow: Follow) -> None:
    following = follow(timing=Timing(first_delay=0.2, longest_delay=60))
    _wait(lambda: _watches(api))
    server.watch_failure = status_answer(503, "ServiceUnavailable", "starting")
    server.stream.put(_END)
    _wait(lambda: len(_watches(api)) >= 5)
    server.listing = config_map_list(20, config_map("a", 20))
    server.watch_failure = status_answer(410, "Gone", "too old")
    tries = len(_watches(api))
    _wait(lambda: len(_watches(api)) > tries)
    answered = time.monotonic()

    _wait(lambda: following.changes == [(None, "a20")])

    assert time.monotonic() - answered < 0.5


def test_watches_that_end_at_once_are_not_opened_in_a_tight_loop(server: _Server, api: FakeApi, follow: Follow) -> None:
    server.watch_failure = Answer(chunks=[])
    following = follow(timing=Timing(first_delay=0.2, longest_delay=3))

    time.sleep(1.5)

    assert len(_watches(api)) < 15
    assert following.reflector.failure is None


def test_a_cut_watch_that_worked_is_opened_again_and_is_no_failure(
    server: _Server, api: FakeApi, follow: Follow
) -> None:
    server.cut = True
    following = follow()
    _wait(lambda: _watches(api))
    server.say("ADDED", config_map("a", 11))
    server.stream.put(_END)
    _wait(lambda: len(_watches(api)) == 2)
    server.say("ADDED", config_map("b", 12))
    _wait(lambda: len(following.calls) == 2)

    assert _watches(api)[1]["resourceVersion"] == "11"
    assert _lists(api) == 1
    assert following.health == [(True, "")]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_a_failure_but_not_a_reason_to_list(
    server: _Server, api: FakeApi, follow: Follow, status: int
) -> None:
    following = follow()
    _wait(lambda: _watches(api))
    server.watch_failure = status_answer(status, "Busy", "come back later")
    server.stream.put(_END)
    _wait(lambda: following.reflector.failure)
    assert following.reflector.failing_since == pytest.approx(time.time(), abs=5)
    server.watch_failure = None
    _wait(lambda: following.reflector.failure is None)

    assert following.reflector.failing_since is None
    assert following.health == [(True, ""), (True, "come back later"), (True, "")]
    assert _lists(api) == 1


@pytest.mark.parametrize("status", [400, 404, 500, 504])
def test_a_refused_watch_lists_anew(server: _Server, api: FakeApi, follow: Follow, status: int) -> None:
    following = follow()
    _wait(lambda: _watches(api))
    server.watch_failure = status_answer(status, "Whatever", "Too large resource version")
    server.stream.put(_END)

    _wait(lambda: _lists(api) > 1)

    server.watch_failure = None
    _wait(lambda: following.reflector.failure is None)


def test_a_refused_list_keeps_the_cache_and_is_tried_again(server: _Server, api: FakeApi, follow: Follow) -> None:
    server.listing = config_map_list(10, config_map("a", 1))
    following = follow()
    _wait(lambda: _watches(api))
    server.list_failure = server.watch_failure = status_answer(403, "Forbidden", "you may not")
    server.stream.put(_END)
    _wait(lambda: following.reflector.failure)
    assert isinstance(following.reflector.failure, KubeForbiddenError)
    assert following.reflector.synced
    assert following.reflector.get("default", "a") is not None
    server.list_failure = server.watch_failure = None

    _wait(lambda: following.reflector.failure is None)

    assert following.changes == [(None, "a1")]


def test_it_is_not_synced_before_the_first_list(server: _Server, api: FakeApi, follow: Follow) -> None:
    server.list_failure = status_answer(500, "InternalError", "etcd is away")
    following = follow()
    _wait(lambda: len(api.requests) > 3)
    assert not following.reflector.synced
    assert isinstance(following.reflector.failure, KubeUnreachableError)
    assert following.health == [(False, "etcd is away")]
    server.list_failure = None

    _wait(lambda: following.reflector.synced)

    assert following.health == [(False, "etcd is away"), (True, "")]


def test_a_server_that_asks_to_wait_is_left_alone_for_so_long(server: _Server, api: FakeApi, follow: Follow) -> None:
    server.list_failure = Answer(429, b"", {"Retry-After": "1"})
    follow(timing=Timing(first_delay=0.01, longest_delay=1.0))

    time.sleep(0.8)

    assert len(api.requests) == 1


def test_after_a_long_break_all_is_listed_anew(server: _Server, api: FakeApi, follow: Follow) -> None:
    follow(timing=Timing(first_delay=0.02, longest_delay=0.05, list_after=0.3))
    _wait(lambda: _watches(api))
    server.watch_failure = status_answer(503, "Busy", "busy")
    server.stream.put(_END)
    _wait(lambda: _lists(api) > 1)


def test_what_a_callback_raises_ends_nothing(
    server: _Server, api: FakeApi, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    server.listing = config_map_list(10, config_map("a", 1))
    seen: list[int] = []

    def broken(changes: Sequence[Change]) -> None:
        seen.append(len(changes))
        message = "a defect"
        raise RuntimeError(message)

    reflector = Reflector(api.client(), Selection(_CONFIG_MAPS), broken, lambda: None, timing=_QUICK)
    reflector.start()
    server.say("ADDED", config_map("b", 11))
    _wait(lambda: len(seen) == 2)
    reflector.stop()

    assert reflector.failure is None
    assert len(reflector.objects()) == 2
    assert "a defect" in caplog.text


def test_a_transform_that_raises_is_a_failure_and_tried_again(
    server: _Server, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    server.listing = config_map_list(10, config_map("a", 1))
    tries: list[int] = []

    def transform(each: dict[str, Any]) -> dict[str, Any]:
        tries.append(1)
        return each if len(tries) > 2 else {}[each["kind"]]

    following = follow(transform=transform)
    _wait(lambda: following.reflector.synced)

    assert following.health[0][0] is False
    assert following.changes == [(None, "a1")]
    assert "KeyError" in caplog.text


def test_managed_fields_are_dropped_by_default(server: _Server, follow: Follow) -> None:
    each = config_map("a", 1)
    each["metadata"]["managedFields"] = [{"manager": "somebody"}]
    server.listing = config_map_list(10, each)
    following = follow()
    _wait(lambda: following.reflector.synced)

    kept = following.reflector.get("default", "a")

    assert kept is not None
    assert set(kept["metadata"]) == {"namespace", "name", "uid", "resourceVersion"}


def test_stopping_is_quick_in_a_watch(server: _Server, api: FakeApi, follow: Follow) -> None:
    following = follow()
    _wait(lambda: _watches(api))
    began = time.monotonic()

    following.reflector.stop()
    following.reflector.stop()

    assert time.monotonic() - began < 2


def test_stopping_is_quick_in_a_list_and_nothing_is_told_afterwards(
    server: _Server, api: FakeApi, follow: Follow
) -> None:
    let_go = threading.Event()

    def slow(request: Request) -> Answer:
        let_go.wait(10)
        return config_map_list(10, config_map("a", 1))

    api.handler = slow
    following = follow()
    _wait(lambda: api.requests)
    began = time.monotonic()

    following.reflector.stop()

    assert time.monotonic() - began < 2
    let_go.set()
    time.sleep(0.3)
    assert following.calls == []
    assert following.health == []


def test_stopping_is_quick_while_waiting_after_a_failure(server: _Server, api: FakeApi, follow: Follow) -> None:
    server.list_failure = status_answer(404, "NotFound", "no such kind")
    following = follow(timing=Timing(longest_delay=60))
    _wait(lambda: following.reflector.failure)
    began = time.monotonic()

    following.reflector.stop()

    assert time.monotonic() - began < 2


def test_a_callback_may_stop_its_reflector(server: _Server, api: FakeApi) -> None:
    server.listing = config_map_list(10, config_map("a", 1))
    calls: list[int] = []

    def stop(changes: Sequence[Change]) -> None:
        calls.append(len(changes))
        reflector.stop()

    reflector = Reflector(api.client(), Selection(_CONFIG_MAPS), stop, lambda: calls.append(-1), timing=_QUICK)
    reflector.start()
    _wait(lambda: calls)
    time.sleep(0.2)

    assert calls == [1]


def test_a_reflector_that_never_began_can_be_stopped(api: FakeApi) -> None:
    Reflector(api.client(), Selection(_CONFIG_MAPS), lambda _: None, lambda: None).stop()
