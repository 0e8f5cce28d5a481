"""The JSON of `GET /abnDashboard`, as Iter8's Grafana panels read it.

Per metric: histograms and summaries, over transactions (each value counts) and over users (each exposed user
counts once, with the sum of their values). The version is a string in histograms and an integer in summaries,
and a number without a fraction is an integer, as Go's encoder writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from iter8_gitops.core.histograms import Bins
from iter8_gitops.spec.metric import Distribution, MetricReport, Summary

_Versions: TypeAlias = Sequence[tuple[int, Distribution]]
_LARGEST_EXACT_INTEGER = 2**53


def abn_dashboard(report: MetricReport) -> dict[str, Any]:
    """Metric name -> its four tables, names ascending; `{}` when there are no metrics.

    All of it encodes to valid JSON: no NaN, no infinity, no integer beyond 2^53.
    """
    tables: dict[str, Any] = {}
    for name in sorted(report):
        versions = sorted(report[name], key=attrgetter("version"))
        transactions = [(metric.version, metric.over_transactions) for metric in versions]
        users = [(metric.version, metric.over_users) for metric in versions]
        tables[name] = {
            "HistogramsOverTransactions": _histograms(transactions),
            "HistogramsOverUsers": _histograms(users),
            "SummaryOverTransactions": _summaries(transactions),
            "SummaryOverUsers": _summaries(users),
        }
    return tables


def _histograms(versions: _Versions) -> list[dict[str, Any]]:
    """One row per version and bin; all versions share the bins, so that they can be compared."""
    if not versions:
        return []
    bins = Bins.between(
        min(distribution.summary.minimum for _, distribution in versions),
        max(distribution.summary.maximum for _, distribution in versions),
    )
    return [
        {"Version": str(version), "Bucket": label, "Value": count}
        for version, distribution in versions
        for label, count in zip(bins.labels, bins.counted(distribution.counts), strict=True)
    ]


def _summaries(versions: _Versions) -> list[dict[str, Any]]:
    return [_summary(version, distribution.summary) for version, distribution in versions]


def _summary(version: int, summary: Summary) -> dict[str, Any]:
    return {
        "Version": version,
        "Count": summary.count,
        "Mean": plain_number(summary.mean),
        "StdDev": plain_number(summary.standard_deviation),
        "Min": plain_number(summary.minimum),
        "Max": plain_number(summary.maximum),
    }


def plain_number(value: float) -> int | float:
    """An integer where `value` is one and every reader of JSON can hold it."""
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_EXACT_INTEGER else value
