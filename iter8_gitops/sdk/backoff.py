"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Exponential backoff with full jitter: a random wait between 0 and a bound that doubles with each failure.

    So that clients who lost the same server do not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `first` and `most` are bounds in
    seconds; `chance` gives numbers from 0 to 1.
    """

    def __init__(self, first: float = 0.5, most: float = 30.0, chance: Callable[[], float] = random.random) -> None:
        self._first = first
        self._most = most
        self._chance = chance
        self._failures = 0

    def next(self, at_least: float = 0.0) -> float:
        """Seconds to wait after another failure; never less than the receiver asked for, up to the bound."""
        bound = min(self._most, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return max(min(at_least, self._most), bound * self._chance())

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
