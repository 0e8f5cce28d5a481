"""How soon lookups over HTTP see an edited file, with few and with many routemaps: `iter8-gitops up` on a directory."""

from __future__ import annotations

import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path

import httpx

from benchmarks.measurement import Measurement
from benchmarks.shops import application, write_shop
from tests.e2e.system import System, eventually

FEW, MANY = 100, 10_000
CHANGES = 90
_STAGGER_SECONDS = 0.037
"""Edits must not keep step with the clocks of those who wait for them."""


def measure() -> list[Measurement]:
    seen = {count: sorted(_seen(count)) for count in (FEW, MANY)}
    few, many = (statistics.median(seen[count]) for count in (FEW, MANY))
    late = statistics.quantiles(seen[MANY], n=100)[-1]
    return [
        Measurement(f"an edited file seen by lookups, {FEW} routemaps, median", f"{few * 1000:.0f} ms"),
        Measurement(f"an edited file seen by lookups, {MANY:,} routemaps, median", f"{many * 1000:.0f} ms"),
        Measurement(f"an edited file seen by lookups, {MANY:,} routemaps, p99", f"{late * 1000:.0f} ms", "< 1 s"),
        Measurement(f"edit seen by lookups at {MANY:,} routemaps / at {FEW}", f"{many / few:.2f}", "<= 1.5"),
    ]


def _seen(count: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "routemaps"
        files.mkdir()
        for number in range(count):
            write_shop(files, number)
        system = System(files, Path(folder) / "state")
        try:
            eventually(lambda: _published(system) == count, f"{count} routemaps; see {system.log}", 300)
            time.sleep(2)
            return [_change(system, files, number) for number in range(CHANGES)]
        finally:
            system.stop()


def users_of_primary(system: System, of: str, count: int = 4) -> list[str]:
    """Users who are given the primary now, so that no other answer is one by chance."""
    users = (f"user-{each}" for each in range(1000))
    return list(islice((user for user in users if system.versions_of(of, [user]) == [0]), count))


def _published(system: System) -> int:
    answer = system.http.get("/v1/routemaps")
    return len(answer.json()["routemaps"]) if answer.status_code == httpx.codes.OK else 0


def _change(system: System, files: Path, number: int) -> float:
    """Seconds from an edit that takes all weight from the primary until every lookup says so."""
    users = users_of_primary(system, application(number))
    time.sleep(number % 7 * _STAGGER_SECONDS)
    write_shop(files, number, weight=0)
    began = time.perf_counter()
    while set(system.versions_of(application(number), users)) != {1}:
        assert time.perf_counter() - began < 60, "the change is not seen"
    return time.perf_counter() - began
