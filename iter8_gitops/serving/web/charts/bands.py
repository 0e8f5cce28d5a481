"""The interval of a lift over time: a confidence sequence that closes in on the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iter8_gitops.serving.web.charts.frames import BOTTOM, HEIGHT, TOP, TimeAxis, time_axis
from iter8_gitops.serving.web.charts.scales import Scale, Tick, path, round_ticks
from iter8_gitops.serving.web.wording import signed_percent
from iter8_gitops.spec.metric import EpochWeights
from iter8_gitops.spec.trend import LiftPoint, TrendPoint

_LATE = 0.5
"""The part of the points that must fit whole: the first intervals are so wide that all others would be a line."""

_LEAST = 0.005
"""The lift that is always in the picture."""


@dataclass(frozen=True, slots=True)
class BandChart:
    """One candidate against the primary, in one metric. `zero` and `margins` are heights of lines across."""

    version: int
    time: TimeAxis
    ticks: tuple[Tick, ...]
    band: str
    estimate: str
    zero: float
    margins: tuple[float, ...]


def band_chart(
    metric: str,
    version: int,
    started: float,
    points: Sequence[TrendPoint],
    epochs: Sequence[EpochWeights],
    margins: Sequence[float] = (),
) -> BandChart | None:
    """None while there are not two looks with an interval. `margins` are lifts that matter, to be marked."""
    seen = [(point.at, lift) for point in points if (lift := _lift(point, metric, version)) is not None]
    if len(seen) < 2:
        return None
    axis = time_axis(started, points[-1].at, epochs)
    reach = _reach([lift for _, lift in seen], margins)
    scale = Scale(-reach, reach, HEIGHT - BOTTOM, TOP)
    upper = [(axis.at(at), scale.at(reach if lift.upper is None else lift.upper)) for at, lift in seen]
    lower = [(axis.at(at), scale.at(-reach if lift.lower is None else lift.lower)) for at, lift in seen]
    estimates = [(axis.at(at), scale.at(lift.lift)) for at, lift in seen if lift.lift is not None]
    return BandChart(
        version,
        axis,
        tuple(Tick(scale.at(value), signed_percent(value)) for value in round_ticks(-reach, reach, 4)),
        path([*upper, *reversed(lower)]),
        path(estimates),
        scale.at(0.0),
        tuple(scale.at(margin) for margin in margins if abs(margin) < reach),
    )


def _lift(point: TrendPoint, metric: str, version: int) -> LiftPoint | None:
    """What was known at a look; None while nothing at all could be said."""
    found = next((each for each in point.lifts if each.metric == metric and each.version == version), None)
    return None if found is None or (found.lower is None and found.upper is None) else found


def _reach(lifts: Sequence[LiftPoint], margins: Sequence[float]) -> float:
    """How far from 0 the picture goes, on either side."""
    late = lifts[int(len(lifts) * _LATE) :]
    bounds = [abs(bound) for lift in late for bound in (lift.lower, lift.upper, lift.lift) if bound is not None]
    return max([*bounds, *(1.2 * abs(margin) for margin in margins), _LEAST]) * 1.1
