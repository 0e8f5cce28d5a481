"""The stored sums of an experiment as samples: per metric, version and weight epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from iter8_gitops.core.moments import ZERO
from iter8_gitops.core.statistics.contrasts import Stratum
from iter8_gitops.core.statistics.multinomial import Counts
from iter8_gitops.core.statistics.samples import Pairs, Sample, conversion_sample, mean_sample, ratio_sample
from iter8_gitops.spec.metric import ArmStatistics, ExactSum, ExperimentStatistics, UserSums
from iter8_gitops.spec.routemap import MetricDeclaration

_NO_SUMS = UserSums(0, 0, ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Reading:
    """One version in one epoch: the sample of a metric there, and how many of its users have a sum above 0."""

    epoch: int
    weights: tuple[int, ...] | None
    sample: Sample
    positive: int


@dataclass(frozen=True, slots=True)
class Experiment:
    """The arms of the present experiment alone, per version ascending by epoch, and the weights of its epochs."""

    arms: tuple[tuple[ArmStatistics, ...], ...]
    weights: dict[int, tuple[int, ...]]

    @classmethod
    def of(cls, statistics: ExperimentStatistics) -> Experiment:
        """All versions that had a weight or users, up to the last one."""
        arms = [arm for arm in statistics.arms if arm.epoch >= statistics.experiment and arm.users > 0]
        weights = {epoch.epoch: epoch.weights for epoch in statistics.epochs if epoch.epoch >= statistics.experiment}
        count = max([len(each) for each in weights.values()] + [arm.version + 1 for arm in arms], default=1)
        ascending = sorted(arms, key=lambda arm: arm.epoch)
        return cls(tuple(tuple(a for a in ascending if a.version == version) for version in range(count)), weights)

    @property
    def taking_part(self) -> tuple[int, ...]:
        """The versions that had a weight or users in any epoch; always the primary."""
        return tuple(
            version
            for version, arms in enumerate(self.arms)
            if version == 0 or arms or any(self._weight(weights, version) for weights in self.weights.values())
        )

    @property
    def running(self) -> tuple[int, ...]:
        """The candidates that get users now; when there are none, all that took part."""
        candidates = self.taking_part[1:]
        last = self.weights[max(self.weights)] if self.weights else ()
        return tuple(version for version in candidates if self._weight(last, version)) or candidates

    def users(self, version: int) -> int:
        """How many came, at least: those of an epoch, or all that were new."""
        arms = self.arms[version]
        return max([sum(arm.newcomers for arm in arms), *(arm.users for arm in arms)])

    def newcomers(self) -> list[Counts]:
        """Users when they were first seen, per epoch in the order of time, for the check of the sample ratio."""
        first_seen = {(arm.epoch, arm.version): arm.newcomers for arms in self.arms for arm in arms}
        return [
            Counts(
                tuple(float(self._weight(weights, version)) for version in range(len(self.arms))),
                tuple(first_seen.get((epoch, version), 0) for version in range(len(self.arms))),
            )
            for epoch, weights in sorted(self.weights.items())
        ]

    def readings(self, metric: MetricDeclaration, version: int) -> tuple[Reading, ...]:
        """Per epoch ascending; without those in which the metric has no value, such as a ratio over nothing."""
        return tuple(
            Reading(arm.epoch, self.weights.get(arm.epoch), sample, arm.metrics.get(metric.name, _NO_SUMS).positive)
            for arm in self.arms[version]
            if (sample := _sample(metric, arm)) is not None
        )

    def overall(self, metric: MetricDeclaration, version: int) -> Fraction | None:
        """The mean of a metric over all users of all epochs, or the ratio of all sums; None without any."""
        arms = self.arms[version]
        total = sum((_exactly(arm.metrics.get(metric.name, _NO_SUMS).sum) for arm in arms), Fraction(0))
        if metric.type == "ratio":
            below = sum((_exactly(arm.metrics.get(metric.denominator, _NO_SUMS).sum) for arm in arms), Fraction(0))
        else:
            below = Fraction(sum(_users(metric, arm) for arm in arms))
        if metric.type == "conversion":
            total = Fraction(sum(arm.metrics.get(metric.name, _NO_SUMS).positive for arm in arms))
        return total / below if below else None

    @staticmethod
    def _weight(weights: Sequence[int], version: int) -> int:
        return weights[version] if version < len(weights) else 0


def strata(baseline: Sequence[Reading], candidate: Sequence[Reading]) -> list[Stratum]:
    """Both versions in the epochs that they share."""
    return [Stratum(one.sample, other.sample) for one, other in _paired(baseline, candidate)]


def conversions(
    baseline: Sequence[Reading], candidate: Sequence[Reading], versions: tuple[int, int]
) -> list[Counts] | None:
    """The converted users of both versions in the epochs that they share.

    None when the exact test does not apply: some users are counted twice, or weights were forgotten.
    """
    pairs = _paired(baseline, candidate)
    if len(pairs) > 1 and any(reading.sample.returning for pair in pairs for reading in pair):
        return None
    counts = []
    for one, other in pairs:
        weights = one.weights
        if weights is None or any(version >= len(weights) or not weights[version] for version in versions):
            return None
        shares = (float(weights[versions[0]]), float(weights[versions[1]]))
        counts.append(Counts(shares, (one.positive, other.positive)))
    return counts


def _paired(baseline: Sequence[Reading], candidate: Sequence[Reading]) -> list[tuple[Reading, Reading]]:
    by_epoch = {reading.epoch: reading for reading in candidate}
    return [(reading, by_epoch[reading.epoch]) for reading in baseline if reading.epoch in by_epoch]


def _sample(metric: MetricDeclaration, arm: ArmStatistics) -> Sample | None:
    sums = arm.metrics.get(metric.name, _NO_SUMS)
    users = _users(metric, arm)
    returning = max(users - arm.newcomers, 0)
    match metric.type:
        case "conversion":
            return conversion_sample(users, sums.positive, returning)
        case "ratio":
            below = arm.metrics.get(metric.denominator, _NO_SUMS)
            product = arm.products.get((metric.name, metric.denominator), None if sums.count and below.count else ZERO)
            if product is None:  # these values were written before the ratio was declared
                return None
            exact = map(_exactly, (sums.sum, sums.squares, below.sum, below.squares, product))
            return ratio_sample(users, Pairs(*exact), returning)
        case _:
            return mean_sample(users, _exactly(sums.sum), _exactly(sums.squares), returning)


def _users(metric: MetricDeclaration, arm: ArmStatistics) -> int:
    """Exposed users; exposures are stored before values, but across processes a value may be ahead for a moment."""
    counts = (arm.metrics.get(name, _NO_SUMS).count for name in (metric.name, metric.denominator))
    return max(arm.users, *counts)


def _exactly(total: ExactSum) -> Fraction:
    return Fraction(total[0]) + Fraction(total[1])
