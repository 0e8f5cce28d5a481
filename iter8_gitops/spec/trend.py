"""How an experiment stood at some moment: few enough numbers to be kept for ever, and enough to draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiftPoint:
    """A candidate against the primary, in one declared metric.

    Lifts are shares of the size of the primary's mean: 0.02 is 2% more. `lower` and `upper` bound the confidence
    sequence; None stands for what cannot be told, and for no bound.
    """

    metric: str
    version: int
    lift: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """An experiment `at` some moment (seconds since 1970).

    `users` are those who came to each version first, by index. `verdict` is its name (`VerdictName`). `lifts` are
    those that could be told: by metric as declared, then by version.
    """

    at: float
    users: tuple[int, ...]
    verdict: str
    lifts: tuple[LiftPoint, ...]
