"""What is to be done when: a queue of items with a time, and growing pauses for what fails."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)
_MOMENT = 0.35
"""Seconds: what waits for a first list is tried again within this time."""


class DueQueue(Generic[Item]):
    """Items, each once, in the order of the times at which they are due. Thread-safe, never blocks who adds.

    Whoever takes an item works on it until `done`; added again meanwhile, it is due again afterwards.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Item]] = []
        self._due: dict[Item, float] = {}
        self._order = itertools.count()
        self._working = False
        self._closed = False

    def add(self, item: Item, delay: float = 0.0) -> None:
        """Make `item` due in `delay` seconds, unless it is due earlier."""
        at = time.monotonic() + delay
        with self._changed:
            if self._due.get(item, float("inf")) <= at:
                return
            self._due[item] = at
            heapq.heappush(self._heap, (at, next(self._order), item))
            self._changed.notify()

    def take(self, timeout: float) -> Item | None:
        """The item that is due longest; None when there was none for `timeout` seconds, or the queue is closed."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
                    heapq.heappop(self._heap)  # it was made due earlier, or taken
                at = self._heap[0][0] if self._heap else deadline
                if self._heap and at <= now:
                    item = heapq.heappop(self._heap)[2]
                    del self._due[item]
                    self._working = True
                    return item
                if now >= deadline:
                    return None
                self._changed.wait(min(at, deadline) - now)
        return None

    def done(self) -> None:
        """The item that was taken last is dealt with."""
        with self._changed:
            self._working = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is worked on, and nothing is due now or in a moment."""
        with self._changed:
            soon = time.monotonic() + _MOMENT
            return not self._working and all(at > soon for at in self._due.values())

    def clear(self) -> None:
        """Forget all items."""
        with self._changed:
            self._heap.clear()
            self._due.clear()

    def close(self) -> None:
        """End `take`, also where it waits now."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Backoff(Generic[Item]):
    """Pauses in seconds before something that failed is tried again: doubling, with jitter. One thread uses it."""

    def __init__(self, first: float = 0.5, longest: float = 15.0) -> None:
        self._first = first
        self._longest = longest
        self._failed: dict[Item, int] = {}

    def pause(self, item: Item, longest: float | None = None) -> float:
        """`item` failed once more: how long to wait, `longest` at most."""
        failures = self._failed[item] = self._failed.get(item, 0) + 1
        limit = self._longest if longest is None else min(longest, self._longest)
        whole = min(limit, self._first * 2.0 ** min(failures - 1, 16))
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load, keeps no secret)

    def failures(self, item: Item) -> int:
        """How often `item` failed since it last succeeded."""
        return self._failed.get(item, 0)

    def reset(self, item: Item) -> None:
        """`item` succeeded."""
        self._failed.pop(item, None)

    def clear(self) -> None:
        """Forget all failures."""
        self._failed.clear()
