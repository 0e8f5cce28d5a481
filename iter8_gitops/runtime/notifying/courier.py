"""Brings notices to one receiver, in their order, from a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace

from iter8_gitops.contracts.notifier import Notice
from iter8_gitops.runtime.notifying.sender import Outcome, Sender
from iter8_gitops.sources.backoff import Backoff

_log = logging.getLogger(__name__)
CAPACITY = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a notice is tried: `tries` times at most, and not later than `seconds` after it was told.

    The delays between tries grow from `first` over `base` up to `ceiling` seconds.
    """

    tries: int = 10
    seconds: float = 3600.0
    first: float = 1.0
    base: float = 5.0
    ceiling: float = 600.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the notices of one notifier since the start.

    `dropped` ones were never tried, because too many waited; `failed` ones were given up. `waiting` counts those that
    are still to be delivered.
    """

    delivered: int = 0
    dropped: int = 0
    failed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    notice: Notice
    until: float
    """When it is given up (monotonic seconds)."""


class Courier:
    """Delivers what it is given by `sender`, as often as `patience` allows; at most `capacity` notices wait.

    A notice that is not delivered holds up those behind it. A receiver that asks for time gets it, also when the notice
    is given up meanwhile.
    """

    def __init__(self, sender: Sender, *, patience: Patience | None = None, capacity: int = CAPACITY) -> None:
        self._sender = sender
        self._patience = patience or Patience()
        self._capacity = capacity
        self._backoff = Backoff(first=self._patience.first, base=self._patience.base, ceiling=self._patience.ceiling)
        self._changed = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._counts = Counts()
        self._overflowing = False
        self._closing = False
        self._ends_at = 0.0
        self._resume_at = 0.0
        self._complaint = ""
        self._thread = threading.Thread(target=self._run, name=f"notifier-{sender.name}", daemon=True)

    @property
    def name(self) -> str:
        """What people call the notifier."""
        return self._sender.name

    @property
    def counts(self) -> Counts:
        """What became of the notices so far."""
        with self._changed:
            return replace(self._counts, waiting=self._counts.waiting + len(self._queue))

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def take(self, notice: Notice) -> None:
        """Deliver `notice` as soon as possible. Never waits for the receiver and never raises; any thread."""
        with self._changed:
            if self._closing or len(self._queue) >= self._capacity:
                self._count(dropped=1)
                overflows, self._overflowing = not self._overflowing and not self._closing, True
            else:
                self._queue.append(_Waiting(notice, time.monotonic() + self._patience.seconds))
                self._changed.notify_all()
                overflows = False
        if overflows:
            _log.warning("notifier %s: notices are dropped, because %d wait already", self.name, self._capacity)

    def end(self, at: float) -> None:
        """Try each notice that waits once more, until `at` (monotonic seconds). Does not wait for it."""
        with self._changed:
            self._closing, self._ends_at = True, at
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until all is tried, or the time is up. A try that still runs then ends by itself."""
        self._thread.join(max(self._ends_at - time.monotonic(), 0.0))
        self._give_up_queue()

    def _run(self) -> None:
        while waiting := self._next():
            failure = self._deliver(waiting)
            if failure is None:
                self._succeed()
            else:
                self._fail(waiting.notice, failure)
        self._give_up_queue()
        self._sender.close()

    def _next(self) -> _Waiting | None:
        """Wait for the next notice; None at the end."""
        with self._changed:
            self._overflowing = self._overflowing and bool(self._queue)
            self._changed.wait_for(lambda: self._queue or self._closing)
            if not self._queue or (self._closing and time.monotonic() >= self._ends_at):
                return None
            self._count(waiting=1)
            return self._queue.popleft()

    def _deliver(self, waiting: _Waiting) -> str | None:
        """Try until it is delivered (None), or say why it is given up."""
        failure = "there was no time left for it"
        for tries_left in reversed(range(self._patience.tries)):
            is_last = self._pause() or tries_left == 0
            if time.monotonic() > self._latest(waiting):
                return self._complaint or failure
            outcome = self._sender.send(waiting.notice)
            if outcome.delivered:
                return None
            failure = outcome.message
            if not outcome.retry:
                self._backoff.reset()
                break
            delay = self._delay(outcome)
            if is_last:
                break
            self._complain(failure, delay)
        return failure

    def _pause(self) -> bool:
        """Wait until the receiver may be tried again; True when this is the end, so that it is tried only once."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing, max(self._resume_at - time.monotonic(), 0.0))
            return self._closing

    def _latest(self, waiting: _Waiting) -> float:
        """When it is too late for a try (monotonic seconds)."""
        return min(waiting.until, self._ends_at) if self._closing else waiting.until

    def _delay(self, outcome: Outcome) -> float:
        """How long to leave the receiver alone, in seconds. Also the next notice waits for it."""
        asked = min(outcome.retry_after, self._patience.seconds)
        delay = max(asked, self._backoff.next_delay())
        self._resume_at = time.monotonic() + delay
        return delay

    def _complain(self, failure: str, delay: float) -> None:
        """Once for each sort of failure, until something is delivered again."""
        if failure != self._complaint:
            _log.warning("notifier %s: trying again in %.0f s: %s", self.name, delay, failure)
            self._complaint = failure

    def _succeed(self) -> None:
        if self._complaint:
            _log.info("notifier %s delivers again", self.name)
            self._complaint = ""
        self._backoff.reset()
        self._count(delivered=1, waiting=-1)

    def _fail(self, notice: Notice, why: str) -> None:
        about = f" of {notice.application}" if notice.application else ""
        _log.warning("notifier %s: gave up a notice (%s%s): %s", self.name, notice.kind, about, why)
        self._count(failed=1, waiting=-1)

    def _give_up_queue(self) -> None:
        with self._changed:
            left = len(self._queue)
            self._queue.clear()
            self._count(failed=left)
        if left:
            _log.warning("notifier %s: gave up %d notices that still waited at the end", self.name, left)

    def _count(self, **more: int) -> None:
        with self._changed:
            counts = self._counts
            self._counts = replace(counts, **{name: getattr(counts, name) + number for name, number in more.items()})
