"""Keeping a reader up to date from a background thread."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from iter8_gitops.board.reader import BoardReader


class BoardSubscription:
    """Calls `reader.refresh()` every `interval` seconds from a daemon thread, between `start` and `stop`.

    Threads do not survive a fork: a server that forks workers starts one subscription in each worker.
    """

    def __init__(self, reader: BoardReader, interval: float = 0.1) -> None:
        self._reader = reader
        self._interval = interval
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Read the board once, so that whoever has started can answer, then follow it."""
        if self._thread is not None:
            return
        self._stopped.clear()
        self._reader.refresh()
        self._thread = threading.Thread(target=self._follow, name="board-subscription", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following and close the file; the reader keeps its last snapshot."""
        if self._thread is None:
            return
        self._stopped.set()
        self._thread.join()
        self._thread = None
        self._reader.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _follow(self) -> None:
        while not self._stopped.wait(self._interval):
            self._reader.refresh()
