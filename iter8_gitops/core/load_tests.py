"""The JSON of `GET /httpDashboard` and `GET /grpcDashboard`, as Iter8's Grafana panels read it.

Durations are in milliseconds. A load test has one version, which histograms call "0". As in `dashboard`, a number
without a fraction is an integer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from math import floor
from typing import Any

from iter8_gitops.core.dashboard import plain_number
from iter8_gitops.spec.load_test import FortioHistogram, FortioResult, GhzReport, LoadTest

_VERSION = "0"
_MILLISECONDS = 1000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NO_STATISTICS = {"Count": 0, "Mean": 0, "StdDev": 0, "Min": 0, "Max": 0}

Json = dict[str, Any]


def http_dashboard(test: LoadTest) -> Json:
    """Per HTTP endpoint: histograms and summaries of all durations and of those of errors, and the status codes."""
    return _dashboard(test, {name: _http_endpoint(test.http[name]) for name in sorted(test.http)})


def grpc_dashboard(test: LoadTest) -> Json:
    """Per gRPC method: a histogram of durations, the counts of calls and errors, and the status codes."""
    return _dashboard(test, {name: _grpc_endpoint(test.grpc[name]) for name in sorted(test.grpc)})


def started(text: str) -> datetime | None:
    """`text` (RFC 3339) as a time, in UTC where it names no zone; None for "". Raises `ValueError`."""
    if not text:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _dashboard(test: LoadTest, endpoints: Json) -> Json:
    return {
        "Endpoints": endpoints,
        "ExperimentResult": {
            "Name": test.name,
            "Namespace": test.namespace,
            "Revision": test.revision,
            "Start time": _shown(started(test.start_time)),
            "Completed tasks": test.completed_tasks,
            "Failure": test.failure,
            "Insights": None,
            "Iter8 version": test.iter8_version,
        },
    }


def _http_endpoint(result: FortioResult | None) -> Json:
    result = result or FortioResult()
    return {
        "Durations": _http_histogram(result.duration_histogram),
        "Statistics": _http_statistics(result.duration_histogram),
        "Error durations": _http_histogram(result.errors_duration_histogram),
        "Error statistics": _http_statistics(result.errors_duration_histogram),
        "Return codes": _ascending(result.ret_codes),
    }


def _http_histogram(histogram: FortioHistogram | None) -> list[Json] | None:
    if histogram is None:
        return None
    return [_bar(f"{_cut(bucket.start, 1)} - {_cut(bucket.end, 1)}", bucket.count) for bucket in histogram.data or ()]


def _http_statistics(histogram: FortioHistogram | None) -> Json:
    if histogram is None:
        return _NO_STATISTICS
    return {
        "Count": histogram.count,
        "Mean": plain_number(histogram.avg * _MILLISECONDS),
        "StdDev": plain_number(histogram.std_dev * _MILLISECONDS),
        "Min": plain_number(histogram.min * _MILLISECONDS),
        "Max": plain_number(histogram.max * _MILLISECONDS),
    }


def _grpc_endpoint(report: GhzReport | None) -> Json:
    report = report or GhzReport()
    bars = None if report.histogram is None else [_bar(_cut(each.mark, 3), each.count) for each in report.histogram]
    return {
        "Durations": bars,
        "Statistics": {"Count": report.count, "ErrorCount": sum((report.error_distribution or {}).values())},
        "Status codes": _ascending(report.status_code_distribution),
    }


def _bar(label: str, count: int) -> Json:
    return {"Version": _VERSION, "Bucket": label, "Value": count}


def _cut(seconds: float, decimals: int) -> str:
    """A duration in milliseconds, cut down to so many decimals, in the shortest form that says it.

    Computed from the decimals that people see, as bounds of bins are: 0.009 s are 9 ms, whatever the nearest double is.
    """
    milliseconds = Fraction(f"{seconds:.15g}") * _MILLISECONDS
    whole, rest = divmod(floor(milliseconds * 10**decimals), 10**decimals)
    return f"{whole}.{rest:0{decimals}}".rstrip("0").rstrip(".") if rest else str(whole)


def _ascending(counts: Mapping[str, int] | None) -> Json | None:
    return None if counts is None else dict(sorted(counts.items()))


def _shown(time: datetime | None) -> str:
    """`25 Nov 25 20:05 UTC`, with the offset where it is not UTC."""
    if time is None:
        return ""
    zone = "UTC" if not time.utcoffset() else f"{time:%z}"
    return f"{time:%d} {_MONTHS[time.month - 1]} {time:%y} {time:%H:%M} {zone}"
