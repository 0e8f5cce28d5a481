"""Which moments of an experiment are kept: evenly spread ones, and never many, however long it lasts."""

from __future__ import annotations

from collections.abc import Sequence

from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.spec.trend import LiftPoint, TrendPoint

SHORTEST = 10.0
"""Seconds between points of an experiment that has just begun."""

MAX_POINTS = 200
"""Of an experiment."""


def point_of(analysis: Analysis, at: float) -> TrendPoint:
    """What is kept of an analysis that was made `at` (seconds since 1970)."""
    return TrendPoint(
        at,
        analysis.sample_ratio.newcomers,
        analysis.verdict.name,
        tuple(
            LiftPoint(metric.name, version.version, found.lift, found.lift_interval.lower, found.lift_interval.upper)
            for metric in analysis.metrics
            if metric.role != "described"
            for version in metric.versions
            if (found := version.comparison) is not None
        ),
    )


def spacing(elapsed: float) -> float:
    """The least seconds between points that cover `elapsed` seconds.

    The smallest doubling of `SHORTEST` with which `MAX_POINTS` of them suffice.
    """
    seconds = SHORTEST
    while elapsed > (MAX_POINTS - 1) * seconds:
        seconds *= 2.0
    return seconds


def is_due(first: float, last: float, now: float) -> bool:
    """Whether there is room for a point `now`, after others from `first` to `last` (all in seconds since 1970).

    A clock that was set back makes room: what it had written before is wrong.
    """
    return now < last or now - last >= spacing(now - first)


def thinned(moments: Sequence[float]) -> tuple[float, ...]:
    """Those of the ascending `moments` (in seconds) to keep: at most `MAX_POINTS`, with the first and the last.

    Neighbours are a `spacing` apart at least, but for the last, which may be nearer. Where they were less than two
    spacings apart, they are less than two of the new ones apart: gaps of one are joined until they reach a new one.
    """
    if not moments:
        return ()
    least = spacing(moments[-1] - moments[0])
    kept = [moments[0]]
    for moment in moments[1:]:
        if moment - kept[-1] >= least:
            kept.append(moment)
    return tuple(kept) if kept[-1] == moments[-1] else (*kept, moments[-1])
