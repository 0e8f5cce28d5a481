"""The interval of each lift in one metric, side by side on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iter8_gitops.core.analysis.values import Comparison
from iter8_gitops.serving.web.charts.scales import Scale

WIDTH, HEIGHT = 240.0, 24.0
_FARTHEST = 1.0
"""A lift beyond 100% is put at the edge: an early interval may go anywhere."""


@dataclass(frozen=True, slots=True)
class IntervalBar:
    """From `start` to `end`, with the estimate at `middle` (None when there is none), and 0 at `zero`.

    `open_start` and `open_end` say that it goes on beyond the picture; `margins` are where a change begins to matter.
    """

    start: float
    end: float
    middle: float | None
    zero: float
    margins: tuple[float, ...]
    open_start: bool
    open_end: bool


def interval_bars(comparisons: Mapping[int, Comparison], margins: Sequence[float]) -> dict[int, IntervalBar]:
    """The bars by version; those of which nothing can be said are left out."""
    shown = {version: each for version, each in comparisons.items() if each.lift_interval.estimable}
    bounds = [
        abs(bound)
        for each in shown.values()
        for bound in (each.lift_interval.lower, each.lift_interval.upper)
        if bound is not None
    ]
    reach = min(max([*bounds, *(2 * abs(margin) for margin in margins), 0.01]) * 1.1, _FARTHEST)
    scale = Scale(-reach, reach, 0.0, WIDTH)
    return {version: _bar(scale, reach, each, margins) for version, each in shown.items()}


def _bar(scale: Scale, reach: float, comparison: Comparison, margins: Sequence[float]) -> IntervalBar:
    lower, upper = comparison.lift_interval.lower, comparison.lift_interval.upper
    open_start, open_end = lower is None or lower < -reach, upper is None or upper > reach
    return IntervalBar(
        scale.at(-reach if lower is None else lower),
        scale.at(reach if upper is None else upper),
        None if comparison.lift is None else scale.at(comparison.lift),
        scale.at(0.0),
        tuple(scale.at(margin) for margin in margins if abs(margin) < reach),
        open_start,
        open_end,
    )
