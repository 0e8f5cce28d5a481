"""The confidence sequence: intervals that hold at every look together, and the evidence behind them.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence
sequences", Annals of Statistics 52(6), 2024 (arXiv 2103.06476), theorem 2.2: a mixture of normal
likelihood ratios over a normal prior, with y = N rho^2 for N users:

    D +- k(N) SE        k(N)^2 = (y + 1)/y * ln((y + 1)/alpha^2)
    ln e = y z^2 / (2 (1 + y)) - ln(1 + y)/2        z = D/SE

so that |z| > k(N) exactly when e > 1/alpha. By Ville's inequality e ever exceeds 1/alpha with probability alpha at most
when there is no difference, and p = min(1, 1/e) is valid at every look.

rho^2 = y_star/N_star makes k(N)/sqrt(N) smallest near N_star: there y = -2 ln(alpha) + ln(1 + y) (section 3.5). N_star
must be fixed before the experiment starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, log1p, sqrt

from iter8_gitops.core.statistics.contrasts import Contrast
from iter8_gitops.core.statistics.intervals import NOT_ESTIMABLE, Interval

ALPHA = 0.05
TIGHTEST_AT = 5000.0
"""N_star, in users."""


@lru_cache(maxsize=256)
def tightest_y(alpha: float) -> float:
    """y_star: the positive solution of y = -2 ln(alpha) + ln(1 + y), for 0 < alpha < 1."""
    target = -2.0 * log(alpha)
    y = target + sqrt(2.0 * target) + log1p(target)
    for _ in range(50):  # Newton's method from above, where the function is convex
        step = (y - log1p(y) - target) * (1.0 + y) / y
        y -= step
        if abs(step) <= 1e-15 * y:
            break
    return y


def p_value(log_evidence: float) -> float:
    """min(1, 1/e), from ln e."""
    return exp(-log_evidence) if log_evidence > 0.0 else 1.0


@dataclass(frozen=True, slots=True)
class ConfidenceSequence:
    """A sequence that is wrong at any look with probability `alpha` at most, tightest after `tightest_at` users."""

    alpha: float = ALPHA
    tightest_at: float = TIGHTEST_AT

    @property
    def rho_squared(self) -> float:
        """y_star/N_star."""
        return tightest_y(self.alpha) / self.tightest_at

    def multiplier(self, clock: float) -> float:
        """k(N): how many standard errors the interval reaches to either side, for N = `clock` > 0."""
        y = clock * self.rho_squared
        return sqrt((1.0 + y) / y * (log1p(y) - 2.0 * log(self.alpha)))

    def log_evidence(self, z: float, clock: float) -> float:
        """ln e, for the difference over its standard error and N = `clock`."""
        y = clock * self.rho_squared
        return y / (1.0 + y) * z * z / 2.0 - log1p(y) / 2.0

    def interval(self, found: Contrast) -> Interval:
        """For the difference of means; not estimable with too few users."""
        if not found.enough:
            return NOT_ESTIMABLE
        reach = self.multiplier(found.clock) * found.standard_error
        return Interval.between(found.difference - reach, found.difference + reach)

    def evidence(self, found: Contrast) -> float | None:
        """ln e against no difference; None with too few users."""
        if not found.enough:
            return None
        return self.log_evidence(found.difference / found.standard_error, found.clock)
