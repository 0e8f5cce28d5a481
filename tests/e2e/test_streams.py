"""Experiments through the real HTTP API, looked at after every batch: a part of `python -m benchmarks streams`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.aa_scenarios import KINDS, scenario
from benchmarks.aa_simulation import Scenario
from benchmarks.replay import Replay, Stream
from benchmarks.streams import EFFECTS
from tests.e2e.system import System

pytestmark = pytest.mark.slow
STREAMS = 14
SHORTER = 0.4
LOOK_EVERY = 200


@pytest.fixture
def replay(up: Callable[..., System], tmp_path: Path) -> Iterator[Replay]:
    """On a system with one worker, so that streams always give the same verdicts."""
    folder = tmp_path / "tree"
    folder.mkdir()
    replay = Replay(up(folder, "--workers", "1"), folder)
    yield replay
    replay.close()


def shorter(one: Scenario) -> Scenario:
    return replace(one, stages=tuple(replace(stage, users=round(stage.users * SHORTER)) for stage in one.stages))


@pytest.mark.parametrize("plan", ["50/50", "90/10", "98/2", "ramp with drift", "ramp, half return"])
def test_versions_that_do_not_differ_are_hardly_ever_said_to(plan: str, replay: Replay) -> None:
    streams = [Stream(shorter(scenario(metric, plan)), number) for metric in KINDS for number in range(STREAMS)]
    replay.play(streams, LOOK_EVERY)
    most = 0.05 * len(streams)
    assert all("keep_going" in stream.verdicts for stream in streams), "some were never judged"
    assert not any("invalid" in stream.verdicts for stream in streams)
    assert sum(stream.differs for stream in streams) <= most
    assert sum(stream.flat_prior for stream in streams) > most, "this check would not catch a broken method"


def test_a_version_that_is_better_wins_whatever_is_measured(replay: Replay) -> None:
    streams = [Stream(scenario(metric, "50/50", EFFECTS[metric]), number) for metric in KINDS for number in range(4)]
    replay.play(streams, LOOK_EVERY)
    assert all("winner" in stream.verdicts for stream in streams)
    assert not any(stream.verdicts & {"loser", "invalid"} for stream in streams)
