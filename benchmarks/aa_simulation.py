"""Experiments without any difference, looked at after every 100 users: who would declare a winner?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from random import Random
from typing import TypeAlias

from iter8_gitops.core.analysis.effects import effect
from iter8_gitops.core.analysis.readings import Reading
from iter8_gitops.core.statistics.samples import Pairs, Sample, ratio_sample
from iter8_gitops.core.statistics.sequence import ALPHA

LOOK_EVERY = 100
ENOUGH_FOR_NAIVE = 30
"""Users per arm before a method that knows no minimum is asked; a textbook says so."""

Draw: TypeAlias = Callable[[Random, float], tuple[float, float]]
"""A user's value and denominator, given the level of the day."""


@dataclass(frozen=True, slots=True)
class Stage:
    """`users` come while the candidate has `share` and the day `level`; so many of them (a share) came before."""

    users: int
    share: float
    level: float = 1.0
    returning: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    kind: str
    draw: Draw
    stages: tuple[Stage, ...]
    effect: float = 0.0
    """What the candidate adds, as a share: 0 in an A/A experiment."""


@dataclass(slots=True)
class Tally:
    """Running sums over the users of one arm in one stage."""

    users: int = 0
    returning: int = 0
    x: float = 0.0
    xx: float = 0.0
    m: float = 0.0
    mm: float = 0.0
    xm: float = 0.0

    def note(self, x: float, m: float, back: bool) -> None:
        self.users += 1
        self.returning += back
        self.x += x
        self.xx += x * x
        self.m += m
        self.mm += m * m
        self.xm += x * m


Tallies: TypeAlias = tuple[Tally, Tally]
Method: TypeAlias = Callable[[Scenario, Sequence[Tallies]], bool]


def declared(scenario: Scenario, methods: dict[str, Method], seed: int) -> set[str]:
    """The methods that saw a difference at any look of one experiment."""
    rng = Random(seed)
    seen: set[str] = set()
    stages: list[Tallies] = []
    known: list[tuple[float, tuple[float, float]]] = []
    for stage in scenario.stages:
        arms = (Tally(), Tally())
        stages.append(arms)
        old = rng.sample(known, min(round(stage.users * stage.returning), len(known)))
        for number in range(1, stage.users + 1):
            back = number <= len(old)
            place, (x, m) = old[number - 1] if back else (rng.random(), scenario.draw(rng, stage.level))
            if not back:
                known.append((place, (x, m)))
            arm = place < stage.share
            if arm and scenario.effect:
                x = raised(rng, scenario, x)
            arms[arm].note(x, m, back)
            if number % LOOK_EVERY == 0:
                seen |= {name for name, sees in methods.items() if name not in seen and sees(scenario, stages)}
        if seen == set(methods):
            break
    return seen


def shares(scenario: Scenario, methods: dict[str, Method], runs: int) -> dict[str, float]:
    """Method -> the share of `runs` experiments in which it saw a difference at any look."""
    counts = dict.fromkeys(methods, 0)
    for seed in range(runs):
        for name in declared(scenario, methods, seed):
            counts[name] += 1
    return {name: count / runs for name, count in counts.items()}


def decision(scenario: Scenario, stages: Sequence[Tallies]) -> bool:
    """What this project decides by."""
    return _sees(scenario.kind, scenario, stages)


def sequence(scenario: Scenario, stages: Sequence[Tallies]) -> bool:
    """The confidence sequence also where there is an exact test."""
    return _sees("mean", scenario, stages)


def t_test(_: Scenario, stages: Sequence[Tallies]) -> bool:
    """A textbook test at 5%, as if this look were the only one."""
    return abs(_z(stages)) > 1.959964


def flat_prior(_: Scenario, stages: Sequence[Tallies]) -> bool:
    """A chance to beat the other version above 95%, under a flat prior."""
    return abs(_z(stages)) > 1.644854


OURS: dict[str, Method] = {"this project": decision}
NAIVE: dict[str, Method] = {"t-test": t_test, "flat prior": flat_prior}


def _sees(kind: str, scenario: Scenario, stages: Sequence[Tallies]) -> bool:
    readings: tuple[list[Reading], list[Reading]] = ([], [])
    for number, (stage, arms) in enumerate(zip(scenario.stages, stages, strict=False)):
        share = round(stage.share * 1000)
        for place, tally in zip(readings, arms, strict=True):
            if tally.users:
                place.append(Reading(number, (1000 - share, share), _sample(tally), round(tally.x)))
    found = effect(kind, (0, 1), readings, ALPHA)
    return found is not None and found.side(0.0) != 0


def raised(rng: Random, scenario: Scenario, x: float) -> float:
    """`x` with the effect: more of it, or for a conversion one more often."""
    if scenario.kind != "conversion":
        return x * (1.0 + scenario.effect)
    return max(x, float(rng.random() < 0.05 * scenario.effect))


def _sample(tally: Tally) -> Sample:
    users = tally.users
    if tally.m == users == tally.mm:
        mean = tally.x / users
        variance = max(tally.xx - users * mean * mean, 0.0) / (users - 1) if users > 1 else 0.0
        return Sample(users, mean, variance, tally.returning)
    exact = Pairs(*map(Fraction, (tally.x, tally.xx, tally.m, tally.mm, tally.xm)))
    return ratio_sample(users, exact, tally.returning) or Sample(users, 0.0, 0.0, tally.returning)


def _z(stages: Sequence[Tallies]) -> float:
    """All stages in one, as dashboards do."""
    arms = [Tally(), Tally()]
    for stage in stages:
        for total, part in zip(arms, stage, strict=True):
            for field in ("users", "x", "xx", "m", "mm", "xm"):
                setattr(total, field, getattr(total, field) + getattr(part, field))
    if min(arm.users for arm in arms) < ENOUGH_FOR_NAIVE:
        return 0.0
    a, b = map(_sample, arms)
    error = sqrt(a.variance / a.users + b.variance / b.users)
    return float(b.mean - a.mean) / error if error else 0.0
