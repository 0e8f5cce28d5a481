"""The relative change of a mean, and its interval.

Fieller, "Some Problems in Interval Estimation", JRSS B 16(2), 1954: all r with

    |mB - (1 + r) mA| <= k sqrt(vB + (1 + r)^2 vA).

Written with q = 1 + r that is q^2 (mA^2 - k^2 vA) - 2 q mA mB + (mB^2 - k^2 vB) <= 0. When the leading coefficient
is not positive, the baseline's mean cannot be told from 0, and no finite interval holds: not estimable. The delta
method has no such answer and is wrong there. Divided by mA^2, with a = k^2 vA/mA^2 and b = k^2 vB/mA^2, the bounds are

    r = (D/mA + a +- sqrt(a (mB/mA)^2 + b (1 - a))) / (1 - a)

which neither overflows nor loses the digits of a small r.
"""

from __future__ import annotations

from math import sqrt

from iter8_gitops.core.statistics.contrasts import Contrast
from iter8_gitops.core.statistics.intervals import NOT_ESTIMABLE, Interval


def lift(found: Contrast) -> float | None:
    """(mB - mA)/mA; None when the baseline's mean is 0."""
    return found.difference / found.baseline_mean if found.baseline_mean else None


def lift_interval(found: Contrast, multiplier: float) -> Interval:
    """Fieller's interval for the lift, `multiplier` (k) standard errors wide."""
    mean = abs(found.baseline_mean)
    from_baseline = multiplier * sqrt(found.baseline_variance)
    from_candidate = multiplier * sqrt(found.candidate_variance)
    if not from_baseline < mean or not found.enough:
        return NOT_ESTIMABLE
    a, b = _square(from_baseline / mean), _square(from_candidate / mean)
    if a >= 1.0:
        return NOT_ESTIMABLE
    middle = found.difference / found.baseline_mean + a
    reach = sqrt(a * _square(found.candidate_mean / mean) + b * (1.0 - a))
    return Interval.between((middle - reach) / (1.0 - a), (middle + reach) / (1.0 - a))


def proven_side(found: Contrast, multiplier: float, change: float) -> int:
    """Whether the candidate's mean is above (1) or below (-1) the baseline's by more than `change`; 0 while open.

    `change` is a share of the size of the baseline's mean. Fieller's condition at this one change, so that it has an
    answer also where no interval is estimable: 50 errors against none at all are more, by any share of none.
    """
    if not found.enough:
        return 0
    factor = 1.0 + (change if found.baseline_mean >= 0.0 else -change)
    distance = found.difference + (1.0 - factor) * found.baseline_mean
    reach = multiplier * sqrt(found.candidate_variance + factor * factor * found.baseline_variance)
    return (distance > reach) - (distance < -reach)


def _square(x: float) -> float:
    """Infinite where ** raises."""
    return x * x
