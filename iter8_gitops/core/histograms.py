"""Counting values: 1%-wide buckets for storing many, ten equal bins for showing them.

Buckets are those of a logarithmic sketch with relative accuracy a = 1% (Masson, Rim and Lee, "DDSketch",
VLDB 12(12), 2019): gamma = (1 + a)/(1 - a), and bucket i holds the magnitudes in (gamma^(i-1), gamma^i].
Positive and negative numbers have their own side; 0 has its own bucket. Unlike other sketches it can
forget: taking a value out lowers the count of its bucket, which is what a user's growing total needs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, log

RELATIVE_ACCURACY = 0.01
GAMMA = (1 + RELATIVE_ACCURACY) / (1 - RELATIVE_ACCURACY)
BINS = 10
_MIDDLE = 2 / (GAMMA + 1)
_LOG_GAMMA = log(GAMMA)
_PLAIN_DIGITS = 21


def quantize(value: float) -> float:
    """The number that stands for every value in the bucket of `value`, at most 1% away from it.

    `value` is 0, or of a magnitude between 1e-300 and 1e300.
    """
    if value == 0.0:
        return 0.0
    middle: float = _MIDDLE * GAMMA ** ceil(log(abs(value)) / _LOG_GAMMA)
    return middle if value > 0.0 else -middle


@dataclass(frozen=True, slots=True)
class Bins:
    """Ten equal bins from a smallest to a largest value, or a single one when these are the same.

    `labels` has one text per bin, `inner` the bounds between them (ascending; a value on a bound
    belongs to the bin above it, and the largest value to the last bin).
    """

    labels: tuple[str, ...]
    inner: tuple[float, ...]

    @classmethod
    def between(cls, minimum: float, maximum: float) -> Bins:
        """The bins from `minimum` to `maximum`, finite and in this order.

        The bounds are computed from the decimals that people see: the third bound of 0..1 is 0.3, and
        not the nearest product of doubles below or above it.
        """
        low, high = _as_decimal(minimum), _as_decimal(maximum)
        if low >= high:
            return cls((f"{_floored(low)} - {_floored(low)}",), ())
        bounds = [low + (high - low) * index / BINS for index in range(BINS + 1)]
        labels = (f"{_floored(bounds[i])} - {_floored(bounds[i + 1])}" for i in range(BINS))
        return cls(tuple(labels), tuple(float(bound) for bound in bounds[1:-1]))

    def counted(self, counts: Iterable[tuple[float, int]]) -> Sequence[int]:
        """How many values fall into each bin, from counts per value."""
        totals = [0] * len(self.labels)
        for value, count in counts:
            totals[bisect_right(self.inner, value)] += count
        return totals


def _as_decimal(value: float) -> Fraction:
    """`value` as people write it: 15 digits are all that a double keeps of a decimal."""
    return Fraction(value) if value.is_integer() else Fraction(f"{value:.15g}")


def _floored(bound: Fraction) -> str:
    """`bound` cut down to one decimal, in the shortest form that says it (`3`, `3.9`, `1e+30`)."""
    tenths = floor(bound * 10)
    if abs(tenths) >= 10 ** (_PLAIN_DIGITS + 1):
        return repr(tenths / 10)
    whole, tenth = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{tenth}" if tenth else f"{sign}{whole}"
