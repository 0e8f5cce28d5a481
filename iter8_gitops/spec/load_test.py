"""The result of a load test, as far as dashboards show it: how long the requests to each endpoint took.

HTTP endpoints are tested by fortio (https://github.com/fortio/fortio, `HTTPRunnerResults`), gRPC methods by ghz
(https://ghz.sh, `Report`); the names of the fields are theirs. Durations are in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1e9)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]


class FortioBucket(Struct, frozen=True, rename="pascal"):
    """`count` requests took from `start` to `end`."""

    start: Seconds
    end: Seconds
    count: Count


class FortioHistogram(Struct, frozen=True, rename="pascal"):
    """How long requests took. `data` is None where there were none."""

    count: Count = 0
    min: Seconds = 0.0
    max: Seconds = 0.0
    avg: Seconds = 0.0
    std_dev: Seconds = 0.0
    data: tuple[FortioBucket, ...] | None = None


class FortioResult(Struct, frozen=True, rename="pascal"):
    """One endpoint: all requests, those that failed, and how many were answered with each HTTP status."""

    duration_histogram: FortioHistogram | None = None
    errors_duration_histogram: FortioHistogram | None = None
    ret_codes: Mapping[str, Count] | None = None


class GhzBucket(Struct, frozen=True, rename="camel"):
    """`count` requests took up to `mark`, and longer than the mark before."""

    mark: Seconds
    count: Count


class GhzReport(Struct, frozen=True, rename="camel"):
    """One method: how many calls there were, and how many of each error and status code."""

    count: Count = 0
    error_distribution: Mapping[str, Count] | None = None
    status_code_distribution: Mapping[str, Count] | None = None
    histogram: tuple[GhzBucket, ...] | None = None


class LoadTest(Struct, frozen=True):
    """A load test. An endpoint is None when its test was broken off; `start_time` is RFC 3339, "" when not known."""

    name: str
    namespace: str
    revision: Count = 0
    start_time: str = ""
    completed_tasks: Count = 0
    failure: bool = False
    iter8_version: str = ""
    http: Mapping[str, FortioResult | None] = {}
    grpc: Mapping[str, GhzReport | None] = {}
