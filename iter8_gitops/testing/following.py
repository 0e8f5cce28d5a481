"""Reads the deliveries of a source in a thread, so that a test can wait for one and no longer than it must."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

from iter8_gitops.contracts.source import Source
from iter8_gitops.spec.tree import SourceFailure, SourceTree
from iter8_gitops.testing.checks import check

END_SECONDS = 2.5
"""How long a source may take to end: about a second, and what a busy machine adds."""


class Following:
    """Everything that `source` delivers while the block runs; leaving the block checks that the source ends.

    `patience` is how many seconds a delivery is waited for.
    """

    def __init__(self, source: Source, patience: float = 15.0) -> None:
        self._source = source
        self._patience = patience
        self._stop = threading.Event()
        self._queue: queue.Queue[SourceTree | SourceFailure | BaseException] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, failed: type[BaseException] | None, *unused: object) -> None:
        self._stop.set()
        self._thread.join(timeout=END_SECONDS)
        if failed is None:
            check(not self._thread.is_alive(), f"the source did not end within {END_SECONDS:g} seconds after stop")

    def next(self) -> SourceTree | SourceFailure:
        """The next delivery. Raises what the source raised."""
        try:
            delivery = self._queue.get(timeout=self._patience)
        except queue.Empty:
            check(False, f"the source delivered nothing for {self._patience:g} seconds")
            raise
        if isinstance(delivery, BaseException):
            raise delivery
        return delivery

    def tree(self) -> SourceTree:
        """The next tree, failures being passed over."""
        return self.tree_that(lambda _: True)

    def tree_that(self, fits: Callable[[SourceTree], bool]) -> SourceTree:
        """The next tree that fits."""
        return next(each for each in self._in_time() if isinstance(each, SourceTree) and fits(each))

    def failure(self) -> SourceFailure:
        """The next failure, trees being passed over."""
        return next(each for each in self._in_time() if isinstance(each, SourceFailure))

    def _in_time(self) -> Iterator[SourceTree | SourceFailure]:
        deadline = time.monotonic() + self._patience
        latest: SourceTree | SourceFailure | None = None
        while True:
            check(
                time.monotonic() < deadline, f"not delivered in {self._patience:g} seconds; the latest: {latest!r:.300}"
            )
            latest = self.next()
            yield latest

    def _run(self) -> None:
        try:
            for delivery in self._source.deliveries(self._stop):
                self._queue.put(delivery)
        except BaseException as error:  # noqa: BLE001 - handed to the test, which raises it
            self._queue.put(error)
