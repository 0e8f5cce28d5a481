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

from collections.abc import Callable, Sequence
from math import exp, expm1, inf, log, log1p

from iter8_gitops.core.statistics.intervals import Interval
from iter8_gitops.core.statistics.multinomial import Counts, log_evidence

PRIOR_STRENGTH = 100.0
_FARTHEST = 700.0
"""The largest |d| that is looked at: exp of more overflows."""
_HALVINGS = 80


def conversion_evidence(converted: Sequence[Counts]) -> float:
    """ln E against equal rates, from users who converted: (baseline, candidate) per weight epoch."""
    return log_evidence(_shared(converted), PRIOR_STRENGTH)


def conversion_lift_interval(converted: Sequence[Counts], alpha: float) -> Interval:
    """All lifts that the counts do not refute at `alpha`.

    The lower bound is -1 as long as nobody converted in the candidate, the upper one is missing as long as nobody did
    in the baseline, and nothing is estimable as long as nobody did at all.
    """
    epochs = _shared(converted)
    threshold = conversion_evidence(epochs) + log(alpha)

    def refuted(d: float) -> bool:
        return threshold - _log_likelihood_ratio(epochs, d) >= 0.0

    baseline, candidate = (sum(period.counts[arm] for period in epochs) for arm in (0, 1))
    best = _most_likely(epochs, baseline, candidate)
    lower = _edge(refuted, best, -_FARTHEST) if candidate else -inf
    upper = _edge(refuted, best, _FARTHEST) if baseline else inf
    if not baseline and not candidate:
        return Interval()
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


def _most_likely(epochs: Sequence[Counts], baseline: int, candidate: int) -> float:
    """The d of the greatest likelihood; one end of the range when it is infinite."""
    if not baseline or not candidate:
        return -_FARTHEST if baseline else _FARTHEST

    def too_high(d: float) -> bool:
        expected = 0.0
        for epoch in epochs:
            a, b = epoch.weights
            log_odds = min(max(log(b) - log(a) + d, -_FARTHEST), _FARTHEST)
            expected += sum(epoch.counts) / (1.0 + exp(-log_odds))
        return expected > candidate

    return _edge(too_high, -_FARTHEST, _FARTHEST)


def _edge(beyond: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where, on the way from `inside` to `outside`, `beyond` becomes true; `outside` when it never does."""
    if not beyond(outside):
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2.0
        if beyond(middle):
            outside = middle
        else:
            inside = middle
    return (inside + outside) / 2.0
