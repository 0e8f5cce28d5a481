"""The numbers of one metric: every version by itself, and each candidate against the primary."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, isfinite

from iter8_gitops.core.analysis.beliefs import bayesian_view
from iter8_gitops.core.analysis.effects import Effect, effect
from iter8_gitops.core.analysis.findings import finding_of, goal_sign, margin_of, role_of
from iter8_gitops.core.analysis.readings import Experiment, Reading, strata
from iter8_gitops.core.analysis.values import Comparison, MetricResult, VersionResult
from iter8_gitops.core.statistics.bayes import chance_to_beat
from iter8_gitops.core.statistics.contrasts import MINIMUM_USERS, contrast, separate
from iter8_gitops.core.statistics.planning import clock_needed, detectable_difference, seconds_left
from iter8_gitops.core.statistics.sequence import ConfidenceSequence, p_value
from iter8_gitops.spec.routemap import MetricDeclaration


def described(experiment: Experiment, name: str) -> MetricResult:
    """A metric that nobody declared: users and means, and no judgement."""
    metric = MetricDeclaration(name)
    versions = tuple(
        VersionResult(version, experiment.users(version), _mean(experiment, metric, version), None, None, None)
        for version in experiment.taking_part
    )
    return MetricResult(name, "described", "", "mean", "", None, versions)


def judged(experiment: Experiment, metric: MetricDeclaration, alpha: float, elapsed: float) -> MetricResult:
    """A declared metric; each comparison may err with probability `alpha`. `elapsed` is in seconds."""
    readings = {version: experiment.readings(metric, version) for version in experiment.taking_part}
    enough = {
        version: each for version, each in readings.items() if experiment.users(version) >= MINIMUM_USERS and each
    }
    bayesian = bayesian_view(enough, goal_sign(metric))
    everybody = sum(experiment.users(version) for version in experiment.taking_part)
    versions = []
    for version in experiment.taking_part:
        best, loss = bayesian.get(version, (None, None))
        comparison = None
        if version:
            pair = readings[0], readings[version]
            found = effect(metric.type, (0, version), pair, alpha)
            if found is not None:
                comparison = _comparison(metric, found, pair, alpha, (elapsed, everybody))
        mean = _mean(experiment, metric, version)
        versions.append(VersionResult(version, experiment.users(version), mean, comparison, best, _finite(loss)))
    return MetricResult(
        metric.name,
        role_of(metric),
        metric.goal,
        metric.type,
        metric.denominator,
        metric.max_harm if metric.max_harm is not None else metric.minimum_effect,
        tuple(versions),
    )


def _comparison(
    metric: MetricDeclaration,
    effect: Effect,
    readings: tuple[Sequence[Reading], Sequence[Reading]],
    alpha: float,
    so_far: tuple[float, int],
) -> Comparison:
    found, sequence = effect.found, ConfidenceSequence(alpha)
    elapsed, everybody = so_far
    size = abs(found.baseline_mean)
    finding = finding_of(metric, effect)
    needed = clock_needed(found, sequence, margin_of(metric) * size) if finding == "open" else None
    plain = contrast(strata(*readings), separate)
    return Comparison(
        method=effect.method,
        alpha=alpha,
        difference=_finite(found.difference),
        difference_interval=effect.difference,
        lift=_finite(found.difference / size) if size else None,
        lift_interval=effect.lift,
        log_evidence=_finite(effect.log_evidence),
        p_value=p_value(effect.log_evidence),
        finding=finding,
        detectable_lift=_finite(detectable_difference(found, sequence) / size) if size else None,
        users_left=None if needed is None else ceil(max(needed / found.clock - 1.0, 0.0) * everybody),
        seconds_left=None if needed is None else seconds_left(found, needed, elapsed),
        chance_to_beat=chance_to_beat(goal_sign(metric) * plain.difference, plain.standard_error)
        if plain is not None and plain.standard_error > 0.0
        else None,
    )


def _mean(experiment: Experiment, metric: MetricDeclaration, version: int) -> float | None:
    mean = experiment.overall(metric, version)
    return None if mean is None or abs(mean) > Fraction(1e300) else float(mean)


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
