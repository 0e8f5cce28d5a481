"""Stored sums of experiments, from lists of numbers and from means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from iter8_gitops.core.analysis.analyse import analyse
from iter8_gitops.core.analysis.values import Analysis, Comparison, MetricResult
from iter8_gitops.spec.metric import ArmStatistics, EpochWeights, ExactSum, ExperimentStatistics, UserSums
from iter8_gitops.spec.routemap import MetricDeclaration

START = 1_700_000_000
HOUR = 3600.0
NAMES = ("v0", "v1", "v2", "v3")


def split(exact: Fraction) -> ExactSum:
    high = float(exact)
    return high, float(exact - Fraction(high))


def sums(users: int, mean: float, variance: float, positive: int | None = None) -> UserSums:
    """Of `users`, all with a value, whose mean and sample variance are given."""
    total = Fraction(users) * Fraction(mean)
    squares = Fraction(variance) * (users - 1) + total * total / users
    return UserSums(users, users if positive is None else positive, split(total), split(squares))


def sums_of(totals: Sequence[float]) -> UserSums:
    """Of users with these totals."""
    exact = [Fraction(total) for total in totals]
    squares = sum((x * x for x in exact), Fraction(0))
    return UserSums(len(exact), sum(x > 0 for x in exact), split(sum(exact, Fraction(0))), split(squares))


def converted(count: int) -> UserSums:
    return UserSums(count, count, (float(count), 0.0), (float(count), 0.0))


def arm(
    version: int,
    users: int,
    metrics: Mapping[str, UserSums] | None = None,
    *,
    epoch: int = START,
    newcomers: int | None = None,
    products: Mapping[tuple[str, str], float] | None = None,
) -> ArmStatistics:
    exact = {key: (value, 0.0) for key, value in (products or {}).items()}
    return ArmStatistics(version, epoch, users, users if newcomers is None else newcomers, metrics or {}, exact)


def experiment(*arms: ArmStatistics, weights: Mapping[int, tuple[int, ...]] | None = None) -> ExperimentStatistics:
    """With equal weights of all versions in one epoch, unless others are given."""
    count = max((each.version for each in arms), default=1) + 1
    epochs = weights or {START: (1,) * max(count, 2)}
    return ExperimentStatistics(START, tuple(EpochWeights(*each) for each in sorted(epochs.items())), arms)


def analysis(
    metrics: Sequence[MetricDeclaration],
    statistics: ExperimentStatistics,
    *,
    hours: float = 48.0,
    names: Sequence[str] = NAMES,
) -> Analysis:
    return analyse(metrics, statistics, started=START, now=START + hours * HOUR, names=names)


def metric_of(found: Analysis, name: str) -> MetricResult:
    return next(metric for metric in found.metrics if metric.name == name)


def comparison_in(found: Analysis, name: str, version: int = 1) -> Comparison:
    result = next(each for each in metric_of(found, name).versions if each.version == version)
    assert result.comparison is not None
    return result.comparison
