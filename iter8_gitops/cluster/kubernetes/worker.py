"""Does what there is to do in a cluster, one thing at a time, and tries again what failed."""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Collection

from iter8_gitops.cluster.kubernetes.due import Backoff, DueQueue
from iter8_gitops.cluster.kubernetes.finalizer_keeper import FinalizerKeeper
from iter8_gitops.cluster.kubernetes.refusals import RETRY_SECONDS, Refusal, RefusedError, undiscovered
from iter8_gitops.cluster.kubernetes.route_keeper import RouteKeeper
from iter8_gitops.cluster.kubernetes.route_memory import UNSEEN_SECONDS
from iter8_gitops.cluster.kubernetes.route_writer import RouteWriter
from iter8_gitops.cluster.kubernetes.tasks import Application, Leftover, ReadLedger, Resource, Sweep, Task
from iter8_gitops.cluster.kubernetes.watches import KindWatches
from iter8_gitops.cluster.kubernetes.wishes import Wishes
from iter8_gitops.cluster.kubernetes.writes import LeaderWrites, NotLeadingError
from iter8_gitops.kube.errors import KubeError
from iter8_gitops.spec.resource import ResourceId

_log = logging.getLogger(__name__)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0


class Worker:
    """Works off a queue of tasks. One thread calls its methods.

    `on_news` gets the applications whose problems changed. When the API server is away, work rests for up to
    `RETRY_SECONDS`, or until `stopping`.
    """

    def __init__(
        self,
        queue: DueQueue[Task],
        wishes: Wishes,
        writer: RouteWriter,
        routes: RouteKeeper,
        finalizers: FinalizerKeeper,
        writes: LeaderWrites,
        resources: KindWatches,
        on_news: Callable[[frozenset[str]], None],
        stopping: threading.Event,
    ) -> None:
        self._queue = queue
        self._wishes = wishes
        self._writer = writer
        self._routes = routes
        self._finalizers = finalizers
        self._writes = writes
        self._resources = resources
        self._on_news = on_news
        self._stopping = stopping
        self._backoff: Backoff[Task] = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        self._away: Backoff[str] = Backoff(_FIRST_PAUSE, RETRY_SECONDS)
        self.gone: deque[ResourceId] = deque()
        """Routes that the watch does not show any more; any thread may append."""

    def take_over(self) -> None:
        """This replica leads from now on: nothing that it knew about the cluster need be true any more."""
        self._writer.clear()
        self._backoff.clear()
        applications, named = self._wishes.take_over()
        self._queue.add(ReadLedger())
        for application in applications:
            self._queue.add(Application(application))
        for resource in named:
            self._queue.add(Resource(resource))

    def retire(self) -> None:
        """This replica does not lead any more."""
        self._queue.clear()
        if told := self._wishes.retire():
            self._on_news(told)

    def work(self, timeout: float) -> bool:
        """Do what is due, or wait for it, `timeout` seconds at most. False: another replica may have written since."""
        task = self._queue.take(timeout)
        if task is None:
            return True
        try:
            refusals = self._do(task)
            self._try_again(task, refusals)
        except NotLeadingError:
            return False
        except Exception:  # noqa: BLE001 (a defect must not end the thread that does everything else)
            self._queue.add(task, self._backoff.pause(task))
            _log.exception("%s failed", task)
        finally:
            self._queue.done()
        return True

    def _do(self, task: Task) -> Collection[Refusal]:
        """Do one thing; returns what stands in the way."""
        if isinstance(task, Application):
            return self._keep_routes(task)
        refused: Refusal | None = None
        try:
            match task:
                case Resource():
                    self._settle(task)
                case Leftover():
                    self._look_again(task, self._finalizers.settle(task.id))
                case Sweep():
                    for resource in self._finalizers.stray(task.kind):
                        self._queue.add(Leftover(resource))
                case ReadLedger():
                    self._read_ledger()
        except RefusedError as error:
            refused = error.refusal
        if isinstance(task, Resource | Leftover) and (told := self._wishes.note_resource(task.id, refused)):
            self._on_news(told)
        return () if refused is None else (refused,)

    def _keep_routes(self, task: Application) -> Collection[Refusal]:
        while self.gone:
            self._writer.gone(self.gone.popleft())
        order = self._wishes.order(task.name)
        if order is None:
            return ()
        written = self._writes.count
        outcome = self._routes.keep(task.name, order.wanted, order.marked)
        if self._writes.count != written:
            self._queue.add(task, UNSEEN_SECONDS * 1.1)
            for resource, mark in outcome.marks.items():
                self._wishes.see(resource, mark)
        for heir in outcome.heirs:
            self._queue.add(Application(heir))
        if self._wishes.note_routes(task.name, outcome.refusals):
            self._on_news(frozenset({task.name}))
        if outcome.is_complete and not order.wanted.held:
            for resource in self._wishes.fulfilled(task.name, order):
                self._queue.add(Resource(resource))
        return outcome.refusals.values()

    def _settle(self, task: Resource) -> None:
        live = self._resources.get((task.id.group, task.id.kind), task.id.namespace, task.id.name)
        if live is not None:
            self._look_again(task, self._finalizers.settle(task.id, live))

    def _look_again(self, task: Task, seconds: float | None) -> None:
        if seconds is not None:
            self._queue.add(task, seconds)

    def _read_ledger(self) -> None:
        before = self._writes.noted
        try:
            noted = self._writes.read_ledger()
        except KubeError as error:
            raise RefusedError(undiscovered(error, "Lease")) from error
        if noted != before:
            self._on_news(frozenset())
        if self._wishes.everybody_known():
            for kind in noted:
                self._queue.add(Sweep(kind))

    def _try_again(self, task: Task, refusals: Collection[Refusal]) -> None:
        if not refusals:
            self._backoff.reset(task)
            self._away.reset("")
            return
        first = self._backoff.failures(task) == 0
        self._queue.add(task, min(self._pause(task, refusal) for refusal in refusals))
        if any(refusal.unreachable for refusal in refusals):
            self._stopping.wait(self._away.pause(""))
        # What concerns a routemap is told as its problem; of the rest nobody would hear.
        unheard = not isinstance(task, Application) and any(refusal.untold == 0 for refusal in refusals)
        level = logging.WARNING if first and unheard else logging.DEBUG
        _log.log(level, "%s", "; ".join(refusal.message for refusal in refusals))

    def _pause(self, task: Task, refusal: Refusal) -> float:
        if refusal.retry is None or refusal.retry <= _LONGEST_PAUSE:
            return self._backoff.pause(task, refusal.retry)
        return refusal.retry * random.uniform(0.8, 1.0)  # noqa: S311 (spreads load, keeps no secret)
