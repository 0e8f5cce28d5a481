"""What has just been told, so that it is not told again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from iter8_gitops.contracts.notifier import Notice

SECONDS = 600.0
_MOST_REMEMBERED = 10_000


class Repetitions:
    """Remembers notices for `seconds` after they were told. Any thread may use it.

    Two are the same when people would read the same, whenever and at whichever revision it happened.
    """

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._told_at: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._lock = threading.Lock()

    def is_one(self, notice: Notice) -> bool:
        """Whether it was told a short while ago; if not, it is remembered as told now."""
        key = (notice.kind, notice.application, notice.version, notice.message)
        now = self._clock()
        with self._lock:
            while self._told_at and next(iter(self._told_at.values())) + self._seconds <= now:
                self._told_at.popitem(last=False)
            if key in self._told_at:
                return True
            self._told_at[key] = now
            if len(self._told_at) > _MOST_REMEMBERED:
                self._told_at.popitem(last=False)
            return False
