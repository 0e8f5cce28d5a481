"""What one serving process holds open: the board it follows, and the metric store it writes to."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from iter8_gitops.board.reader import BoardReader
from iter8_gitops.board.subscription import BoardSubscription
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.metrics.writer import GroupCommitWriter
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.spec.state_folder import StateFolder

FLUSH_SECONDS = 5.0


class Backend:
    """The use-cases on real stores. It has threads, so it is made after a fork, in the process that uses it."""

    def __init__(self, state: StateFolder) -> None:
        reader = BoardReader(state.board)
        self._subscription = BoardSubscription(reader)
        self._store = SqliteMetricStore(state.metrics)
        self._writer = GroupCommitWriter(self._store)
        self.telemetry = Telemetry(lambda: self._writer.dropped_exposures)
        self.experiments = Experiments(reader, self._store, self._writer, self.telemetry)
        self._subscription.start()

    def close(self) -> None:
        """Store what was taken but not stored yet, and let go of everything. May be called again."""
        self._writer.close(FLUSH_SECONDS)
        self._store.close()
        self._subscription.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
