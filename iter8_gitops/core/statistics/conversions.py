"""Conversions: an exact test that neither rare conversions nor their change over the day disturb.

Lindon and Malek (see `multinomial`), section 4: let users come to the arms with shares w, and let those of the
candidate convert 1 + r times as often, whatever the rate is and however it moves. Then the next user who converts is of
the candidate with probability

    q(r) = wB (1 + r) / (wA + wB (1 + r))

and the counts of users who converted are tested by themselves, with the prior a = 100 w. All r that are not refuted,
those with E(r) < 1/alpha, are the interval for the lift. With d = ln(1 + r), E(r) follows from E(0) by

    ln E(r) = ln E(0) - sum_e (cB_e d - (cA_e + cB_e) ln(wA_e + wB_e exp(d)))

which is convex in d, so that the interval is one. Each user may count once only, when they first convert. Epochs in
which an arm had no weight say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, expm1, fsum, inf, log, log1p

from iter8_gitops.core.statistics.intervals import NOT_ESTIMABLE, Interval
from iter8_gitops.core.statistics.multinomial import Counts, log_evidence

PRIOR_STRENGTH = 100.0
_FARTHEST = 700.0
"""The largest |d| that is looked at: exp of more overflows."""
_MOST_STEPS = 100


def conversion_evidence(converted: Sequence[Counts]) -> float:
    """ln E against equal rates, from users who converted: (baseline, candidate) per weight epoch."""
    return log_evidence(_shared(converted), PRIOR_STRENGTH)


def conversion_lift_interval(converted: Sequence[Counts], alpha: float) -> Interval:
    """All lifts that the counts do not refute at `alpha`.

    The lower bound is -1 as long as nobody converted in the candidate, the upper one is missing as long as nobody did
    in the baseline, and nothing is estimable as long as nobody did at all.
    """
    epochs = _shared(converted)
    baseline, candidate = (sum(period.counts[arm] for period in epochs) for arm in (0, 1))
    if not baseline and not candidate:
        return NOT_ESTIMABLE
    at_zero = conversion_evidence(epochs) + log(alpha)
    lower = _edge(epochs, at_zero, -_FARTHEST) if candidate else -inf
    upper = _edge(epochs, at_zero, _FARTHEST) if baseline else inf
    return Interval.between(expm1(lower), expm1(upper) if upper < _FARTHEST else inf)


def _shared(converted: Sequence[Counts]) -> list[Counts]:
    return [period for period in converted if all(weight > 0 for weight in period.weights)]


def _log_likelihood_ratio(epochs: Sequence[Counts], d: float) -> float:
    """ln of the likelihood of ln(1 + r) = d, over that of 0."""
    total = 0.0
    for epoch in epochs:
        (a, b), (baseline, candidate) = epoch.weights, epoch.counts
        users = baseline + candidate
        if d > 0.0:  # the same as below, without exp(d)
            total -= baseline * d + users * log1p(a / (a + b) * expm1(-d))
        else:
            total += candidate * d - users * log1p(b / (a + b) * expm1(d))
    return total


def _edge(epochs: Sequence[Counts], at_zero: float, outside: float) -> float:
    """The d where ln E(r) - ln(1/alpha) is 0, that is `at_zero` where d is 0, coming from `outside`.

    Newton's method: from where a convex function is positive it comes to the root without passing it.
    """
    d = outside
    for _ in range(_MOST_STEPS):
        excess = at_zero - _log_likelihood_ratio(epochs, d)
        slope = fsum(_expected(epoch, d) - epoch.counts[1] for epoch in epochs)
        if excess <= 0.0 or slope == 0.0:
            break
        step = excess / slope
        d -= step
        if abs(step) <= 1e-15 * abs(d):
            break
    return d


def _expected(epoch: Counts, d: float) -> float:
    """How many of the users who converted in an epoch are the candidate's, if ln(1 + r) is d."""
    (a, b), (baseline, candidate) = epoch.weights, epoch.counts
    log_odds = min(max(log(b) - log(a) + d, -_FARTHEST), _FARTHEST)
    return (baseline + candidate) / (1.0 + exp(-log_odds))
