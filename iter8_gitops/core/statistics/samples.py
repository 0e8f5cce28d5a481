"""What a comparison needs to know of the users of one version in one weight epoch.

Means are exact fractions of the stored sums, so that a difference of 0.01 between means near 1e8 keeps its digits;
variances are rounded once, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Sample:
    """Users, the mean over them, and the variance between them (n - 1 in its denominator; 0 for a single user).

    `returning` of the users may be in the samples of earlier epochs, too.
    """

    users: int
    mean: Fraction | float
    variance: float
    returning: int = 0


def mean_sample(users: int, total: Fraction, squares: Fraction, returning: int = 0) -> Sample:
    """The sample of `users` (at least one) whose values add up to `total`, and the squares of these to `squares`."""
    return Sample(users, total / users, float(_covariance(users, total, total, squares)), returning)


def conversion_sample(users: int, converted: int, returning: int = 0) -> Sample:
    """The sample of `users` (at least one), `converted` of which count 1 and the others 0."""
    return mean_sample(users, Fraction(converted), Fraction(converted), returning)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sums over users of two values each, x and m: of x, x^2, m, m^2 and x m."""

    x: Fraction
    x_squares: Fraction
    m: Fraction
    m_squares: Fraction
    products: Fraction


def ratio_sample(users: int, sums: Pairs, returning: int = 0) -> Sample | None:
    """The sample whose mean is the ratio R = sum(x) / sum(m); None when the denominator is 0, or too near to it.

    The variance is that of the linearised values (x - R m) / mean(m), by which R varies like a mean:
    (s_x^2 - 2 R s_xm + R^2 s_m^2) / mean(m)^2. Delta method; Deng, Knoblich and Lu, "Applying the Delta Method in
    Metric Analytics", KDD 2018, section 3.1.
    """
    if sums.m == 0:
        return None
    ratio = sums.x / sums.m
    spread = (
        _covariance(users, sums.x, sums.x, sums.x_squares)
        - 2 * ratio * _covariance(users, sums.x, sums.m, sums.products)
        + ratio**2 * _covariance(users, sums.m, sums.m, sums.m_squares)
    )
    variance = max(spread / (sums.m / users) ** 2, Fraction(0))
    if max(abs(ratio), variance) > _LARGEST:
        return None
    return Sample(users, ratio, float(variance), returning)


def _covariance(users: int, one: Fraction, other: Fraction, products: Fraction) -> Fraction:
    """The sample covariance, exactly: (sum(x y) - sum(x) sum(y) / n) / (n - 1)."""
    if users < 2:
        return Fraction(0)
    return (products - one * other / users) / (users - 1)
