"""What a Prometheus scrape shows: the counters of every process, and the board as it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from iter8_gitops.serving.results import BoardStatus
from iter8_gitops.serving.telemetry import Telemetry


class SharedCounters(Collector):
    """The counters that all processes keep in the sub-folders of `folder`, added up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Read every file anew."""
        files = sorted(str(path) for path in self._folder.glob("*/*.db"))
        merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # theirs
        return merged


class BoardGauges(Collector):
    """Gauges computed from the snapshot at the time of the scrape; `status` asks for it."""

    def __init__(self, status: Callable[[], BoardStatus]) -> None:
        self._status = status

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance, so that registering does not read the board."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The board, its routemaps' versions, and its sources."""
        status = self._status()
        yield from _of_the_board(status)
        yield from _of_versions(status)
        yield from _of_sources(status)


def _of_the_board(status: BoardStatus) -> Iterable[Metric]:
    snapshot = status.snapshot
    yield GaugeMetricFamily("iter8_board_sequence", "Publications so far.", snapshot.sequence)
    yield GaugeMetricFamily("iter8_routemaps", "Routemaps in force.", len(snapshot.routemaps))
    yield GaugeMetricFamily("iter8_problems", "Problems that a person must fix.", len(status.problems))
    yield GaugeMetricFamily("iter8_stale", "1 when the board could not be renewed, else 0.", bool(status.staleness))


def _of_versions(status: BoardStatus) -> Iterable[Metric]:
    labels = ("application", "version")
    weights = GaugeMetricFamily("iter8_version_weight", "Weight in force.", labels=labels)
    available = GaugeMetricFamily("iter8_version_available", "1 when available, else 0.", labels=labels)
    stalled = GaugeMetricFamily(
        "iter8_version_stalled", "1 when not ready within its progress deadline, else 0.", labels=labels
    )
    for state in status.snapshot.routemaps.values():
        for version in state.versions:
            key = (state.application, str(version.index))
            weights.add_metric(key, version.weight)
            available.add_metric(key, version.available)
            stalled.add_metric(key, version.stalled)
    return weights, available, stalled


def _of_sources(status: BoardStatus) -> Iterable[Metric]:
    failing = GaugeMetricFamily("iter8_source_failing", "1 when it cannot be read, else 0.", labels=("source",))
    read_at = GaugeMetricFamily(
        "iter8_source_read_timestamp_seconds",
        "When it was last read without failure.",
        labels=("source",),
    )
    for source in status.snapshot.sources:
        failing.add_metric((source.name,), source.failing_since is not None)
        if source.read_at is not None:
            read_at.add_metric((source.name,), source.read_at)
    return failing, read_at


class Scrape:
    """Answers scrapes. `shared` is the folder of the counters of all processes, None for this one's alone."""

    def __init__(self, telemetry: Telemetry, status: Callable[[], BoardStatus], shared: Path | None) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(BoardGauges(status))
        self._registry.register(telemetry.registry if shared is None else SharedCounters(shared))

    def answer(self, accept: str) -> tuple[bytes, str]:
        """The text and its content type, in the format that the `Accept` header prefers. Reads files."""
        try:
            encode, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # it does not expect versions that are no numbers
            encode, content_type = choose_encoder("")
        return encode(self._registry), content_type
