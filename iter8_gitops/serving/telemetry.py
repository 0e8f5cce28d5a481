"""What this process counts for Prometheus.

The HTTP workers and the gRPC server are processes of their own. With `PROMETHEUS_MULTIPROC_DIR` set
before `prometheus_client` is first imported, each keeps its counters in memory-mapped files there, so
that any worker can answer a scrape for all of them (https://prometheus.github.io/client_python/multiprocess/).
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram

Transport = Literal["http", "grpc"]

FLUSH_SECONDS = 0.5

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class _BulkHistogram(Histogram):
    """A histogram that takes many observations at once, which the library has no call for."""

    def observe_many(self, counts: Sequence[int], total: float) -> None:
        """Add `counts`, one per bucket of its own (not cumulative), of observations that sum to `total`."""
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


class _Timings:
    """Durations of one route since the last flush: one count per bucket, the last without a bound."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(_SECONDS) + 1)
        self.total = 0.0


class Telemetry:
    """Counters of lookups, values and requests, to be used on one event loop unless a method says otherwise.

    Counting costs well under a microsecond; `flush` hands on what was counted, several times a second,
    because a counter in a shared file costs more than the lookup that it counts.
    Labels have few values each: applications and versions that exist, and routes by their template.
    """

    def __init__(
        self, dropped_exposures: Callable[[], int] = lambda: 0, stored_exposures: Callable[[], int] = lambda: 0
    ) -> None:
        """How many exposures this process could not record, and how many it has, since it started."""
        self._dropped_exposures = dropped_exposures
        self._stored_exposures = stored_exposures
        self._counted_drops = self._counted_exposures = 0
        self.registry = CollectorRegistry()
        self._lookups = Counter(
            "iter8_lookups", "Lookups answered.", ("application", "version"), registry=self.registry
        )
        self._values = Counter(
            "iter8_metric_values",
            "Metric values accepted. One whose transaction had counted before is accepted, and not stored again.",
            registry=self.registry,
        )
        self._drops = Counter(
            "iter8_dropped_exposures", "Exposures that could not be recorded.", registry=self.registry
        )
        self._exposures = Counter(
            "iter8_exposures",
            "Exposures stored. Each process remembers what it has stored, and does not store it again.",
            registry=self.registry,
        )
        self._errors = Counter(
            "iter8_request_errors",
            "Requests refused or failed, by HTTP status or gRPC status code.",
            ("transport", "route", "code"),
            registry=self.registry,
        )
        self._durations = _BulkHistogram(
            "iter8_request_duration_seconds",
            "Time from the arrival of a request to its answer.",
            ("transport", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._new_lookups: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._new_durations: defaultdict[tuple[str, str], _Timings] = defaultdict(_Timings)

    def count_lookup(self, application: str, version: int, users: int = 1) -> None:
        """So many users of an existing `application` were given `version`."""
        self._new_lookups[application, version] += users

    def count_values(self, count: int) -> None:
        """`count` metric values were accepted: stored, or counted before. May be called from any thread."""
        self._values.inc(count)

    def request(self, transport: Transport, route: str, seconds: float, failure: str = "") -> None:
        """A request took `seconds`; `failure` is its status code when it was refused or failed."""
        timings = self._new_durations[transport, route]
        timings.counts[bisect_left(_SECONDS, seconds)] += 1
        timings.total += seconds
        if failure:
            self._errors.labels(transport, route, failure).inc()

    def flush(self) -> None:
        """Make everything that was counted visible to scrapes."""
        for (application, version), count in self._new_lookups.items():
            self._lookups.labels(application, str(version)).inc(count)
        self._new_lookups.clear()
        for key, timings in self._new_durations.items():
            self._durations.labels(*key).observe_many(timings.counts, timings.total)
        self._new_durations.clear()
        dropped = self._dropped_exposures()
        self._drops.inc(dropped - self._counted_drops)
        self._counted_drops = dropped
        stored = self._stored_exposures()
        self._exposures.inc(stored - self._counted_exposures)
        self._counted_exposures = stored

    async def flush_regularly(self) -> None:
        """Flush until cancelled, and then once more."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                self.flush()
        finally:
            self.flush()
