"""News, gathered from many threads for one reader."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from iter8_gitops.contracts.cluster import KindKey, News, ResourceKey


class NewsBox:
    """Holds what changed until it is taken, and wakes the reader. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resources: set[ResourceKey] = set()
        self._kinds: set[KindKey] = set()
        self._applications: set[str] = set()
        self._wake: Callable[[], None] = _nobody

    def attach(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever there is news."""
        self._wake = wake

    def put(
        self,
        *,
        resources: Iterable[ResourceKey] = (),
        kinds: Iterable[KindKey] = (),
        applications: Iterable[str] = (),
    ) -> None:
        """Note what changed; nobody is woken for nothing."""
        noted = frozenset(resources), frozenset(kinds), frozenset(applications)
        if not any(noted):
            return
        with self._lock:
            self._resources |= noted[0]
            self._kinds |= noted[1]
            self._applications |= noted[2]
        self._wake()

    def take(self) -> News:
        """Everything since the last call."""
        with self._lock:
            news = News(frozenset(self._resources), frozenset(self._kinds), frozenset(self._applications))
            self._resources, self._kinds, self._applications = set(), set(), set()
        return news


def _nobody() -> None:
    """Nobody waits yet."""
