"""What an analysis should say, from every user's own values and the published formulas alone.

Nothing of the project is called: sums are taken over lists of users, equations are solved by bisection, integrals by
quadrature. The formulas are those of Waudby-Smith et al. (Annals of Statistics 52(6), 2024), Fieller (1954), Lindon
and Malek (NeurIPS 2022) and Deng, Knoblich and Lu (KDD 2018).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log, log1p, sqrt
from typing import Any, TypeAlias

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import norm

TIGHTEST_AT = 5000.0
POWER = float(norm.ppf(0.8))

Users: TypeAlias = Sequence[tuple[float, float]]
"""Every user's value, and denominator (1 unless a ratio is measured)."""


@dataclass(frozen=True)
class Epoch:
    """Weights, the users of every version while they were in force, and how many of them had come before."""

    weights: tuple[int, ...]
    users: Mapping[int, Users]
    returning: Mapping[int, int] = field(default_factory=dict)

    def came(self, version: int) -> int:
        return len(self.users.get(version, ()))

    def newcomers(self, version: int) -> int:
        return self.came(version) - self.returning.get(version, 0)


@dataclass(frozen=True)
class Moments:
    """Users, their mean (or ratio), and the variance between them."""

    users: int
    mean: float
    variance: float

    @classmethod
    def of(cls, users: Users) -> Moments:
        """A ratio varies as the linearised values do: (x - R m) / mean(m)."""
        below = statistics.fmean(m for _, m in users)
        ratio = statistics.fmean(x for x, _ in users) / below
        return cls(len(users), ratio, statistics.variance([(x - ratio * m) / below for x, m in users]))


def half_width(clock: float, alpha: float) -> float:
    """k(N): sqrt(((y+1)/y) ln((y+1)/alpha^2)), y = N y*/N*, y* = -2 ln(alpha) + ln(1+y*)."""
    y = _y(clock, alpha)
    return sqrt((y + 1) / y * log((y + 1) / alpha**2))


def _y(clock: float, alpha: float) -> float:
    star = brentq(lambda y: y + 2 * log(alpha) - log1p(y), 1.0, 100.0, xtol=1e-14)
    return float(clock * star / TIGHTEST_AT)


@dataclass
class Oracle:
    """A candidate against the primary, over the epochs that they share. Lifts are shares of the primary's size."""

    epochs: Sequence[Epoch]
    candidate: int
    alpha: float
    goal: int = 1
    pairs: list[tuple[Moments, Moments]] = field(init=False)

    def __post_init__(self) -> None:
        self.epochs = [epoch for epoch in self.epochs if epoch.came(self.candidate)]
        self.pairs = [(Moments.of(e.users[0]), Moments.of(e.users[self.candidate])) for e in self.epochs]
        self._h = [a.users * b.users / (a.users + b.users) for a, b in self.pairs]
        self.clock = 4 * sum(self._h)
        self.baseline = self._averaged([a.mean for a, _ in self.pairs])
        self.size = abs(self.baseline)
        self.difference = self._averaged([b.mean - a.mean for a, b in self.pairs])
        cautious = [_cautious(a, b) for a, b in self.pairs]
        self.variances = tuple(self._of_average([each[arm] for each in cautious], arm) for arm in (0, 1))
        self.error = sqrt(sum(self.variances))

    def _averaged(self, values: Sequence[float]) -> float:
        return sum(h * value for h, value in zip(self._h, values, strict=True)) / sum(self._h)

    def _of_average(self, variances: Sequence[float], arm: int) -> float:
        return variance_of_average(self.epochs, (0, self.candidate)[arm], self._h, variances)

    @property
    def interval(self) -> tuple[float, float]:
        reach = half_width(self.clock, self.alpha) * self.error
        return self.difference - reach, self.difference + reach

    @property
    def log_evidence(self) -> float:
        y, z = _y(self.clock, self.alpha), self.difference / self.error
        return y * z**2 / (2 * (1 + y)) - log(1 + y) / 2

    @property
    def lift_interval(self) -> tuple[float, float]:
        """All r with |mB - (1+r) mA| <= k sqrt(vB + (1+r)^2 vA), less of what is negative being more."""
        k, other = half_width(self.clock, self.alpha), self.baseline + self.difference

        def refuted(r: float) -> float:
            return (other - (1 + r) * self.baseline) ** 2 - k**2 * (
                self.variances[1] + (1 + r) ** 2 * self.variances[0]
            )

        low, high = _between(refuted, self.difference / self.baseline)
        return (low, high) if self.baseline > 0 else (-high, -low)

    @property
    def detectable_lift(self) -> float:
        return (half_width(self.clock, self.alpha) + POWER) * self.error / self.size

    def growth(self, margin: float) -> float:
        """How many times as large the clock must be until an effect of `margin` shows, less 1."""
        spread = self.error * sqrt(self.clock)

        def missing(clock: float) -> float:
            return (half_width(clock, self.alpha) + POWER) * spread / sqrt(clock) - margin * self.size

        return max(float(brentq(missing, 1.0, 1e14, rtol=1e-14)) / self.clock - 1, 0.0)

    @property
    def chance_to_beat(self) -> float:
        apart = [[pair[arm].variance / pair[arm].users for pair in self.pairs] for arm in (0, 1)]
        error = sqrt(sum(self._of_average(each, arm) for arm, each in enumerate(apart)))
        return float(norm.cdf(self.goal * self.difference / error))


def variance_of_average(
    epochs: Sequence[Epoch], version: int, weights: Sequence[float], variances: Sequence[float]
) -> float:
    """sum(h^2 V) / (sum h)^2, and 2 sum_{e<f} h_e h_f min(n_e, returning_f) s_e s_f / (n_e n_f) / (sum h)^2."""
    told = sum(h * h * v for h, v in zip(weights, variances, strict=True))
    for late, epoch in enumerate(epochs):
        for early in range(late):
            n = [len(epochs[each].users[version]) for each in (early, late)]
            s = [sqrt(variances[each] * count) for each, count in zip((early, late), n, strict=True)]
            shared = min(n[0], epoch.returning.get(version, 0))
            told += 2 * weights[early] * weights[late] * shared * s[0] * s[1] / (n[0] * n[1])
    return told / sum(weights) ** 2


def _cautious(a: Moments, b: Moments) -> tuple[float, float]:
    """max(sA^2/nA + sB^2/nB, s_pool^2 (1/nA + 1/nB)), for each arm."""
    apart = a.variance / a.users, b.variance / b.users
    pool = ((a.users - 1) * a.variance + (b.users - 1) * b.variance) / (a.users + b.users - 2)
    together = pool / a.users, pool / b.users
    return apart if sum(apart) >= sum(together) else together


def _between(refuted: Callable[[float], float], inside: float) -> tuple[float, float]:
    """Both roots of a function that is negative `inside`, found outwards from there."""
    roots = []
    for side in (-1.0, 1.0):
        step = 1e-3
        while refuted(inside + side * step) < 0:
            step *= 2
        roots.append(float(brentq(refuted, *sorted((inside, inside + side * step)), xtol=1e-14)))
    return roots[0], roots[1]


def multinomial_evidence(periods: Sequence[tuple[Sequence[float], Sequence[int]]], strength: float) -> float:
    """ln E = ln B(a+c) - ln B(a) - sum(c ln w) with a = strength * w; a change of weights carries the tilt.

    Arms without weight take no part, and keep their tilt.
    """
    told, total, tilts = 0.0, strength, [1.0] * len(periods[0][0])
    for weights, counts in periods:
        arms = [arm for arm, weight in enumerate(weights) if weight]
        w = {arm: weights[arm] / sum(weights) for arm in arms}
        tilted = {arm: tilts[arm] * w[arm] for arm in arms}
        a = {arm: total * tilted[arm] / sum(tilted.values()) for arm in arms}
        after = {arm: a[arm] + counts[arm] for arm in arms}
        told += _log_beta([*after.values()]) - _log_beta([*a.values()]) - sum(counts[arm] * log(w[arm]) for arm in arms)
        total = sum(after.values())
        for arm in arms:
            tilts[arm] = after[arm] / total / w[arm]
    return told


def _log_beta(a: Sequence[float]) -> float:
    return float(sum(gammaln(each) for each in a) - gammaln(sum(a)))


def conversion_interval(periods: Sequence[tuple[Sequence[float], Sequence[int]]], alpha: float) -> tuple[float, float]:
    """All lifts r with E(r) < 1/alpha: the shares of users who convert are q(r) = wB (1+r) / (wA + wB (1+r))."""
    at_none = multinomial_evidence(periods, 100.0)

    def excess(d: float) -> float:
        found = at_none - log(1 / alpha)
        for (a, b), (one, other) in periods:
            q = b * exp(d) / (a + b * exp(d))
            found += one * log(a / (a + b) / (1 - q)) + other * log(b / (a + b) / q)
        return found

    ones, others = (sum(counts[arm] for _, counts in periods) for arm in (0, 1))
    start = min((log(others / ones * scale) for scale in (0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 10.0, 49.0)), key=excess)
    return _lifts(_between(excess, start))


def _lifts(bounds: tuple[float, float]) -> tuple[float, float]:
    return exp(bounds[0]) - 1, exp(bounds[1]) - 1


def bayesian(epochs: Sequence[Epoch], goal: int) -> list[tuple[float, float]]:
    """Per version: its chance to be best, and what choosing it costs on average.

    Epochs that all share are weighted by 1/sum(1/n).
    """
    everybody = {version for epoch in epochs for version in epoch.users}
    epochs = [epoch for epoch in epochs if epoch.users.keys() == everybody]
    weights = [1 / sum(1 / len(users) for users in epoch.users.values()) for epoch in epochs]
    beliefs = []
    for version in epochs[0].users:
        each = [Moments.of(epoch.users[version]) for epoch in epochs]
        mean = sum(w * m.mean for w, m in zip(weights, each, strict=True)) / sum(weights)
        variance = variance_of_average(epochs, version, weights, [m.variance / m.users for m in each])
        beliefs.append(norm(goal * mean, sqrt(variance)))
    return [_best(beliefs, place) for place in range(len(beliefs))]


def _best(beliefs: Sequence[Any], place: int) -> tuple[float, float]:
    own, others = beliefs[place], [each for index, each in enumerate(beliefs) if index != place]

    def product(x: float) -> float:
        found = 1.0
        for other in others:
            found *= float(other.cdf(x))
        return found

    low = min(each.mean() - 12 * each.std() for each in beliefs)
    high = max(each.mean() + 12 * each.std() for each in beliefs)
    cuts = sorted(each.mean() for each in beliefs)
    chance, _ = quad(lambda x: own.pdf(x) * product(x), low, high, points=cuts, limit=500)
    loss, _ = quad(lambda x: own.cdf(x) * (1 - product(x)), low, high, points=cuts, limit=500)
    return float(chance), float(loss)


def finding(bounds: tuple[float, float], goal: int, margin: float, *, guardrail: bool) -> str:
    """What an interval of lifts shows."""
    low, high = bounds if goal > 0 else (-bounds[1], -bounds[0])
    if guardrail:
        return "held" if low > -margin else "breached" if high < -margin else "open"
    if low > 0 or high < 0:
        return "better" if low > 0 else "worse"
    return "same" if -margin < low and high < margin else "open"
