"""Gauges of experiments: the verdict, the users of each version, and how it compares with the primary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric

from iter8_gitops.core.analysis.values import Analysis, VerdictName
from iter8_gitops.serving.verdicts import Known

_VERDICTS: tuple[str, ...] = get_args(VerdictName)
_OF_VERSION = ("application", "version")
_OF_METRIC = ("application", "metric", "version")


def verdict_gauges(known: Known) -> Iterable[Metric]:
    """Of every analysis that is known. Numbers that cannot be told are left out."""
    yield _verdicts(known.analyses)
    yield GaugeMetricFamily(
        "iter8_verdicts_left_out", "Routemaps with declared metrics of which no verdict is told here.", known.left_out
    )
    yield from _sample_ratios(known.analyses)
    yield from _comparisons(known.analyses)


def _verdicts(analyses: Mapping[str, Analysis]) -> Metric:
    family = GaugeMetricFamily(
        "iter8_verdict", "1 for the verdict on the experiment, else 0.", labels=("application", "verdict")
    )
    for application, analysis in analyses.items():
        for name in _VERDICTS:
            family.add_metric((application, name), analysis.verdict.name == name)
    return family


def _sample_ratios(analyses: Mapping[str, Analysis]) -> Iterable[Metric]:
    users = GaugeMetricFamily(
        "iter8_experiment_users", "Users who came to the version first in this experiment.", labels=_OF_VERSION
    )
    mismatch = GaugeMetricFamily(
        "iter8_sample_ratio_mismatch",
        "0 when users come as the weights say, 1 when this is in doubt, 2 when they do not.",
        labels=("application",),
    )
    levels = {"ok": 0, "warning": 1, "blocked": 2}
    for application, analysis in analyses.items():
        mismatch.add_metric((application,), levels[analysis.sample_ratio.state])
        for version, count in enumerate(analysis.sample_ratio.newcomers):
            users.add_metric((application, str(version)), count)
    return users, mismatch


def _comparisons(analyses: Mapping[str, Analysis]) -> Iterable[Metric]:
    """Of declared metrics alone, whose number the routemap bounds."""
    mean = GaugeMetricFamily("iter8_metric_mean", "Mean over the users of the version.", labels=_OF_METRIC)
    lift = GaugeMetricFamily(
        "iter8_metric_lift", "Difference from the primary, as a share of its mean.", labels=_OF_METRIC
    )
    lower = GaugeMetricFamily("iter8_metric_lift_lower", "Lower end of the interval of the lift.", labels=_OF_METRIC)
    upper = GaugeMetricFamily("iter8_metric_lift_upper", "Upper end of the interval of the lift.", labels=_OF_METRIC)
    for application, analysis in analyses.items():
        for metric in analysis.metrics:
            if metric.role == "described":
                continue
            for result in metric.versions:
                key = (application, metric.name, str(result.version))
                _add(mean, key, result.mean)
                if result.comparison is not None:
                    _add(lift, key, result.comparison.lift)
                    _add(lower, key, result.comparison.lift_interval.lower)
                    _add(upper, key, result.comparison.lift_interval.upper)
    return mean, lift, lower, upper


def _add(family: GaugeMetricFamily, key: tuple[str, str, str], value: float | None) -> None:
    if value is not None:
        family.add_metric(key, value)
