"""The difference of means between a candidate and a baseline, over weight epochs.

Within an epoch both versions saw the same hours, so their means compare; over epochs they do not (a candidate that
got more weight in a better week would look better). So the difference is taken in each epoch and then averaged:

    h_e = nA nB / (nA + nB)        D = sum(h_e D_e) / sum(h_e)        SE^2 = sum(h_e^2 V_e) / (sum h_e)^2

with the clock N = 4 sum(h_e), which is the number of users when they are shared equally. Stratification with these
weights: Cochran, "Some Methods for Strengthening the Common Chi-Squared Tests", Biometrics 10(4), 1954.

V_e = max(sA^2/nA + sB^2/nB, s_pool^2 (1/nA + 1/nB)): a small arm that has not met its rare big values yet
shows too little variance, and borrows that of the large one. A heuristic, held to account by `python -m benchmarks aa`.

A user who is in several epochs takes part in several D_e, which then move together. How many such users
an arm has at most is known, and their correlation is at most 1, so SE^2 gains, for both arms,

    2 sum_{e<f} h_e h_f min(n_e, returning_f) s_e s_f / (n_e n_f) / (sum h_e)^2.

Where nobody returns that is 0. Users who changed versions are left out: they make D vary less unless their values
turn around.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, sqrt
from typing import TypeAlias

from iter8_gitops.core.statistics.samples import Sample

MINIMUM_USERS = 100
"""Per arm, before an interval is shown: fewer do not make a mean normal. A heuristic, like V_e."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Both arms in one weight epoch, each with at least one user."""

    baseline: Sample
    candidate: Sample

    @property
    def weight(self) -> float:
        """h_e = nA nB / (nA + nB)."""
        a, b = self.baseline.users, self.candidate.users
        return a * b / (a + b)


@dataclass(frozen=True, slots=True)
class Contrast:
    """Candidate minus baseline, over all epochs. Means, and the variances of these means, are weighted alike.

    `baseline_users` and `candidate_users` are at most the number of distinct users. `clock` is N.
    """

    difference: float
    baseline_mean: float
    candidate_mean: float
    baseline_variance: float
    candidate_variance: float
    clock: float
    baseline_users: int
    candidate_users: int

    @property
    def standard_error(self) -> float:
        """Of the difference."""
        return sqrt(self.baseline_variance + self.candidate_variance)

    @property
    def enough(self) -> bool:
        """Whether there are users enough, and differences between them, for an interval."""
        return min(self.baseline_users, self.candidate_users) >= MINIMUM_USERS and self.standard_error > 0.0


_Variances: TypeAlias = Callable[[Stratum], tuple[float, float]]


def separate(stratum: Stratum) -> tuple[float, float]:
    """The variances of both means, each arm by itself: sA^2/nA and sB^2/nB."""
    a, b = stratum.baseline, stratum.candidate
    return a.variance / a.users, b.variance / b.users


def cautious(stratum: Stratum) -> tuple[float, float]:
    """The variances of both means whose sum is V_e: each arm by itself, or with the pooled s^2, whichever is more."""
    a, b = stratum.baseline, stratum.candidate
    apart = separate(stratum)
    freedom = a.users + b.users - 2
    if freedom == 0:
        return apart
    pooled = ((a.users - 1) * a.variance + (b.users - 1) * b.variance) / freedom
    together = (pooled / a.users, pooled / b.users)
    return max(apart, together, key=sum)


def contrast(strata: Sequence[Stratum], variances: _Variances = cautious) -> Contrast | None:
    """The difference over all epochs in which it can be taken: those with at least three users; None without any."""
    usable = [stratum for stratum in strata if stratum.baseline.users + stratum.candidate.users > 2]
    if not usable:
        return None
    weights = [stratum.weight for stratum in usable]
    spreads = [variances(stratum) for stratum in usable]
    baselines = [stratum.baseline for stratum in usable]
    candidates = [stratum.candidate for stratum in usable]
    return Contrast(
        difference=weighted_mean(weights, [float(b.mean - a.mean) for a, b in zip(baselines, candidates, strict=True)]),
        baseline_mean=weighted_mean(weights, [float(a.mean) for a in baselines]),
        candidate_mean=weighted_mean(weights, [float(b.mean) for b in candidates]),
        baseline_variance=variance_of_mean(weights, baselines, [spread for spread, _ in spreads]),
        candidate_variance=variance_of_mean(weights, candidates, [spread for _, spread in spreads]),
        clock=4.0 * fsum(weights),
        baseline_users=_distinct(baselines),
        candidate_users=_distinct(candidates),
    )


def weighted_mean(weights: Sequence[float], values: Sequence[float]) -> float:
    """sum(h_e x_e) / sum(h_e)."""
    total = fsum(weights)
    return fsum(weight / total * value for weight, value in zip(weights, values, strict=True))


def variance_of_mean(weights: Sequence[float], samples: Sequence[Sample], variances: Sequence[float]) -> float:
    """The variance of the weighted mean of samples, in the order of time, each with the variance of its own mean."""
    total = fsum(weights)
    shares = [weight / total for weight in weights]
    alone = [share * share * variance for share, variance in zip(shares, variances, strict=True)]
    shared = [
        2.0 * shares[e] * shares[f] * _correlation(samples[e], samples[f]) * sqrt(variances[e]) * sqrt(variances[f])
        for e, f in combinations(range(len(samples)), 2)
        if samples[f].returning
    ]
    return fsum(alone + shared)


def _correlation(earlier: Sample, later: Sample) -> float:
    """At most, between the means of two samples: users in both, over sqrt(n_e n_f)."""
    return min(earlier.users, later.returning) / sqrt(earlier.users) / sqrt(later.users)


def _distinct(samples: Sequence[Sample]) -> int:
    """At least so many different users are in the samples."""
    newcomers = sum(sample.users - sample.returning for sample in samples)
    return max(newcomers, *(sample.users for sample in samples))
