"""The reconcile loop: deliveries come in, states are computed for what changed, the board is published.

One thread runs the loop, so nothing here is locked. Sources run in threads of their own and only
put deliveries into the queue. All that arrived is taken in before anything is computed, and one
publication carries everything that follows from it: readers never see half a commit.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.cluster.backend import Cluster
from iter8_gitops.cluster.manifests import Loaded
from iter8_gitops.core.desired import DecodedTree, Desired, desired, file_problems, held_resources, standing_resources
from iter8_gitops.core.reconcile import Tools, reconcile
from iter8_gitops.core.transitions import transitions
from iter8_gitops.errors import UnavailableError
from iter8_gitops.runtime.feeds import Delivery, Feed, FeedThread
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.runtime.problem_book import ProblemBook
from iter8_gitops.runtime.source_statuses import SourceStatuses
from iter8_gitops.runtime.triggers import Triggers
from iter8_gitops.spec.files import DecodedResource
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.tree import SourceTree

_log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 2.0
APPLY_RETRY_SECONDS = 15.0

LoadResources = Callable[[Mapping[str, Sequence[DecodedResource]]], Loaded]
"""Gives a cluster that is made of manifests its objects, by path."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a controller is made of; `wiring` puts it together.

    `load_resources` is set when a feed stands for the cluster.
    """

    feeds: tuple[Feed, ...]
    cluster: Cluster
    load_resources: LoadResources
    intake: Intake
    tools: Tools
    board: BoardPublisher
    last_good: LastGood
    clock: Callable[[], float] = time.time


class Controller:
    """Keeps the board true to what the sources declare and the cluster shows."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        snapshot = parts.board.load()
        names = {feed.source.name for feed in parts.feeds}
        saved = parts.last_good.load()
        self._desired = Desired({app: each for app, each in saved.items() if each.origin.source in names})
        self._statuses = SourceStatuses(parts.feeds, snapshot.sources)
        self._states = dict(snapshot.routemaps)
        self._trees: dict[str, tuple[SourceTree, DecodedTree]] = {}
        self._held: Mapping[str, Sequence[DecodedResource]] = parts.last_good.load_held()
        self._resources: Mapping[str, Sequence[DecodedResource]] = self._held
        self._cluster_seen = False
        self._pruned = False
        self._unpublished = False
        self._problems = ProblemBook()
        self._triggers = Triggers()
        self._triggers.declare(self._desired.declared)

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set."""
        deliveries: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        threads = [FeedThread(feed, deliveries, stop) for feed in self._parts.feeds]
        for thread in threads:
            thread.start()
        beat_at = 0.0
        while not stop.is_set():
            self.step(_drain(deliveries, timeout=self._patience()))
            now = self._parts.clock()
            if not beat_at - HEARTBEAT_SECONDS <= now < beat_at:  # due, or the clock was set back
                self._beat(now)
                beat_at = now + HEARTBEAT_SECONDS
        for thread in threads:
            thread.join(timeout=2.0)

    def step(self, deliveries: Iterable[Delivery]) -> None:
        """Take in `deliveries`, compute what follows from them and from the time, and publish it at once."""
        now = self._parts.clock()
        self._take_in(deliveries, now)
        changed: dict[str, RoutemapState] = {}
        removed: frozenset[str] = frozenset()
        if self._cluster_seen:  # until then nothing can be said of any resource, so nothing is touched
            for application in sorted(self._triggers.take(now)):
                state = self._reconcile(application, now)
                if state is not None:
                    changed[application] = state
            removed = frozenset(self._states.keys() - self._desired.declared.keys())
        if changed or removed or self._unpublished:
            self._publish(changed, removed, now)
        if self._cluster_seen and not self._pruned:
            for problem in self._parts.cluster.prune(self._desired.declared.keys()):
                _log.error("%s", problem)
            self._pruned = True

    def _take_in(self, deliveries: Iterable[Delivery], now: float) -> None:
        fresh: dict[str, tuple[Feed, SourceTree]] = {}
        for delivery in deliveries:
            self._note(delivery, now)
            if isinstance(delivery.content, SourceTree):
                fresh[delivery.content.source] = (delivery.feed, delivery.content)
        for feed, tree in fresh.values():
            known = self._trees.get(tree.source)
            if known is None or known[0] is not tree:
                decoded = self._parts.intake.decode(tree)
                self._trees[tree.source] = (tree, decoded)
                self._take_in_tree(feed, decoded)

    def _note(self, delivery: Delivery, now: float) -> None:
        content = delivery.content
        if not self._statuses.note(content, now):
            return
        self._unpublished = True
        if isinstance(content, SourceTree):
            _log.info("source %s is at %s", content.source, content.revision)
        else:
            _log.warning("source %s: %s; its last good state stays", content.source, content.message)

    def _take_in_tree(self, feed: Feed, decoded: DecodedTree) -> None:
        if feed.resources:
            self._resources = standing_resources(decoded, self._resources)
            self._hold(held_resources(decoded, self._resources))
            loaded = self._parts.load_resources(self._resources)
            self._triggers.resources_changed(loaded.changed)
            self._problems.of_cluster(decoded.source, loaded.problems)
            self._cluster_seen = True
        if feed.routemaps:
            self._redeclare()
            self._problems.of_documents(self._desired.problems)
        else:
            self._problems.of_documents({decoded.source: file_problems(decoded, {})})
        news = self._problems.news()
        for problem in news.appeared:
            _log.warning("problem: %s", problem)
        self._triggers.touch(news.concerned)
        self._unpublished |= news.changed

    def _hold(self, held: Mapping[str, Sequence[DecodedResource]]) -> None:
        """Remember across a restart what no file shows any more."""
        if held != self._held:
            self._parts.last_good.save_held(held)
            self._held = held

    def _redeclare(self) -> None:
        before = self._desired.declared
        routemap_sources = [feed.source.name for feed in self._parts.feeds if feed.routemaps]
        trees = [self._trees[name][1] for name in routemap_sources if name in self._trees]
        self._desired = desired(trees, before)
        changed = {app: each for app, each in self._desired.declared.items() if before.get(app) != each}
        removed = before.keys() - self._desired.declared.keys()
        self._parts.last_good.save(changed, removed)
        self._triggers.declare(changed)
        self._triggers.withdraw(removed)

    def _reconcile(self, application: str, now: float) -> RoutemapState | None:
        """The new state of one routemap, if it differs from the one that was published last."""
        declared = self._desired.declared[application]
        observations = self._parts.cluster.observe(declared.routemap.resource_ids)
        previous = self._states.get(application)
        problems = self._problems.concerning(application)
        result = reconcile(declared, observations, self._parts.tools, previous, problems, now)
        state = result.state
        refused = self._parts.cluster.apply(application, result.routes, result.held_templates)
        if refused:
            state = replace(state, problems=(*state.problems, *refused))
        self._triggers.recheck(application, now + APPLY_RETRY_SECONDS if refused else result.recheck_at)
        if state == previous:
            return None
        for sentence in transitions(previous, state):
            _log.info("%s: %s", application, sentence)
        told = {*problems, *(previous.problems if previous else ())}
        for problem in state.problems:
            if problem not in told:
                _log.warning("problem: %s: %s", application, problem)
        return state

    def _publish(self, changed: Mapping[str, RoutemapState], removed: frozenset[str], now: float) -> None:
        sources = self._statuses.with_problems(self._problems.by_source())
        try:
            self._parts.board.publish(changed, removed, sources, now)
        except UnavailableError as error:
            _log.error("nothing is published for now: %s", error)
            self._triggers.touch(changed)
            self._unpublished = True
            return
        self._unpublished = False
        self._states.update(changed)
        for application in sorted(removed):
            del self._states[application]
            self._parts.cluster.apply(application, (), frozenset())
            _log.info("%s: withdrawn", application)

    def _beat(self, now: float) -> None:
        try:
            self._parts.board.heartbeat(now)
        except UnavailableError as error:
            _log.warning("no heartbeat: %s", error)

    def _patience(self) -> float:
        """How long to wait for deliveries: until a recheck is due, at most half a heartbeat."""
        due_at = self._triggers.due_at()
        longest = HEARTBEAT_SECONDS / 2
        return longest if due_at is None else min(max(due_at - self._parts.clock(), 0.0), longest)


def _drain(deliveries: queue.SimpleQueue[Delivery], timeout: float) -> list[Delivery]:
    """Everything that has arrived, after waiting at most `timeout` seconds for the first."""
    arrived: list[Delivery] = []
    try:
        arrived.append(deliveries.get(timeout=timeout))
        while True:
            arrived.append(deliveries.get_nowait())
    except queue.Empty:
        return arrived
