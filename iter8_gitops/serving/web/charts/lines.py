"""How many users came to each version, over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iter8_gitops.serving.web.charts.frames import BOTTOM, HEIGHT, TOP, TimeAxis, time_axis
from iter8_gitops.serving.web.charts.scales import Scale, Tick, path, round_ticks
from iter8_gitops.serving.web.wording import short_count
from iter8_gitops.spec.metric import EpochWeights
from iter8_gitops.spec.trend import TrendPoint


@dataclass(frozen=True, slots=True)
class Line:
    """One version: its polyline, where that ends, and how many users it stands for there."""

    version: int
    points: str
    end: tuple[float, float]
    last: int


@dataclass(frozen=True, slots=True)
class UsersChart:
    """Users per version, who came to it first, against the time since the experiment began."""

    time: TimeAxis
    ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]


def users_chart(started: float, points: Sequence[TrendPoint], epochs: Sequence[EpochWeights]) -> UsersChart | None:
    """None while there are not two points that a line could join, or nobody came."""
    most = max((max(point.users, default=0) for point in points), default=0)
    if len(points) < 2 or not most:
        return None
    axis = time_axis(started, points[-1].at, epochs)
    scale = Scale(0.0, most * 1.05, HEIGHT - BOTTOM, TOP)
    versions = range(max(len(point.users) for point in points))
    return UsersChart(
        axis,
        tuple(Tick(scale.at(value), short_count(value)) for value in round_ticks(0.0, most * 1.05, 4)),
        tuple(_line(axis, scale, points, version) for version in versions),
    )


def _line(axis: TimeAxis, scale: Scale, points: Sequence[TrendPoint], version: int) -> Line:
    counts = [(point.at, point.users[version]) for point in points if version < len(point.users)]
    places = [(axis.at(at), scale.at(count)) for at, count in counts]
    return Line(version, path(places), places[-1], counts[-1][1])
