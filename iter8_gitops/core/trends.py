"""How an experiment went over time: few looks, evenly spread over however long it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.spec.trend import LiftPoint, TrendPoint

FINEST = 10.0
"""Seconds between two looks at a young experiment."""

MOST = 200
"""Looks that are kept of an experiment, but for one or two at its ends."""


def point_of(analysis: Analysis, at: float) -> TrendPoint:
    """What a look `at` (seconds since 1970) shows of the declared metrics of an experiment."""
    lifts = (
        LiftPoint(metric.name, each.version, found.lift, found.lift_interval.lower, found.lift_interval.upper)
        for metric in analysis.metrics
        if metric.role != "described"
        for each in metric.versions
        if (found := each.comparison) is not None
    )
    return TrendPoint(at, analysis.sample_ratio.newcomers, analysis.verdict.name, tuple(lifts))


def spacing(elapsed: float) -> float:
    """Seconds between two looks: doubled as often as `MOST` of them need to cover `elapsed` seconds."""
    seconds = FINEST
    while elapsed > seconds * MOST:
        seconds *= 2.0
    return seconds


def is_due(last: float | None, started: float, now: float) -> bool:
    """Whether an experiment that `started` is to be looked at again `now`, after the `last` look (None: none yet)."""
    return last is None or now - last >= spacing(now - started)


def thinned(points: Sequence[TrendPoint], started: float) -> tuple[TrendPoint, ...]:
    """The points that are kept, of ascending ones: the first within each span of the spacing, and the newest."""
    if not points:
        return ()
    seconds = spacing(points[-1].at - started)
    first_of_span = {floor((point.at - started) / seconds): point for point in reversed(points)}
    kept = sorted(first_of_span.values(), key=lambda point: point.at)
    return tuple(kept if kept[-1].at == points[-1].at else [*kept, points[-1]])
