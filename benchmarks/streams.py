"""Experiments replayed through the HTTP API of `iter8-gitops up`, with a look at the analysis after every 200 users.

`python -m benchmarks streams` takes a quarter of an hour. ITER8_BENCH_STREAMS asks for another number of streams per
metric and plan.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.aa_scenarios import KINDS, PLANS, scenario
from benchmarks.measurement import Measurement
from benchmarks.replay import Replay, Stream
from tests.e2e.system import System

STREAMS = int(os.environ.get("ITER8_BENCH_STREAMS", "40"))
LOOK_EVERY = 200
EFFECTS = {"revenue": 1.0, "conversions": 0.5, "ratio": 0.2}
"""What the candidate adds in A/B streams, as a share, at a split of 50/50."""


def measure() -> list[Measurement]:
    rows: list[Measurement] = []
    invalid = played = 0
    with running() as replay:
        for plan in PLANS:
            streams = [Stream(scenario(metric, plan), number) for metric in KINDS for number in range(STREAMS)]
            replay.play(streams, LOOK_EVERY)
            rows += _errors(plan, streams)
            invalid += sum("invalid" in stream.verdicts for stream in streams)
            played += len(streams)
        rows.append(Measurement(f"A/A streams over HTTP ever called invalid, of {played}", f"{invalid}", "<= 1"))
        for metric, effect in EFFECTS.items():
            streams = [Stream(scenario(metric, "50/50", effect), STREAMS + number) for number in range(STREAMS)]
            replay.play(streams, LOOK_EVERY)
            what = f"A/B streams over HTTP, {metric} +{effect:.0%}: the winner is found, of {STREAMS}"
            rows.append(Measurement(what, _share("winner" in stream.verdicts for stream in streams), ">= 80%"))
    return rows


def _errors(plan: str, streams: Sequence[Stream]) -> list[Measurement]:
    found = [
        Measurement(
            f"A/A streams over HTTP, {plan}: a difference is ever named, of {len(streams)}",
            _share(stream.differs for stream in streams),
            "<= 5%",
        )
    ]
    for metric in KINDS:
        some = [stream for stream in streams if stream.metric == metric]
        found.append(Measurement(f"  {metric}", _share(stream.differs for stream in some)))
    return [*found, Measurement("  by a flat prior", _share(stream.flat_prior for stream in streams))]


def _share(told: Iterator[bool]) -> str:
    each = list(told)
    return f"{sum(each) / len(each):.1%}"


@contextmanager
def running() -> Iterator[Replay]:
    """A system of its own, with one worker, so that streams give the same verdicts every time."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "tree"
        folder.mkdir()
        system = System(folder, Path(temporary) / "state", "--workers", "1")
        try:
            system.ready()
            replay = Replay(system, folder)
            yield replay
            replay.close()
        finally:
            system.stop()
