"""An experiment over time: what was known of it at one look after the other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiftPoint:
    """A candidate (by its index) against the primary in one metric, as shares: 0.02 is 2% more; None is no bound."""

    metric: str
    version: int
    lift: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A look `at` (seconds since 1970). `users` came to each version first; `verdict` is the name of the verdict."""

    at: float
    users: tuple[int, ...]
    verdict: str
    lifts: tuple[LiftPoint, ...]
