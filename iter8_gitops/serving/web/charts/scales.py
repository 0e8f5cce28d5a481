"""From values to positions, and where an axis has its ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_FINEST = 1e-9
"""A shorter part of a number than this makes no axis: its digits would run out."""

_SPANS = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10800, 21600, 43200),
    *(86400, 172800, 432000, 604800, 1209600, 2419200),
)
"""Seconds that people count time by."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` lie between the positions `start` and `end`; those beyond are put at the edge."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The position of a value, to a tenth of a unit."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


def round_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, roughly `about` of them."""
    if high - low <= _FINEST * max(abs(low), abs(high)):
        return [low]
    step = _round_up((high - low) / about)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def time_ticks(seconds: float, about: int = 6) -> list[float]:
    """Seconds from 0 on that people would mark on an axis of that length."""
    wanted = max(seconds, 1.0) / about
    step = next((span for span in _SPANS if span >= wanted), None)
    if step is None:
        step = math.ceil(wanted / _SPANS[-1]) * _SPANS[-1]
    return [float(mark) for mark in range(0, int(seconds) + 1, step)]


def path(points: Iterable[tuple[float, float]]) -> str:
    """The points of a polyline or polygon."""
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _round_up(step: float) -> float:
    size = 10.0 ** math.floor(math.log10(step))
    return next(size * each for each in _ROUND if size * each >= step * (1 - 1e-9))
