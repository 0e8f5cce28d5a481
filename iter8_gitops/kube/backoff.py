"""How long to wait before a failed request is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable

_system_random = random.SystemRandom()


class Backoff:
    """Delays with full jitter: a random part of `first` seconds, doubling with every failure up to `longest`.

    All clients of an API server lose it at the same moment, so they must not come back at the same moment.
    `jitter` returns a number in [0, 1).
    """

    def __init__(self, first: float, longest: float, jitter: Callable[[], float] = _system_random.random) -> None:
        self._first = first
        self._longest = longest
        self._jitter = jitter
        self._bound = first

    def next_delay(self) -> float:
        """Return the seconds to wait after one more failure."""
        bound = self._bound
        self._bound = min(bound * 2, self._longest)
        return bound * self._jitter()

    def long_delay(self) -> float:
        """Return the seconds to wait after a failure that will not pass soon: at least half the longest."""
        return self._longest * (1 + self._jitter()) / 2

    def reset(self) -> None:
        """Forget the failures so far, after a success."""
        self._bound = self._first
