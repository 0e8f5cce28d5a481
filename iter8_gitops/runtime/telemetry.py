"""What the controller counts for Prometheus: cycles of reconciliation, and what became of notices."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from iter8_gitops.runtime.notifying.courier import Counts

FLUSH_SECONDS = 2.0
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OUTCOMES = ("delivered", "failed", "dropped")


class ControllerTelemetry:
    """Counters of one controller. `counts` says what became of the notices of each notifier since the start.

    They are looked at every two seconds, in a thread of its own, until `close`.
    """

    def __init__(self, counts: Callable[[], Mapping[str, Counts]] = dict) -> None:
        self._counts = counts
        self._counted: dict[str, Counts] = {}
        self.registry = CollectorRegistry()
        self._durations = Histogram(
            "iter8_reconcile_duration_seconds",
            "Time to reconcile all that was due at once, until it was published.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._reconciled = Counter("iter8_reconciled_routemaps", "Routemaps reconciled.", registry=self.registry)
        self._notices = Counter(
            "iter8_notifications",
            "Notices by what became of them: dropped ones were never tried.",
            ("notifier", "outcome"),
            registry=self.registry,
        )
        self._waiting = Gauge(
            "iter8_notifications_waiting",
            "Notices that are still to be delivered.",
            ("notifier",),
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.flush()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._thread.start()

    @contextmanager
    def timed(self, routemaps: int) -> Iterator[None]:
        """Measure how long the block takes to reconcile so many routemaps. None at all is not worth a word."""
        began = time.perf_counter()
        yield
        if routemaps:
            self._durations.observe(time.perf_counter() - began)
            self._reconciled.inc(routemaps)

    def flush(self) -> None:
        """Make what became of notices visible to scrapes."""
        for notifier, counts in self._counts().items():
            before = self._counted.get(notifier, Counts())
            for outcome in _OUTCOMES:
                more = getattr(counts, outcome) - getattr(before, outcome)
                self._notices.labels(notifier, outcome).inc(more)
            self._waiting.labels(notifier).set(counts.waiting)
            self._counted[notifier] = counts

    def close(self) -> None:
        """Flush once more, and end."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(FLUSH_SECONDS):
            self.flush()
        self.flush()
