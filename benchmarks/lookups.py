"""Lookups of our server against a peer that answers without looking anything up, in turn, whatever the transport."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks.load import Rate, Target, compare, cpu_ratio, per_second, ratio
from benchmarks.measurement import Measurement
from benchmarks.reconcile import Bench

LAUNCHES, ROUNDS = 5, 3
"""Servers are launched so often anew, because one process is faster or slower than another of its kind by up to 5%."""

_STEP = 7919
"""A prime."""

Servers: TypeAlias = Callable[[str], AbstractContextManager[Mapping[str, Target]]]
"""Runs our server on a state folder with 100 routemaps, and the peer: targets `seen`, `new` and `peer`."""


def shuffled(number: int, count: int) -> int:
    """One of `count` things for each number, all of them in turn, and none beside the one before it."""
    return number * _STEP % count


@dataclass(frozen=True, slots=True)
class Words:
    """How the rows are called: our lookups, the peer, our rate by the peer's with its bar, and what takes CPU time."""

    lookups: str
    peer: str
    ratio: str
    bar: str
    process: str


def compare_lookups(servers: Servers, connections: int, words: Words) -> list[Measurement]:
    """Lookups of users seen before, and of new ones, by the peer's answers."""
    rates: dict[str, list[Rate]] = {"seen": [], "new": [], "peer": []}
    for found in _launches(servers, connections):
        for name, some in found.items():
            rates[name] += some
    peer = rates["peer"]
    rows = [Measurement(words.peer, f"{per_second(peer):,.0f}/s")]
    for name, users in (("seen", "users seen before"), ("new", "every user new")):
        rate = rates[name]
        rows += [
            Measurement(f"{words.lookups}, {users}", f"{per_second(rate):,.0f}/s"),
            Measurement(f"{words.ratio}, {users}", f"{ratio(rate, peer):.2f}", words.bar),
            Measurement(f"  by the CPU time of the {words.process}", f"{cpu_ratio(rate, peer):.2f}"),
        ]
    return rows


def _launches(servers: Servers, connections: int) -> Iterator[Mapping[str, list[Rate]]]:
    for _ in range(LAUNCHES):
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(100, Path(folder))
            bench.deliver()
            bench.parts.board.heartbeat(time.time() + 3600)
            with servers(str(Path(folder) / "state")) as targets:
                yield compare(targets, ROUNDS, connections)
            bench.close()
