"""The Bayesian view of all versions in one metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum, sqrt

from iter8_gitops.core.analysis.readings import Reading
from iter8_gitops.core.statistics.bayes import Belief, chances_to_be_best, expected_losses
from iter8_gitops.core.statistics.contrasts import Stratum, separate, variance_of_mean, weighted_mean


def bayesian_view(readings: Mapping[int, Sequence[Reading]], goal: int) -> dict[int, tuple[float, float]]:
    """Version -> its chance to be best and its expected loss; empty when there are not two versions to compare.

    `goal` is 1 where more is better, -1 where less is. Epochs that all versions share are averaged with the weights
    1/sum(1/n), which are those of `contrasts` when there are two versions.
    """
    shared = (
        set.intersection(*({reading.epoch for reading in each} for each in readings.values())) if readings else set()
    )
    if len(readings) < 2 or not shared:
        return {}
    samples = {
        version: [reading.sample for reading in each if reading.epoch in shared] for version, each in readings.items()
    }
    weights = [1.0 / fsum(1.0 / sample.users for sample in epoch) for epoch in zip(*samples.values(), strict=True)]
    origin = next(iter(samples.values()))[0].mean
    beliefs = []
    for each in samples.values():
        mean = weighted_mean(weights, [float(sample.mean - origin) for sample in each])
        variances = [separate(Stratum(sample, sample))[0] for sample in each]
        beliefs.append(Belief(goal * mean, sqrt(variance_of_mean(weights, each, variances))))
    if not all(belief.standard_error > 0.0 for belief in beliefs):
        return {}
    return dict(zip(samples, zip(chances_to_be_best(beliefs), expected_losses(beliefs), strict=True), strict=True))
