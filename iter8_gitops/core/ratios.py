"""The ratios among the declared metrics, whose products a metric store has to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from iter8_gitops.spec.routemap import MetricDeclaration


def ratios(metrics: Iterable[MetricDeclaration]) -> tuple[tuple[str, str], ...]:
    """(numerator, denominator) of every declared ratio, once each, in their order."""
    return tuple(dict.fromkeys((metric.name, metric.denominator) for metric in metrics if metric.type == "ratio"))


def ratios_by_metric(metrics: Iterable[MetricDeclaration]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Metric name -> the ratios that it is part of, of those that are part of any."""
    pairs = ratios(metrics)
    return {name: tuple(pair for pair in pairs if name in pair) for name in dict.fromkeys(sum(pairs, ()))}
