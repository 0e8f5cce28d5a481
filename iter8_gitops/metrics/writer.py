"""Group commit: many callers' exposures and values in one transaction, each caller told when it is durable."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from threading import Condition, Lock, Thread
from weakref import WeakMethod

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.errors import BrokenPluginError, InvalidArgumentError, UnavailableError
from iter8_gitops.metrics.pending import Batch, Exposed, Pending, Submission
from iter8_gitops.metrics.recent import RecentExposures
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue

_log = logging.getLogger(__name__)


class GroupCommitWriter:
    """Writes to a `MetricStore` from a thread of its own, which starts when a process first uses the writer.

    While one transaction runs, the next batch gathers, so batches grow with the load and an idle writer
    adds no delay. What one process submits is stored in that order: an exposure is committed before, or
    together with and ahead of, every value submitted after it.

    `capacity` bounds the exposures and values that wait, `batch_size` those in one transaction, and
    `remembered` the users, at least, whose repeated exposure costs only a look in a dictionary. Exposures alone are
    gathered for `exposure_delay` seconds: nobody waits for them, and each transaction keeps other processes from theirs
    for as long as the disk takes. They are tried again after `retry_delay` seconds when the store was unavailable.
    A forked child starts with nothing pending: what its parent had pending, the parent stores.

    A lookup pays for one append: its exposure arrives in a queue without a lock, and the thread, which is awake for
    as long as there are arrivals, takes in many at a time. Code that runs once per request runs cold, and costs
    several times of what it costs in a loop.
    """

    def __init__(
        self,
        store: MetricStore,
        *,
        capacity: int = 100_000,
        batch_size: int = 5_000,
        remembered: int = 200_000,
        exposure_delay: float = 0.1,
        retry_delay: float = 1.0,
    ) -> None:
        self._store = store
        self._capacity = capacity
        self._batch_size = batch_size
        self._remembered = remembered
        self._exposure_delay = exposure_delay
        self._retry_delay = retry_delay
        self._closed = False
        self._start_afresh()
        in_child = WeakMethod(self._start_afresh)
        os.register_at_fork(after_in_child=lambda: (start := in_child()) and start())

    def _start_afresh(self) -> None:
        self.stored_exposures = 0
        self._dropped = 0
        self._arrivals: deque[Exposed] = deque()
        self._awake = False
        self._pending = Pending(self._capacity, self._batch_size)
        self._recent = RecentExposures(self._remembered)
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._thread: Thread | None = None
        self._store_failed = False

    @property
    def dropped_exposures(self) -> int:
        """How many exposures could not be recorded."""
        with self._lock:
            self._take_in_arrivals()
            return self._dropped

    def expose(self, arm: Arm, user: str, experiment: int = 0) -> None:
        """Record an exposure soon. Never blocks and never raises; when there is no room, it is
        dropped and counted in `dropped_exposures`."""
        arrivals = self._arrivals
        arrivals.append((arm, user, experiment))
        if not self._awake or len(arrivals) >= self._batch_size:
            with self._lock:
                if len(arrivals) >= self._batch_size:
                    self._take_in_arrivals()
                self._wake()

    def expose_all(self, given: Iterable[Exposed]) -> None:
        """Record many exposures, each as `expose` does."""
        with self._lock:
            self._take_in_arrivals()
            self._take_in(list(given))
            self._wake()

    def _take_in_arrivals(self) -> bool:
        """Queue what has arrived, with the lock held. True when something had."""
        arrivals = self._arrivals
        count = len(arrivals)  # and not those that arrive meanwhile, so that it ends
        self._take_in([arrivals.popleft() for _ in range(count)])
        return count > 0

    def _take_in(self, given: Sequence[Exposed]) -> None:
        # One by one where some have no room, for each of them to be dropped by itself.
        at_once = len(given) if self._pending.has_room(len(given)) else 1
        for start in range(0, len(given), at_once or 1):
            news = list(filter(self._recent.learns, given[start : start + at_once]))
            self._drop(news if self._closed else self._pending.expose(news))

    def _drop(self, exposed: Sequence[Exposed]) -> None:
        self._dropped += len(exposed)
        for arm, user, _ in exposed:
            self._recent.forget(arm, user)

    def is_behind(self, count: int) -> bool:
        """Whether `count` more exposures have no room now, and would have some in a moment: the store works."""
        has_room = self._pending.has_room(len(self._arrivals) + count)
        return not (has_room or self._store_failed or self._closed)

    def submit(self, values: Sequence[MetricValue], exposures: Sequence[Exposure] = ()) -> Future[None]:
        """Store exposures and values, all or none. The future is resolved once they are durable.

        It fails with `InvalidArgumentError` when the store refuses a value (the field counts within
        `values`), and with `UnavailableError` when they could not be stored; they are not tried again.
        Raises `UnavailableError` when too much waits already, or after `close`.
        """
        submission = Submission(tuple(values), tuple(exposures))
        if not submission.values and not submission.exposures:
            submission.done.set_result(None)
            return submission.done
        with self._lock:
            self._take_in_arrivals()
            if self._closed:
                message = "metrics are not accepted any more: this process is stopping"
                raise UnavailableError(message)
            if not self._pending.submit(submission):
                message = f"too many metric values wait to be stored ({self._capacity} at most); try again"
                raise UnavailableError(message)
            for exposure in submission.exposures:
                self._recent.learns(exposure)
            self._wake()
        return submission.done

    def close(self, timeout: float = 10.0) -> None:
        """Accept nothing more, and store what waits; after `timeout` seconds, fail what still does.

        The store stays open: it belongs to the caller.
        """
        with self._lock:
            self._take_in_arrivals()
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        late = UnavailableError("the metric store took too long while this process was stopping")
        while batch := self._taken():
            self._fail(batch, late)

    def _wake(self) -> None:
        """See to it that the thread looks at what waits, with the lock held."""
        if self._closed or not (self._pending or self._arrivals):
            return
        self._awake = True
        if self._thread is None:
            self._thread = Thread(target=self._run, name="metric-writer", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._commit(batch)

    def _next_batch(self) -> Batch | None:
        """Wait for the next batch; None when the writer is closed and nothing is left."""
        busy = True
        with self._lock:
            while not self._closed:
                if not busy and not self._pending and not self._arrivals:
                    self._sleep()
                patience = self._retry_delay if self._store_failed else self._exposure_delay
                self._changed.wait_for(self._is_time, patience)
                # While known exposures arrive it stays awake, so that no lookup has to wake it.
                busy = self._take_in_arrivals()
                if self._pending:
                    break
        return self._taken()

    def _sleep(self) -> None:
        """Wait until there is something to do, with the lock held."""
        # In this order: who adds an arrival looks afterwards whether this is awake.
        self._awake = False
        self._changed.wait_for(lambda: self._closed or bool(self._arrivals) or bool(self._pending))
        self._awake = True

    def _is_time(self) -> bool:
        """No reason to let more exposures gather."""
        return self._closed or self._pending.awaited or (self._pending.full and not self._store_failed)

    def _taken(self) -> Batch | None:
        with self._lock:
            if not self._pending:
                return None
            exposed = self._pending.take_exposures()
            batch = Batch(exposed) if exposed else self._pending.take()
        batch.submissions = [one for one in batch.submissions if one.done.set_running_or_notify_cancel()]
        return batch

    def _commit(self, batch: Batch) -> None:
        """Store a batch. What cannot be stored is found by halving, so that only it fails."""
        parts = [batch]
        while parts:
            part = parts.pop()
            try:
                self._store.record(part.exposures, part.values)
            except UnavailableError as error:
                self._fail(Batch.joined([part, *reversed(parts)]), error)
                return
            except (Exception, SystemExit) as error:  # noqa: BLE001 - its submitter is told, and the thread goes on
                if halves := part.halves():
                    parts += reversed(halves)
                else:
                    self._fail(part, error)
            else:
                self._succeed(part)

    def _succeed(self, batch: Batch) -> None:
        self._store_failed = False
        self.stored_exposures += batch.count
        for submission in batch.submissions:
            submission.done.set_result(None)

    def _fail(self, batch: Batch, error: BaseException) -> None:
        """Tell the submitters; keep exposures for another try if the store may take them then."""
        for submission in batch.submissions:
            submission.done.set_exception(_retold(error))
        if not isinstance(error, UnavailableError | InvalidArgumentError):
            _log.error("The metric store failed in a way that it should not", exc_info=error)
        with self._lock:
            dropped: Sequence[Exposed] = batch.exposed
            if isinstance(error, UnavailableError):
                self._store_failed = True
                if not self._closed:
                    dropped = self._pending.put_back(batch.exposed)
            self._drop(dropped)
            for exposure in (each for one in batch.submissions for each in one.exposures):
                self._recent.forget(exposure.arm, exposure.user)


def _retold(error: BaseException) -> Exception:
    """An exception of its own for each submitter, because raising one changes it."""
    told: Exception
    if isinstance(error, InvalidArgumentError):
        told = InvalidArgumentError(error.field, error.message)
    elif isinstance(error, UnavailableError | BrokenPluginError):
        told = type(error)(str(error))
    else:
        told = UnavailableError(f"the metric store failed: {type(error).__name__}")
    told.__cause__ = error
    return told
