"""Recording how experiments go: one process of a state folder looks at them again and again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from os import getpid
from pathlib import Path
from time import monotonic, time

from iter8_gitops.board.lock import FileLock
from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.core.applications import has_candidate
from iter8_gitops.core.trends import SHORTEST, is_due, point_of
from iter8_gitops.errors import Iter8Error
from iter8_gitops.metrics.trends import Span, TrendStore
from iter8_gitops.serving.parts import Board
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.trend import TrendPoint

BUDGET = 2.0
"""Seconds that are begun to be spent on one round; what is left is done in the next ones."""

TAKEOVER_SECONDS = 2.0
"""A process that does not record looks so often whether it is to."""

FAILED_SECONDS = 60.0
"""What failed is tried again after so long."""

_REST = 0.002
"""Seconds between two analyses, for the threads that answer."""

_STOP_SECONDS = 2.0
_MAX_TOLD = 100
_ALL = ""
"""Stands for everything, where a failure is not that of one application."""

_log = logging.getLogger(__name__)


class TrendRecorder:
    """Records every experiment of a board, in a thread between `start` and `stop`.

    Of all processes that share `lock` (a file) one records; when it ends, however it ends, another does. `clock` gives
    seconds since 1970, `stopwatch` seconds. `analyse` may read a disk, and raise `Iter8Error`.
    """

    def __init__(
        self,
        board: Board,
        analyse: Callable[[RoutemapState], Analysis],
        store: TrendStore,
        lock: Path,
        clock: Callable[[], float] = time,
        stopwatch: Callable[[], float] = monotonic,
    ) -> None:
        self._board = board
        self._analyse = analyse
        self._store = store
        self._folder = lock.parent
        self._lock = FileLock(lock)
        self._clock = clock
        self._stopwatch = stopwatch
        self._failed: dict[str, float] = {}
        self._told: set[str] = set()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to record."""
        self._thread = threading.Thread(target=self._run, name="trend-recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Record no more, and let another process. May be called again.

        A metric store that does not answer is not waited for: the thread ends with the process then.
        """
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                return
            self._thread = None
        self._lock.release()

    def look(self) -> None:
        """Look once at the experiments that are due, if this process is the one that records. Never raises."""
        now = self._clock()
        if self._is_failing(_ALL, now):
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            was_held = self._lock.is_held
            if self._lock.take():
                if not was_held:
                    _log.info("process %d records how experiments go", getpid())
                self._record(now)
        except Exception as error:  # noqa: BLE001 - a chart is not worth a thread
            self._fail(_ALL, now, error)
        else:
            self._recover(_ALL)

    def _run(self) -> None:
        while not self._stopped.is_set():
            began = self._clock()
            self.look()
            self._pause(began)

    def _pause(self, began: float) -> None:
        """Until it is time to look again after `began`: no sooner, so that what is due every round is found due."""
        whole = SHORTEST if self._lock.is_held else TAKEOVER_SECONDS
        left = whole
        while 0.0 < left <= whole and not self._stopped.wait(left):
            left = began + whole - self._clock()

    def _record(self, now: float) -> None:
        """In one transaction; also when the budget is used up, or this is to stop."""
        started = self._stopwatch()
        points: list[tuple[str, int, TrendPoint]] = []
        for state in self._due(now):
            if self._stopwatch() - started >= BUDGET or self._stopped.wait(_REST):
                break
            try:
                analysis = self._analyse(state)
            except Exception as error:  # noqa: BLE001 - one application must not cost the others
                self._fail(state.application, now, error)
            else:
                self._recover(state.application)
                points.append((state.application, state.experiment, point_of(analysis, now)))
        if points:
            self._store.record_all(points)

    def _due(self, now: float) -> list[RoutemapState]:
        """Those that were never recorded come first, then those that have waited longest."""
        spans = self._store.spans()
        states = {state.application: state for state in self._board.snapshot.routemaps.values() if has_candidate(state)}
        for gone in self._failed.keys() - states.keys() - {_ALL}:
            self._recover(gone)
        due = []
        for state in states.values():
            span = spans.get((state.application, state.experiment))
            if not self._is_failing(state.application, now) and (span is None or is_due(span.first, span.last, now)):
                due.append((self._waiting_since(state, span), state.application, state))
        return [state for _, _, state in sorted(due, key=lambda each: each[:2])]

    def _waiting_since(self, state: RoutemapState, span: Span | None) -> float:
        return max(span.last if span else 0.0, self._failed.get(state.application, 0.0))

    def _is_failing(self, key: str, now: float) -> bool:
        return key in self._failed and 0.0 <= now - self._failed[key] < FAILED_SECONDS

    def _fail(self, key: str, now: float, error: Exception) -> None:
        self._failed[key] = now
        is_expected = isinstance(error, Iter8Error | OSError)
        said = str(error) if is_expected else f"{type(error).__name__}: {error}"
        if said in self._told or len(self._told) >= _MAX_TOLD or self._stopped.is_set():
            return
        self._told.add(said)
        about = f"{key}: " if key else ""
        _log.warning("%show experiments go is not recorded: %s", about, said, exc_info=None if is_expected else error)

    def _recover(self, key: str) -> None:
        if self._failed.pop(key, None) is not None and not self._failed:
            self._told.clear()
            _log.info("how experiments go is recorded again")
