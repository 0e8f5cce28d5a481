"""What one serving process holds open: the board it follows, and the metric store it writes to."""

from __future__ import annotations

from pathlib import Path
from time import time
from types import TracebackType
from typing import Self

from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.metrics.experiments import analyse_experiment
from iter8_gitops.metrics.trends import TrendStore
from iter8_gitops.metrics.writer import GroupCommitWriter
from iter8_gitops.serving.boards import open_board
from iter8_gitops.serving.settings import ServingSettings
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.trends import TrendRecorder
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.serving.verdicts import Verdicts

FLUSH_SECONDS = 5.0


def open_metric_store(settings: ServingSettings) -> MetricStore:
    """The store that `settings` name, which has touched nothing yet. Raises `ConfigurationError`."""
    return Plugins.load().open_metric_store(MetricStoreRequest(settings.metrics, settings.state.metrics))


class Backend:
    """The use-cases on real stores. It has threads, so it is made after a fork, in the process that uses it."""

    def __init__(self, settings: ServingSettings) -> None:
        self._board = open_board(settings)
        self._store = open_metric_store(settings)
        self._writer = GroupCommitWriter(self._store)
        writer = self._writer
        self.telemetry = Telemetry(lambda: writer.dropped_exposures, lambda: writer.stored_exposures)
        self.verdicts = Verdicts(lambda state: analyse_experiment(self._store, state, time()))
        self._trends = TrendStore(settings.state.trends)
        self.experiments = Experiments(
            self._board, self._store, self._writer, self.telemetry, self._board.history, self._trends
        )
        self._recorder: TrendRecorder | None = None
        self._board.start()

    def record_trends(self, lock: Path) -> None:
        """Record how experiments go, while no other process does that holds `lock`."""
        self._recorder = TrendRecorder(self._board, self.experiments.analyse, self._trends, lock)
        self._recorder.start()

    def close(self) -> None:
        """Store what was taken but not stored yet, and let go of everything. May be called again."""
        self._writer.close(FLUSH_SECONDS)
        if self._recorder is not None:
            self._recorder.stop()
        self._store.close()
        self._board.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
