"""Mean and variance of values that come, change and go, without losing digits.

Kept per set of values: n, S = sum(x) and Q = sum(x^2), so that sets merge by addition; a user's total that
goes from x to y takes x out and puts y in. Sums of squares of plain doubles lose everything at an offset
(a mean of 1e8 with a spread of 1). The usual cure, a fixed shift K such as the first value, helps only sets near K: an
absurd first value, or totals of many values each, bring the loss back. Instead S and Q are each an unevaluated sum of
two doubles (106 bits), and every term enters without rounding: what is taken out is exactly what was put in, and
a relative spread of 1e-8 keeps 14 digits, wherever the set lies. Sums about any shift follow without loss:
S_K = S - n K, Q_K = Q - 2 K S + n K^2.

Error-free square and product: Dekker, "A floating-point technique for extending the available precision", Numerische
Mathematik 18, 1971. `math.fsum` rounds correctly, once, at the end (Shewchuk 1997). All of it holds for
magnitudes whose squares and sums stay finite, which `iter8_gitops.spec.metric.MAX_MAGNITUDE` guarantees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum, sqrt
from operator import neg

from iter8_gitops.spec.metric import ExactSum, Summary

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
    """Values that join a set and values that leave it, as the terms that they add to n, S and Q."""

    count: int
    sums: tuple[float, ...]
    squares: tuple[float, ...]

    @classmethod
    def of(cls, joined: Sequence[float], left: Sequence[float] = ()) -> Change:
        """The change when the values in `joined` come in and those in `left`, all of the set, go out."""
        return cls(
            len(joined) - len(left),
            (*joined, *map(neg, left)),
            (*_squares(joined), *map(neg, _squares(left))),
        )


@dataclass(frozen=True, slots=True)
class Moments:
    """n, S and Q of a set of values."""

    count: int = 0
    sum: ExactSum = ZERO
    squares: ExactSum = ZERO

    def changed(self, change: Change) -> Moments:
        """The moments after a change."""
        return Moments(self.count + change.count, add(self.sum, change.sums), add(self.squares, change.squares))


def summary(moments: Moments, minimum: float, maximum: float, zeros: int = 0) -> Summary:
    """What a dashboard shows of a set of values, joined by `zeros` more values that are all 0.

    The set is not empty; `minimum` and `maximum` are its own, without the zeros.
    """
    if zeros:
        minimum, maximum = min(minimum, 0.0), max(maximum, 0.0)
    count = moments.count + zeros
    if minimum == maximum:
        return Summary(count, minimum, 0.0, minimum, maximum)
    mean = _exactly(moments.sum) / count
    variance = float(_exactly(moments.squares) / count - mean**2)
    return Summary(count, float(mean), sqrt(max(variance, 0.0)), minimum, maximum)


def _exactly(total: ExactSum) -> Fraction:
    return Fraction(total[0]) + Fraction(total[1])


def product_terms(pairs: Iterable[tuple[float, float]]) -> list[float]:
    """Two terms per pair that add up to its product."""
    terms: list[float] = []
    for one, other in pairs:
        product = one * other
        scaled = _SPLITTER * one
        head = scaled - (scaled - one)
        tail = one - head
        scaled = _SPLITTER * other
        other_head = scaled - (scaled - other)
        other_tail = other - other_head
        terms += (product, ((head * other_head - product) + head * other_tail + tail * other_head) + tail * other_tail)
    return terms


def _squares(values: Iterable[float]) -> list[float]:
    """Two terms per value that add up to its square."""
    terms: list[float] = []
    for value in values:
        square = value * value
        scaled = _SPLITTER * value
        head = scaled - (scaled - value)
        tail = value - head
        terms += (square, ((head * head - square) + 2.0 * head * tail) + tail * tail)
    return terms
