"""How long to wait before a failed read is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable

_system_random = random.SystemRandom()


class Backoff:
    """Delays that grow while failures last: `first`, then `base`, doubling up to `ceiling` (all in seconds).

    The first retry is quick because most failures are short. Each delay is shortened at random by up to
    half, so that many processes that lost the same remote do not come back to it at the same moment.
    `jitter` returns a number in [0, 1).
    """

    def __init__(
        self,
        *,
        first: float,
        base: float,
        ceiling: float,
        jitter: Callable[[], float] = _system_random.random,
    ) -> None:
        self._first = min(first, base)
        self._base = base
        self._ceiling = max(ceiling, base)
        self._jitter = jitter
        self._following: float | None = None

    def next_delay(self) -> float:
        """Return the seconds to wait after one more failure."""
        delay = self._first if self._following is None else self._following
        self._following = self._base if self._following is None else min(delay * 2, self._ceiling)
        return delay * (1 - self._jitter() / 2)

    def reset(self) -> None:
        """Forget the failures so far, after a success."""
        self._following = None
