"""The analysis of an experiment, at any moment and as often as anybody likes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from iter8_gitops.core.analysis.candidates import Judge, comparison_of
from iter8_gitops.core.analysis.effects import effect
from iter8_gitops.core.analysis.findings import improvement, role_of
from iter8_gitops.core.analysis.readings import Experiment
from iter8_gitops.core.analysis.results import described, judged
from iter8_gitops.core.analysis.values import Analysis, MetricResult, SampleRatioResult
from iter8_gitops.core.analysis.verdicts import NotWorse, candidate_verdicts, overall
from iter8_gitops.core.statistics.multinomial import Counts
from iter8_gitops.core.statistics.multiplicity import split_alpha
from iter8_gitops.core.statistics.sample_ratio import sample_ratio
from iter8_gitops.core.statistics.sequence import ALPHA
from iter8_gitops.spec.metric import ExperimentStatistics
from iter8_gitops.spec.routemap import MetricDeclaration


def analyse(
    metrics: Sequence[MetricDeclaration],
    statistics: ExperimentStatistics,
    *,
    started: float,
    now: float,
    names: Sequence[str] = (),
    alpha: float = ALPHA,
) -> Analysis:
    """What is known of an experiment that `started` and lasts until `now` (both in seconds since 1970).

    A version that is no better than the primary is ever called better, at any look, with probability `alpha` at most,
    all versions and success metrics together. `names` are those of the versions, for sentences. Metrics that are not
    declared are described and never judged; they come after the declared ones.
    """
    experiment = Experiment.of(statistics)
    elapsed = max(now - started, 0.0)
    shares = _alphas(metrics, experiment, alpha)
    declared = tuple(judged(experiment, metric, share, elapsed) for metric, share in zip(metrics, shares, strict=True))
    ratio = _sample_ratio(experiment.newcomers(), len(experiment.arms))
    judge = Judge(experiment, declared, names, elapsed)
    candidates = candidate_verdicts(judge, ratio, _not_worse(experiment, metrics, shares, declared))
    return Analysis(
        experiment=statistics.experiment,
        elapsed=elapsed,
        verdict=overall(judge, ratio, candidates),
        candidates=candidates,
        sample_ratio=ratio,
        metrics=(*declared, *(described(experiment, name) for name in _undeclared(metrics, statistics))),
    )


def _alphas(metrics: Sequence[MetricDeclaration], experiment: Experiment, alpha: float) -> list[float]:
    versions = len(experiment.taking_part)
    winning = sum(role_of(metric) == "success" for metric in metrics)
    return [split_alpha(alpha, versions, winning if role_of(metric) == "success" else 1) for metric in metrics]


def _sample_ratio(newcomers: Sequence[Counts], versions: int) -> SampleRatioResult:
    judged = sample_ratio(newcomers)
    expected = [0.0] * versions
    for period in newcomers:
        users, weight = sum(period.counts), sum(period.weights)
        for version, share in enumerate(period.weights):
            expected[version] += users * share / weight if weight else 0.0
    came = tuple(sum(period.counts[version] for period in newcomers) for version in range(versions))
    return SampleRatioResult(judged.state, judged.log_evidence, came, tuple(expected))


def _not_worse(
    experiment: Experiment,
    metrics: Sequence[MetricDeclaration],
    shares: Sequence[float],
    results: Sequence[MetricResult],
) -> NotWorse:
    @cache
    def not_worse(version: int, rival: int) -> bool:
        for metric, share, result in zip(metrics, shares, results, strict=True):
            comparison = comparison_of(result, version)
            if comparison is None or comparison.finding != "better":
                continue
            pair = experiment.readings(metric, rival), experiment.readings(metric, version)
            found = effect(metric.type, (rival, version), pair, share)
            if found is not None and improvement(metric, found, -metric.minimum_effect) > 0:
                return True
        return False

    return not_worse


def _undeclared(metrics: Sequence[MetricDeclaration], statistics: ExperimentStatistics) -> list[str]:
    known = {metric.name for metric in metrics}
    return sorted({name for arm in statistics.arms for name in arm.metrics} - known)
