"""Mean and variance of values that come, change and go, without losing digits.

Kept per set of values: n, S = sum(x - K) and Q = sum((x - K)^2), with a fixed shift K that all versions and
weight epochs of a metric share, so that sets merge by addition. A user's total that goes from x to y takes
x out and puts y in. S and Q are each held as an unevaluated sum of two doubles (about 32 digits), and every
term enters without rounding; so what is taken out is exactly what was put in, and an offset far from K
(totals of 1e9 with K = 1e8, say) costs no accuracy. With single doubles it would cost all of it.

Error-free difference and square: Dekker, "A floating-point technique for extending the available precision",
Numerische Mathematik 18, 1971; the difference in Knuth's branch-free form (TAOCP volume 2, section 4.2.2).
`math.fsum` rounds correctly once at the end (Shewchuk 1997). All of it holds for magnitudes whose squares
and sums stay finite, which `iter8_gitops.spec.metric.MAX_MAGNITUDE` guarantees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum, sqrt
from operator import neg
from typing import TypeAlias

from iter8_gitops.spec.metric import Summary

ExactSum: TypeAlias = tuple[float, float]
"""A sum as two doubles: the sum rounded to the nearest double, and what that rounding left out."""

ZERO: ExactSum = (0.0, 0.0)
_SPLITTER = 2.0**27 + 1.0


def add(total: ExactSum, terms: Iterable[float]) -> ExactSum:
    """`total` plus all `terms`."""
    parts = [*total, *terms]
    rounded = fsum(parts)
    parts.append(-rounded)
    return rounded, fsum(parts)


@dataclass(frozen=True, slots=True)
class Change:
    """Values that join a set and values that leave it, as what they add to n, S and Q about `shift`."""

    count: int
    sums: tuple[float, ...]
    squares: tuple[float, ...]

    @classmethod
    def of(cls, shift: float, joined: Sequence[float], left: Sequence[float] = ()) -> Change:
        """The change when the values in `joined` come in and those in `left`, all of the set, go out."""
        sums, squares = _deviations(shift, joined)
        sums_out, squares_out = _deviations(shift, left)
        return cls(
            len(joined) - len(left),
            (*sums, *map(neg, sums_out)),
            (*squares, *map(neg, squares_out)),
        )


@dataclass(frozen=True, slots=True)
class Moments:
    """n, S and Q of a set of values, about a shift that the caller keeps."""

    count: int = 0
    sum: ExactSum = ZERO
    squares: ExactSum = ZERO

    def changed(self, change: Change) -> Moments:
        """The moments after a change, which must be about the same shift."""
        return Moments(self.count + change.count, add(self.sum, change.sums), add(self.squares, change.squares))


def summary(moments: Moments, shift: float, minimum: float, maximum: float, zeros: int = 0) -> Summary:
    """What a dashboard shows of a set of values, joined by `zeros` more values that are all 0.

    `minimum` and `maximum` are those of the set without the zeros. The set and the zeros must not
    both be empty.
    """
    if zeros:
        minimum, maximum = (min(minimum, 0.0), max(maximum, 0.0)) if moments.count else (0.0, 0.0)
    count = moments.count + zeros
    if minimum == maximum:
        return Summary(count, minimum, 0.0, minimum, maximum)
    centre = Fraction(shift)
    total = Fraction(moments.sum[0]) + Fraction(moments.sum[1]) - zeros * centre
    squares = Fraction(moments.squares[0]) + Fraction(moments.squares[1]) + zeros * centre**2
    variance = float((squares - total**2 / count) / count)
    return Summary(count, float(centre + total / count), sqrt(max(variance, 0.0)), minimum, maximum)


def _deviations(shift: float, values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Terms that add up to sum(x - shift), exactly, and terms that add up to sum((x - shift)^2).

    The squares have a relative error of about 2^-105, the same each time, so that a value's terms
    cancel when it is taken out again.
    """
    sums: list[float] = []
    squares: list[float] = []
    for value in values:
        high = value - shift
        subtracted = value - high
        low = (value - (high + subtracted)) + (subtracted - shift)
        square = high * high
        scaled = _SPLITTER * high
        head = scaled - (scaled - high)
        tail = high - head
        left_out = ((head * head - square) + 2.0 * head * tail) + tail * tail
        sums += (high, low)
        squares += (square, left_out + 2.0 * high * low)
    return sums, squares
