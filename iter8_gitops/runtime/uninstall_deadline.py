"""A total time for work that consists of many requests."""

from __future__ import annotations

import threading
import time

from iter8_gitops.errors import Iter8Error


class OutOfTimeError(Iter8Error):
    """The total time is used up, or the work was called off."""


class Deadline:
    """Counts down from `seconds`, from now on. Any thread may ask, and any may call the work off."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._cancelled = threading.Event()

    def remaining(self) -> float:
        """Seconds left; 0.0 when there are none."""
        return 0.0 if self._cancelled.is_set() else max(0.0, self._end - time.monotonic())

    def patience(self, seconds: float) -> float:
        """How long one request may take: `seconds`, or what is left. Raises `OutOfTimeError` when nothing is."""
        remaining = self.remaining()
        if not remaining:
            raise OutOfTimeError("the time is used up")
        return min(seconds, remaining)

    def wait(self, seconds: float) -> None:
        """Wait, though not beyond the end. Raises `OutOfTimeError` when it has come."""
        self._cancelled.wait(self.patience(seconds))
        self.patience(seconds)

    def cancel(self) -> None:
        """Nothing is to be begun any more."""
        self._cancelled.set()
