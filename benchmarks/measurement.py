"""One line of the table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured, what came out, and the bar it is held to ("" when there is none)."""

    what: str
    value: str
    bar: str = ""


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, in seconds of the wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median of `repeats` runs."""
    return statistics.median(seconds(work) for _ in range(repeats))
