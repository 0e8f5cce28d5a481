"""`GET /v1/routemaps/{namespace}/{name}/analysis` and `../trend`: values of core as JSON, in camelCase."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from iter8_gitops.core.statistics.quantiles import quantile
from iter8_gitops.serving.results import AnalysisReport, Trend
from iter8_gitops.spec.metric import Distribution, MetricReport

Json = dict[str, Any]
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


def analysis_view(report: AnalysisReport) -> Json:
    """The verdict, what it rests on, and how values are distributed."""
    told: Json = _camel(msgspec.to_builtins(report.analysis))
    for metric in told["metrics"]:
        for version in metric["versions"]:
            version |= _distributions(report.distributions, metric["name"], version["version"])
    return {
        "application": report.state.application,
        "versions": [{"index": each.index, "name": each.name, "weight": each.weight} for each in report.state.versions],
        "elapsedSeconds": told.pop("elapsed"),
        **told,
    }


def trend_view(trend: Trend) -> Json:
    """Users, verdict and lifts at each look."""
    return {
        "application": trend.application,
        "experiment": trend.experiment,
        "points": [
            {
                **msgspec.to_builtins(point),
                "at": datetime.fromtimestamp(point.at, tz=UTC).isoformat("T", "milliseconds"),
            }
            for point in trend.points
        ],
    }


def _distributions(report: MetricReport, name: str, version: int) -> Json:
    """How the values of one metric and version are distributed, over all epochs of its content."""
    found = next((each for each in report.get(name, ()) if each.version == version), None)
    return {
        "perUser": _distribution(found.over_users) if found else None,
        "perTransaction": _distribution(found.over_transactions) if found else None,
    }


def _distribution(distribution: Distribution) -> Json:
    summary = distribution.summary
    return {
        "count": summary.count,
        "mean": summary.mean,
        "minimum": summary.minimum,
        "maximum": summary.maximum,
        **{name: quantile(distribution.counts, share) for name, share in QUANTILES.items()},
    }


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _camel(each) for key, each in value.items()}
    return [_camel(each) for each in value] if isinstance(value, list | tuple) else value


def _key(snake: str) -> str:
    first, *rest = snake.split("_")
    return first + "".join(word.capitalize() for word in rest)
