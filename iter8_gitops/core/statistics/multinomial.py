"""The sequential test of counts per arm against shares that are known.

Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022 (arXiv 2011.03567): under a
Dirichlet prior with parameters a, the counts c against shares w give the evidence

    ln E = ln B(a + c) - ln B(a) - sum(c_j ln w_j)        B(a) = prod Gamma(a_j) / Gamma(sum a_j)

a martingale that starts at 1 when the shares are right, so that E ever reaches 1/alpha with probability alpha at most.

When the shares change, what was learnt goes on as a tilt: the posterior mean over the old share, times the new
share. Any prior that depends on the past alone keeps the martingale.

Differences of ln Gamma near 1e9 lose what matters. With Stirling's ln Gamma(x) = (x - 1/2) ln x - x + ln(2 pi)/2
+ mu(x), x = a + c, X = sum x, A = sum a, p = x/X, t = a/A and K arms, the large parts cancel on paper:

    ln E = sum(c ln(p/w)) + sum((a - 1/2) ln(p/t)) - (K - 1)/2 ln(X/A) + sum(mu(x) - mu(a)) - (mu(X) - mu(A)).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, inf, lgamma, log, pi

_HALF_LOG_TWO_PI = log(2.0 * pi) / 2.0
_STIRLING_FROM = 20.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were counted per arm while `weights` (not negative, in any unit) were in force."""

    weights: tuple[float, ...]
    counts: tuple[int, ...]


def log_evidence(periods: Iterable[Counts], strength: float) -> float:
    """ln E against the shares that the weights say, over periods in the order of time.

    The prior is a = `strength` * share. Somebody in an arm without weight is impossible: infinity. While a single arm
    has weight, nothing can be learnt.
    """
    total, tilts = strength, dict[int, float]()
    evidence = 0.0
    for period in periods:
        if any(count and weight <= 0 for weight, count in zip(period.weights, period.counts, strict=True)):
            return inf
        arms = [arm for arm, weight in enumerate(period.weights) if weight > 0]
        if len(arms) < 2:
            continue
        counts = [period.counts[arm] for arm in arms]
        shares = _normalised([period.weights[arm] for arm in arms])
        tilted = _normalised([share * tilts.get(arm, 1.0) for arm, share in zip(arms, shares, strict=True)])
        prior = [total * share for share in tilted]
        evidence += _log_evidence(prior, counts, shares)
        total = fsum([*prior, *counts])
        for arm, a, count, share in zip(arms, prior, counts, shares, strict=True):
            tilts[arm] = (a + count) / total / share
    return evidence


def _log_evidence(prior: Sequence[float], counts: Sequence[int], shares: Sequence[float]) -> float:
    before, after = fsum(prior), fsum([*prior, *counts])
    terms = [-(len(prior) - 1) / 2.0 * log(after / before), _remainder(before) - _remainder(after)]
    for a, count, share in zip(prior, counts, shares, strict=True):
        posterior = (a + count) / after
        terms += (
            count * log(posterior / share),
            (a - 0.5) * log(posterior / (a / before)),
            _remainder(a + count) - _remainder(a),
        )
    return fsum(terms)


def _remainder(x: float) -> float:
    """mu(x), what Stirling's formula leaves out of ln Gamma(x), to 16 digits of ln Gamma."""
    if x < _STIRLING_FROM:
        return lgamma(x) - ((x - 0.5) * log(x) - x + _HALF_LOG_TWO_PI)
    square = x * x
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / x


def _normalised(values: Sequence[float]) -> list[float]:
    total = fsum(values)
    return [value / total for value in values]
