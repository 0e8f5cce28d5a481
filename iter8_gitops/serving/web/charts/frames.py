"""The part that charts over time have in common: a time axis, and where weights changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iter8_gitops.serving.web.charts.scales import Scale, Tick, time_ticks
from iter8_gitops.serving.web.wording import short_span
from iter8_gitops.spec.metric import EpochWeights

WIDTH, HEIGHT = 640.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 60.0, 16.0, 22.0, 28.0
_LABEL_WIDTH = 64.0
"""What the label of a change of weights may take."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """An axis from `started` (seconds since 1970) on. `changes` are the weights that began to be in force."""

    started: float
    scale: Scale
    ticks: tuple[Tick, ...]
    changes: tuple[Tick, ...]

    def at(self, when: float) -> float:
        """The position of a moment."""
        return self.scale.at(when - self.started)


def time_axis(started: float, ended: float, epochs: Sequence[EpochWeights]) -> TimeAxis:
    """The axis of an experiment, with ticks that say how long after its start they are."""
    length = max(ended - started, 1.0)
    scale = Scale(0.0, length, LEFT, WIDTH - RIGHT)
    ticks = tuple(Tick(scale.at(mark), short_span(mark)) for mark in time_ticks(length))
    return TimeAxis(started, scale, ticks, _changes(scale, started, epochs))


def _changes(scale: Scale, started: float, epochs: Sequence[EpochWeights]) -> tuple[Tick, ...]:
    """A label is left out where the next one would lie over it."""
    found: list[Tick] = []
    free = scale.end + _LABEL_WIDTH
    for epoch in reversed(epochs):
        at = scale.at(epoch.epoch - started)
        label = " / ".join(str(weight) for weight in epoch.weights)
        shown = at + _LABEL_WIDTH <= free
        found.append(Tick(at, label if shown else ""))
        free = at if shown else free
    return tuple(reversed(found))
