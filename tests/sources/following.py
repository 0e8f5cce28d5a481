"""Reads the deliveries of a source in a thread, so that a test can wait for one and no longer than it must."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

from iter8_gitops.contracts.source import Source
from iter8_gitops.spec.tree import SourceFailure, SourceTree

_PATIENCE = 15.0


class Following:
    """Everything that `source` delivers while the block runs; leaving the block checks that the source ends."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._stop = threading.Event()
        self._queue: queue.Queue[SourceTree | SourceFailure | BaseException] = queue.Queue()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._stop.set()
        self._thread.join(timeout=3)
        assert not self._thread.is_alive(), "the source did not end within 3 seconds"

    def next(self) -> SourceTree | SourceFailure:
        """Return the next delivery."""
        delivery = self._queue.get(timeout=_PATIENCE)
        if isinstance(delivery, BaseException):
            raise delivery
        return delivery

    def tree(self) -> SourceTree:
        """Return the next tree, failures being passed over."""
        return self.tree_that(lambda _: True)

    def tree_after(self, last: SourceTree) -> SourceTree:
        """Return the next tree with another revision than `last`."""
        return self.tree_that(lambda tree: tree.revision != last.revision)

    def tree_that(self, fits: Callable[[SourceTree], bool]) -> SourceTree:
        """Return the next tree that fits."""
        return next(each for each in self._in_time() if isinstance(each, SourceTree) and fits(each))

    def failure(self) -> SourceFailure:
        """Return the next failure, trees being passed over."""
        return self.failure_that(lambda _: True)

    def failure_that(self, fits: Callable[[SourceFailure], bool]) -> SourceFailure:
        """Return the next failure that fits."""
        return next(each for each in self._in_time() if isinstance(each, SourceFailure) and fits(each))

    def _in_time(self) -> Iterator[SourceTree | SourceFailure]:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            latest = self.next()
            yield latest
        raise AssertionError(f"not delivered in time; the latest delivery was {latest}")

    def _run(self) -> None:
        try:
            for delivery in self._source.deliveries(self._stop):
                self._queue.put(delivery)
        except BaseException as error:  # noqa: BLE001 - handed to the test, which raises it
            self._queue.put(error)


def contents(tree: SourceTree) -> dict[str, str]:
    """Return the files of a tree, by path, as text."""
    return {file.path: file.content.decode() for file in tree.files if not file.refusal}


def refusals(tree: SourceTree) -> dict[str, str]:
    """Return why files of a tree were refused, by path."""
    return {file.path: file.refusal for file in tree.files if file.refusal}
