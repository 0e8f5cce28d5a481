"""Who records how experiments go, when, and what cannot stop it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from iter8_gitops.board.lock import FileLock
from iter8_gitops.core.analysis.values import Analysis, SampleRatioResult, Verdict
from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.trends import TrendStore
from iter8_gitops.serving.trends import BUDGET, FAILED_SECONDS, TrendRecorder
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.testing.waiting import eventually

START = 1_000_000
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")


@dataclass
class Scene:
    """A board, a recorder of it, and an analyst who notes what is asked and takes as long as a test says."""

    folder: Path
    snapshot: Snapshot
    now: float = START + 5.0
    takes: float = 0.0
    watch: float = 0.0
    asked: list[str] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = TrendStore(self.folder / "trends.db")
        self.recorder = self.another()

    def another(self) -> TrendRecorder:
        lock = self.folder / "trends.lock"
        return TrendRecorder(self, self.analyse, self.store, lock, lambda: self.now, lambda: self.watch)

    def analyse(self, state: RoutemapState) -> Analysis:
        self.asked.append(state.application)
        self.watch += self.takes
        if state.application in self.fails:
            raise self.fails[state.application]
        verdict = Verdict("keep_going", (), "not yet")
        return Analysis(state.experiment, 5.0, verdict, (), SampleRatioResult("ok", 0.0, (1, 2), (1.5, 1.5)), ())

    def look(self, *moments: float) -> None:
        """At moments after the start."""
        for moment in moments:
            self.now = START + moment
            self.recorder.look()

    def recorded(self, application: str) -> list[float]:
        return [point.at - START for point in self.store.read(application, START)]


def is_free(path: Path) -> bool:
    """Whether nobody holds a lock."""
    lock = FileLock(path)
    taken = lock.take()
    lock.release()
    return taken


@pytest.fixture
def running(make_state: Any, make_snapshot: Any) -> Callable[..., Snapshot]:
    """A board with so many experiments, `shop/w0` and so on."""

    def make(count: int, experiment: int = START) -> Snapshot:
        states = [replace(make_state(f"shop/w{number}"), experiment=experiment) for number in range(count)]
        snapshot: Snapshot = make_snapshot(*states)
        return snapshot

    return make


@pytest.fixture
def scene(tmp_path: Path, running: Callable[..., Snapshot]) -> Iterator[Scene]:
    """With one experiment."""
    scene = Scene(tmp_path / "state", running(1))
    yield scene
    scene.recorder.stop()


def test_an_experiment_is_looked_at_every_ten_seconds_when_it_is_young(scene: Scene) -> None:
    scene.look(0.0, 5.0, 10.0, 19.9, 20.5, 30.5)
    assert scene.recorded("shop/w0") == [0.0, 10.0, 20.5, 30.5]
    assert len(scene.asked) == 4


def test_a_long_experiment_is_looked_at_more_seldom(scene: Scene) -> None:
    scene.look(*(10.0 * number for number in range(600)))
    found = scene.recorded("shop/w0")
    assert found[0] == 0.0
    assert all(40.0 <= after - before < 80.0 for before, after in pairwise(found))
    assert 340 <= len(scene.asked) <= 350


def test_only_applications_with_an_available_candidate_are_recorded(
    scene: Scene, make_state: Any, make_snapshot: Any
) -> None:
    scene.snapshot = make_snapshot(make_state("shop/alone", (1,), ("aaaa",)), make_state("shop/away", (1, 0)))
    scene.look(0.0, 10.0)
    assert scene.asked == []
    assert not scene.store.spans()


def test_a_new_experiment_begins_anew(scene: Scene, running: Callable[..., Snapshot]) -> None:
    scene.look(0.0, 10.0)
    scene.snapshot = running(1, START + 12)
    scene.look(13.0)
    assert scene.recorded("shop/w0") == [0.0, 10.0]
    assert [point.at - START for point in scene.store.read("shop/w0", START + 12)] == [13.0]


def test_a_round_ends_with_its_budget_and_the_next_ones_begin_with_those_that_wait_longest(
    scene: Scene, running: Callable[..., Snapshot]
) -> None:
    scene.snapshot = running(5)
    scene.takes = BUDGET / 2
    scene.look(0.0, 10.0, 20.0)
    assert scene.asked == ["shop/w0", "shop/w1", "shop/w2", "shop/w3", "shop/w4", "shop/w0"]
    scene.look(30.0, 40.0)
    assert scene.asked[6:] == ["shop/w1", "shop/w2", "shop/w3", "shop/w0"]
    assert scene.recorded("shop/w3") == [10.0, 40.0]


def test_a_clock_that_was_set_back_does_not_stop_the_recording(scene: Scene) -> None:
    scene.look(0.0, 10.0, 900.0, 25.0, 35.0)
    assert scene.recorded("shop/w0") == [0.0, 10.0, 25.0, 35.0]


@pytest.mark.parametrize("failure", [UnavailableError("the disk is full"), ZeroDivisionError("a defect")])
def test_an_application_that_fails_costs_no_other_and_is_told_once_and_tried_again(
    scene: Scene, running: Callable[..., Snapshot], failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scene.snapshot = running(3)
    scene.fails["shop/w0"] = failure
    scene.look(*(10.0 * number for number in range(20)))
    assert len(scene.recorded("shop/w1")) == len(scene.recorded("shop/w2")) == 20
    assert scene.recorded("shop/w0") == []
    assert scene.asked.count("shop/w0") == 1 + 190 // FAILED_SECONDS
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith("shop/w0: ")
    assert str(failure) in warnings[0]

    scene.fails.clear()
    scene.look(300.0)
    assert scene.recorded("shop/w0") == [300.0]
    assert caplog.messages[-1] == "how experiments go is recorded again"


def test_a_store_that_is_away_for_all_is_told_once(
    scene: Scene, running: Callable[..., Snapshot], caplog: pytest.LogCaptureFixture
) -> None:
    scene.snapshot = running(50)
    scene.fails = {f"shop/w{number}": UnavailableError("the disk is full") for number in range(50)}
    scene.look(0.0, 10.0, 70.0)
    assert len(scene.asked) == 100
    assert [each for each in caplog.messages if "disk is full" in each] == [
        "shop/w0: how experiments go is not recorded: the disk is full"
    ]


def test_a_damaged_file_is_told_once_and_used_again_when_it_is_gone(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    path = scene.folder / "trends.db"
    scene.folder.mkdir()
    path.write_bytes(b"no database" * 100)
    scene.look(0.0, 10.0, 70.0, 140.0)
    assert [each for each in caplog.messages if "trends.db" in each] == [
        "how experiments go is not recorded: the trends in trends.db cannot be used now: file is not a database"
    ]
    path.unlink()
    scene.look(210.0)
    assert scene.recorded("shop/w0") == [210.0]

    path.write_bytes(b"no database" * 100)
    scene.look(220.0)
    assert len([each for each in caplog.messages if "trends.db" in each]) == 2


def test_a_folder_that_cannot_be_used_is_told(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.folder.write_text("a file")
    scene.look(0.0, 70.0)
    assert len([each for each in caplog.messages if "is not recorded" in each]) == 1


def test_of_two_recorders_one_records_until_it_stops(scene: Scene) -> None:
    other = scene.another()
    scene.look(0.0)
    scene.now = START + 10.0
    other.look()
    assert scene.recorded("shop/w0") == [0.0]

    scene.recorder.stop()
    other.look()
    assert scene.recorded("shop/w0") == [0.0, 10.0]
    scene.look(20.0)
    assert scene.recorded("shop/w0") == [0.0, 10.0]
    other.stop()


def test_a_recorder_that_is_stopped_in_a_round_keeps_what_it_has(
    scene: Scene, running: Callable[..., Snapshot]
) -> None:
    scene.snapshot = running(100)
    begun, go_on = threading.Event(), threading.Event()
    analyse = scene.analyse

    def held(state: RoutemapState) -> Analysis:
        if len(scene.asked) == 2:
            begun.set()
            assert go_on.wait(20)
        return analyse(state)

    scene.analyse = held  # type: ignore[method-assign]
    recorder = scene.another()
    recorder.start()
    assert begun.wait(20)
    stopping = threading.Thread(target=recorder.stop)
    stopping.start()
    assert recorder._stopped.wait(20)
    go_on.set()
    stopping.join(20)
    assert sorted(scene.store.spans()) == [(f"shop/w{number}", START) for number in (0, 1, 10)]
    assert not any(thread.name == "trend-recorder" for thread in threading.enumerate())
    assert is_free(scene.folder / "trends.lock")


def test_stopping_does_not_wait_for_a_store_that_does_not_answer(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iter8_gitops.serving.trends._STOP_SECONDS", 0.01)
    begun, go_on = threading.Event(), threading.Event()

    def hang(_state: RoutemapState) -> Analysis:
        begun.set()
        go_on.wait(20)
        raise UnavailableError("no answer")

    scene.analyse = hang  # type: ignore[method-assign, assignment]
    recorder = scene.another()
    recorder.start()
    assert begun.wait(20)
    recorder.stop()
    assert not is_free(scene.folder / "trends.lock")
    go_on.set()
    thread = recorder._thread
    assert thread is not None
    thread.join(20)
    recorder.stop()
    assert is_free(scene.folder / "trends.lock")


@LINUX
@pytest.mark.slow
def test_one_of_two_workers_records_and_the_other_takes_over_when_it_is_killed(
    start: Any, state: StateFolder, wait_until_ready: Any
) -> None:
    server = start("serve_http", state, http_port=0, workers=2)
    wait_until_ready(server)
    key = ("prod/backend", 0)
    store = TrendStore(state.trends)

    eventually(lambda: key in store.spans())
    recorder = int(state.trends_lock.read_text())
    assert recorder in server.children()
    assert set(store.spans()) == {key}
    assert server.log.read_text().count("records how experiments go") == 1

    os.kill(recorder, signal.SIGKILL)
    first = store.spans()[key].last
    eventually(lambda: store.spans()[key].last > first, 60)
    successor = int(state.trends_lock.read_text())
    assert successor != recorder
    assert successor in server.children()
    assert server.log.read_text().count("records how experiments go") == 2

    points = httpx.get(f"{server.url}/v1/routemaps/prod/backend/trend").json()["points"]
    recorded = store.read(*key)
    assert all(after.at - before.at >= 10.0 for before, after in pairwise(recorded))
    assert len(points) == len(recorded) + 1
    assert server.stop() == 0
    assert is_free(state.trends_lock)


@LINUX
@pytest.mark.slow
def test_a_server_that_follows_another_records_in_a_folder_of_its_own(
    start: Any, state: StateFolder, http: Any, tmp_path: Path, wait_until_ready: Any
) -> None:
    own = StateFolder(tmp_path / "follower")
    follower = start("serve_http", own, http_port=0, workers=1, board=http.url)
    wait_until_ready(follower)
    eventually(lambda: ("prod/backend", 0) in TrendStore(own.trends).spans(), 60)
    answer = httpx.get(f"{follower.url}/v1/routemaps/prod/backend/trend")
    assert answer.status_code == 200
    assert [point["verdict"] for point in answer.json()["points"]] == ["not_enough_data"] * 2
