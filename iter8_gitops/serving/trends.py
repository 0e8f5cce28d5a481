"""How experiments go over time: who looks at them again and again, and who is told."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, time
from typing import IO

from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.core.applications import has_candidate
from iter8_gitops.core.trends import FINEST, is_due, point_of
from iter8_gitops.errors import Iter8Error, UnavailableError
from iter8_gitops.metrics.trends import TrendStore
from iter8_gitops.serving.parts import Board
from iter8_gitops.serving.results import AnalysisReport, Trend
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.trend import TrendPoint

BUDGET = 2.0
"""Seconds that are begun to be spent on one round; the applications that have waited longest come first."""

KEPT_SECONDS = 90 * 24 * 3600.0
"""For so long the trend of an application stays that takes part in nothing any more."""

_log = logging.getLogger(__name__)


class Trends:
    """What was recorded, and how it stands now. Reads the disk; for any thread."""

    def __init__(self, experiments: Experiments, store: TrendStore) -> None:
        self._experiments = experiments
        self._store = store

    def trend(self, namespace: str, name: str) -> Trend:
        """The present experiment of a routemap.

        Raises `NotFoundError`, `InvalidArgumentError`, `UnavailableError`.
        """
        report = self._experiments.analysis(namespace, name)
        return Trend(report.state.application, report.state.experiment, self.points(report))

    def points(self, report: AnalysisReport) -> tuple[TrendPoint, ...]:
        """What was recorded of the experiment of `report`, and then what that says, as it is now.

        Raises `UnavailableError`.
        """
        now = point_of(report.analysis, self._experiments.now())
        return (*self._store.read(report.state.application, report.state.experiment), now)


class TrendRecorder:
    """Looks at every experiment of a board, in a thread between `start` and `stop`.

    Of all processes that share `lock` (a file) one looks; when it ends, however it ends, another does. `clock` gives
    seconds since 1970. `analyse` may read a disk, and raise `Iter8Error`.
    """

    def __init__(
        self,
        board: Board,
        analyse: Callable[[RoutemapState], Analysis],
        store: TrendStore,
        lock: Path,
        clock: Callable[[], float] = time,
    ) -> None:
        self._board = board
        self._analyse = analyse
        self._store = store
        self._lock = lock
        self._clock = clock
        self._held: IO[str] | None = None
        self._last: dict[tuple[str, int], float] = {}
        self._trouble = ""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="trend-recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and let another process. May be called again."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._held is not None:
            self._held.close()
            self._held = None

    def look(self) -> None:
        """Look once at every experiment that is due, if this process is the one that looks. Never raises."""
        try:
            if self._is_the_one():
                self._record_due()
                self._trouble = ""
        except Iter8Error as error:
            self._complain(str(error))
        except Exception as error:  # noqa: BLE001 - a chart is not worth a thread
            self._complain(f"{type(error).__name__}: {error}", error)

    def _run(self) -> None:
        while not self._stopped.wait(FINEST / 2):
            self.look()

    def _record_due(self) -> None:
        began, now = monotonic(), self._clock()
        states = [state for state in self._board.snapshot.routemaps.values() if has_candidate(state)]
        known = {(state.application, state.experiment): state for state in states}
        self._last = {key: self._last[key] if key in self._last else self._last_recorded(*key) for key in known}
        due = [key for key, state in known.items() if is_due(self._last[key] or None, state.experiment, now)]
        for key in sorted(due, key=self._last.__getitem__):
            if self._stopped.is_set() or monotonic() - began >= BUDGET:
                return
            self._last[key] = now
            self._store.record(*key, [point_of(self._analyse(known[key]), now)])

    def _last_recorded(self, application: str, experiment: int) -> float:
        """When a former process looked last; 0 for never."""
        points = self._store.read(application, experiment)
        return points[-1].at if points else 0.0

    def _is_the_one(self) -> bool:
        if self._held is not None:
            return True
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        file = self._lock.open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        except OSError as error:
            file.close()
            message = f"{self._lock.name} cannot be locked: {error}"
            raise UnavailableError(message) from error
        self._held = file
        self._store.forget(self._clock() - KEPT_SECONDS)
        return True

    def _complain(self, trouble: str, error: Exception | None = None) -> None:
        """Once for each trouble, not every few seconds."""
        if trouble != self._trouble:
            self._trouble = trouble
            _log.warning("how experiments go is not recorded: %s", trouble, exc_info=error)
