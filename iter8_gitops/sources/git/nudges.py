"""Lets another process ask for a look at once, by touching a file."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import TypeAlias

_TICK_SECONDS = 0.2
SPACING_SECONDS = 1.0
"""The least time between two looks that were asked for, however often the file is touched."""
_Stamp: TypeAlias = tuple[int, int, int] | None


class Nudges:
    """Waits between looks, and ends the wait early when `file` was touched. None waits for the time alone.

    Every touch since the start of a look counts, because the look may have been too early to see what it was about.
    Touches in quick succession are answered by one look.
    """

    def __init__(self, file: Path | None, stop: threading.Event) -> None:
        self._file = file
        self._stop = stop
        self._seen = self._stamp()
        self._answered = -math.inf

    def look_begins(self) -> None:
        """Note that whatever was asked for until now is being answered."""
        self._seen = self._stamp()

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, soon after a touch, or on stop."""
        if self._file is None:
            self._stop.wait(seconds)
            return
        due = time.monotonic() + seconds
        while (left := due - time.monotonic()) > 0 and not self._stop.wait(min(left, _TICK_SECONDS)):
            if self._stamp() not in (None, self._seen):
                pause = min(due, self._answered + SPACING_SECONDS) - time.monotonic()
                self._stop.wait(max(pause, 0.0))
                self._answered = time.monotonic()
                return

    def _stamp(self) -> _Stamp:
        if self._file is None:
            return None
        try:
            status = self._file.stat()
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns, status.st_size)
