"""What is simulated: skewed revenue, conversions and ratios, over splits and over ramps with a drift."""

from __future__ import annotations

from math import exp
from random import Random

from benchmarks.aa_simulation import Scenario, Stage


def revenue(rng: Random, level: float) -> tuple[float, float]:
    """One user in ten buys, for a log-normal amount: most of the variance is in a few users."""
    if rng.random() >= 0.1:
        return 0.0, 1.0
    return level * exp(rng.gauss(3.0, 1.3)), 1.0


def conversion(rng: Random, level: float) -> tuple[float, float]:
    """One user in twenty converts."""
    return float(rng.random() < 0.05 * level), 1.0


def clicks(rng: Random, level: float) -> tuple[float, float]:
    """Clicks and page views: a user's own rate of clicks makes page views depend on one another."""
    views = 1 + int(rng.expovariate(0.25))
    rate = min(rng.betavariate(1.0, 9.0) * level, 1.0)
    return float(sum(rng.random() < rate for _ in range(views))), float(views)


KINDS = {"revenue": ("mean", revenue), "conversions": ("conversion", conversion), "ratio": ("ratio", clicks)}
PLANS: dict[str, tuple[Stage, ...]] = {
    "50/50": (Stage(10_000, 0.5),),
    "90/10": (Stage(10_000, 0.1),),
    "98/2": (Stage(20_000, 0.02),),
    "ramp with drift": (Stage(4000, 0.05, 1.0), Stage(3000, 0.2, 1.5), Stage(3000, 0.5, 0.7)),
    "ramp, all return": (
        Stage(3000, 0.1),
        Stage(3000, 0.2, returning=1.0),
        Stage(3000, 0.3, returning=1.0),
        Stage(3000, 0.5, returning=1.0),
    ),
    "ramp, half return": (Stage(4000, 0.1), Stage(4000, 0.25, returning=0.5), Stage(4000, 0.5, returning=0.5)),
}


def scenario(metric: str, plan: str, effect: float = 0.0) -> Scenario:
    kind, draw = KINDS[metric]
    return Scenario(f"{metric}, {plan}", kind, draw, PLANS[plan], effect)
