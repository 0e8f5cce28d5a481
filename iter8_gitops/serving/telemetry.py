"""What this process counts for Prometheus.

The HTTP workers and the gRPC server are processes of their own. With `PROMETHEUS_MULTIPROC_DIR` set
before `prometheus_client` is first imported, each keeps its counters in memory-mapped files there, so
that any worker can answer a scrape for all of them (https://prometheus.github.io/client_python/multiprocess/).
"""

from __future__ import annotations

import asyncio
import collections
import logging
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram

from iter8_gitops.core.cohorts import Recommendation

Transport = Literal["http", "grpc"]
_Item = TypeVar("_Item")

FLUSH_SECONDS = 0.5
_log = logging.getLogger(__name__)

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_bucket_of = partial(bisect_left, _SECONDS)


class _BulkHistogram(Histogram):
    """A histogram that takes many observations at once, which the library has no call for."""

    def observe_all(self, seconds: Sequence[float]) -> None:
        """Add every one of `seconds`."""
        self._sum.inc(sum(seconds))
        for place, count in collections.Counter(map(_bucket_of, seconds)).items():
            self._buckets[place].inc(count)


class Telemetry:
    """Counters of lookups, values and requests, to be used on one event loop unless a method says otherwise.

    A lookup costs two appends here, and `flush` counts what was appended, several times a second: a counter in a shared
    file costs more than the lookup that it counts, and code that runs once per request runs cold.
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
        self._given: list[Recommendation] = []
        self._many: collections.Counter[Recommendation] = collections.Counter()
        self._took: defaultdict[tuple[Transport, str], list[float]] = defaultdict(list)
        self.count_lookup: Callable[[Recommendation], None] = self._given.append
        """A user was given this."""

    def count_lookups(self, given: Recommendation, users: int) -> None:
        """So many users were given this."""
        self._many[given] += users

    def count_values(self, count: int) -> None:
        """`count` metric values were accepted: stored, or counted before. May be called from any thread."""
        self._values.inc(count)

    def request(self, transport: Transport, route: str, seconds: float, failure: str = "") -> None:
        """A request took `seconds`; `failure` is its status code when it was refused or failed."""
        self._took[transport, route].append(seconds)
        if failure:
            self._errors.labels(transport, route, failure).inc()

    def timer(self, transport: Transport, route: str) -> Callable[[float], None]:
        """What to tell how many seconds a request took that did not fail, where that must cost next to nothing."""
        return self._took[transport, route].append

    def flush(self) -> None:
        """Make everything that was counted visible to scrapes."""
        # All are emptied first, so that nothing piles up if the rest fails.
        given, self._many = self._many, collections.Counter()
        given.update(_emptied(self._given))
        took = {key: _emptied(seconds) for key, seconds in self._took.items()}
        for recommendation, users in given.items():
            self._lookups.labels(recommendation.application, str(recommendation.version_number)).inc(users)
        for key, seconds in took.items():
            if seconds:
                self._durations.labels(*key).observe_all(seconds)
        dropped = self._dropped_exposures()
        self._drops.inc(dropped - self._counted_drops)
        self._counted_drops = dropped
        stored = self._stored_exposures()
        self._exposures.inc(stored - self._counted_exposures)
        self._counted_exposures = stored

    async def flush_regularly(self) -> None:
        """Flush until cancelled, and then once more. What cannot be counted, as when the disk is full, is logged."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                self._try_to_flush()
        finally:
            self._try_to_flush()

    def _try_to_flush(self) -> None:
        try:
            self.flush()
        except OSError as error:
            _log.warning("Some requests are not counted for Prometheus: %s", error)


def _emptied(items: list[_Item]) -> list[_Item]:
    """What was in `items`, which stays the list that others append to."""
    taken = items.copy()
    items.clear()
    return taken
