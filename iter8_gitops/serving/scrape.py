"""What a Prometheus scrape shows: the counters of every process, the board as it is now, and what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from iter8_gitops.serving.board_gauges import board_gauges, source_gauges, steering_gauges, version_gauges
from iter8_gitops.serving.results import BoardStatus
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.verdict_gauges import verdict_gauges
from iter8_gitops.serving.verdicts import Verdicts


class SharedCounters(Collector):
    """The counters that all processes keep in the sub-folders of `folder`, added up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Read every file anew."""
        files = sorted(str(path) for path in self._folder.glob("*/*.db"))
        merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # theirs
        return merged


class Gauges(Collector):
    """Gauges computed at the time of the scrape; `status` asks for the board, `verdicts` knows the analyses."""

    def __init__(self, status: Callable[[], BoardStatus], verdicts: Verdicts | None) -> None:
        self._status = status
        self._verdicts = verdicts

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance, so that registering does not read the board."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The board, its sources and routemaps, and what is known of their experiments."""
        status = self._status()
        yield from board_gauges(status)
        yield from source_gauges(status)
        yield from version_gauges(status.snapshot)
        yield from steering_gauges(status.snapshot)
        if self._verdicts is not None:
            yield from verdict_gauges(self._verdicts.of(status.snapshot))


class Scrape:
    """Answers scrapes. `shared` is the folder of the counters of all processes, None for this one's alone."""

    def __init__(
        self,
        telemetry: Telemetry,
        status: Callable[[], BoardStatus],
        shared: Path | None,
        verdicts: Verdicts | None = None,
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(Gauges(status, verdicts))
        self._registry.register(telemetry.registry if shared is None else SharedCounters(shared))

    def answer(self, accept: str) -> tuple[bytes, str]:
        """The text and its content type, in the format that the `Accept` header prefers. Reads files."""
        try:
            encode, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # it does not expect versions that are no numbers
            encode, content_type = choose_encoder("")
        return encode(self._registry), content_type
