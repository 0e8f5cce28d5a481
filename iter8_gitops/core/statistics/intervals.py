"""Intervals of real numbers that may lack a bound."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from `lower` to `upper`, both finite; None stands for no bound on that side."""

    lower: float | None = None
    upper: float | None = None

    @classmethod
    def between(cls, lower: float, upper: float) -> Interval:
        """The interval between two bounds, where an infinite one is none."""
        return cls(lower if isfinite(lower) else None, upper if isfinite(upper) else None)

    @property
    def estimable(self) -> bool:
        """Whether the interval says anything at all."""
        return self != NOT_ESTIMABLE

    def is_above(self, value: float) -> bool:
        """Whether every number in the interval is greater than `value`."""
        return self.lower is not None and self.lower > value

    def is_below(self, value: float) -> bool:
        """Whether every number in the interval is less than `value`."""
        return self.upper is not None and self.upper < value

    def times(self, factor: float) -> Interval:
        """Every number in the interval times `factor`, which may be negative but not 0."""
        lower = None if self.lower is None else self.lower * factor
        upper = None if self.upper is None else self.upper * factor
        return Interval(lower, upper) if factor > 0 else Interval(upper, lower)


NOT_ESTIMABLE = Interval()
"""The data say nothing yet: any number is possible."""
