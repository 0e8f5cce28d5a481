"""How the values of one metric are distributed among the users of each version."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from iter8_gitops.core.statistics.quantiles import quantile
from iter8_gitops.serving.web.charts.scales import Scale, Tick, round_ticks
from iter8_gitops.serving.web.wording import short_number
from iter8_gitops.spec.metric import VersionMetric

WIDTH, HEIGHT, BASE = 300.0, 76.0, 56.0
_BINS = 24
_TAIL = 0.005
"""The share of users on either side who are counted in the outermost bins."""

Counts = Sequence[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bin."""

    left: float
    width: float
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """One version; all versions of a metric share the axis and the height of a share of users."""

    version: int
    users: int
    bars: tuple[Bar, ...]
    median: float | None
    ticks: tuple[Tick, ...]


def histograms(versions: Sequence[VersionMetric]) -> tuple[Histogram, ...]:
    """The sums of users, over all epochs of each version's content; nothing where all users have the same."""
    told = [each for each in versions if each.over_users.counts]
    low, high = _range([each.over_users.counts for each in told])
    if not high > low:
        return ()
    scale = Scale(low, high, 0.0, WIDTH)
    shares = [_shares(each.over_users.counts, low, high) for each in told]
    tallest = max(max(each) for each in shares)
    ticks = tuple(Tick(scale.at(value), short_number(value)) for value in round_ticks(low, high, 4))
    return tuple(_histogram(each, share, scale, tallest, ticks) for each, share in zip(told, shares, strict=True))


def _histogram(
    metric: VersionMetric, shares: Sequence[float], scale: Scale, tallest: float, ticks: tuple[Tick, ...]
) -> Histogram:
    width = WIDTH / _BINS
    heights = [round(share / tallest * BASE, 1) for share in shares]
    bars = tuple(
        Bar(round(index * width, 1), round(width - 1, 1), round(BASE - height, 1), height)
        for index, height in enumerate(heights)
        if height
    )
    middle = quantile(metric.over_users.counts, 0.5)
    return Histogram(
        metric.version, metric.over_users.summary.count, bars, None if middle is None else scale.at(middle), ticks
    )


def _range(each: Sequence[Counts]) -> tuple[float, float]:
    ends = [(quantile(counts, _TAIL) or 0.0, quantile(counts, 1 - _TAIL) or 0.0) for counts in each]
    return min((low for low, _ in ends), default=0.0), max((high for _, high in ends), default=0.0)


def _shares(counts: Counts, low: float, high: float) -> list[float]:
    edges = [low + (high - low) * index / _BINS for index in range(1, _BINS)]
    found = [0.0] * _BINS
    for value, count in counts:
        found[bisect_right(edges, value)] += count
    total = sum(found)
    return [each / total for each in found]
