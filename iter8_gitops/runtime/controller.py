"""The reconcile loop: deliveries come in, states are computed for what changed, the board is published.

One thread runs the loop, so nothing here is locked. Sources and the cluster's watches run in threads of
their own and only put deliveries into the queue, or wake the loop. All that arrived is taken in before
anything is computed, and one publication carries everything that follows from it: readers never see half
a commit.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.contracts.cluster import Cluster, KindKey
from iter8_gitops.contracts.notifier import Notice
from iter8_gitops.contracts.source import Feed
from iter8_gitops.core.reconcile import Tools
from iter8_gitops.runtime.declarations import Declarations
from iter8_gitops.runtime.feeds import Delivery, FeedThread, drain
from iter8_gitops.runtime.historian import entries_of, withdrawn
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.runtime.live_files import LiveFiles
from iter8_gitops.runtime.problem_book import ProblemBook
from iter8_gitops.runtime.published import Published
from iter8_gitops.runtime.reconciling import Turn, leaving, owner_of, take_turn
from iter8_gitops.runtime.source_statuses import SourceStatuses
from iter8_gitops.runtime.steering.pilot import Pilot
from iter8_gitops.runtime.telling import Teller
from iter8_gitops.runtime.triggers import Triggers
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.tree import SourceTree

_log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 2.0
APPLY_RETRY_SECONDS = 15.0
WARM_UP_SECONDS = 30.0
"""How long a first start waits for every routemap to have a state before it says that the cluster was seen."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a controller is made of; `wiring` puts it together.

    `live_files` is set when a feed stands for the cluster. `new_kinds` answers with a table of kinds when
    others are known than before. `tell` passes a notice on to people and machines elsewhere. `pilot` knows of routemaps
    that are steered what the cluster does not show. `resync_seconds` is how often everything is looked at although
    nothing changed. `timed` measures how long so many routemaps took, until they are published. `settle` is called
    once, when everything has been read for a first time and will stay.
    """

    feeds: tuple[Feed, ...]
    cluster: Cluster
    live_files: LiveFiles | None
    intake: Intake
    tools: Tools
    board: BoardPublisher
    last_good: LastGood
    new_kinds: Callable[[], KindTable | None] = lambda: None
    tell: Callable[[Notice], None] = lambda _: None
    pilot: Pilot = field(default_factory=Pilot)
    resync_seconds: float | None = None
    timed: Callable[[int], AbstractContextManager[None]] = lambda _: nullcontext()
    clock: Callable[[], float] = time.time
    settle: Callable[[], None] = lambda: None


class Controller:
    """Keeps the board true to what the sources declare and the cluster shows."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tools = parts.tools
        self._problems = ProblemBook()
        self._triggers = Triggers()
        self._declarations = Declarations(
            parts.feeds, parts.intake, parts.last_good, parts.live_files, self._triggers, self._problems
        )
        snapshot = parts.board.load()
        self._statuses = SourceStatuses(parts.feeds, snapshot.sources)
        self._published = Published(parts.board, snapshot.routemaps)
        self._undeclared = set(snapshot.routemaps.keys() - self._declarations.applications)
        told = [problem for source in snapshot.sources for problem in source.problems]
        self._teller = Teller(parts.cluster, parts.tell, told)
        self._refused: dict[str, tuple[Problem, ...]] = {}
        self._leaving: dict[str, frozenset[ResourceId]] = {}
        self._pruned = False
        self._warm_by: float | None = None
        self._resync_at = self._next_resync(parts.clock())
        self._watched: frozenset[KindKey] | None = None
        self._watch_kinds()

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set."""
        arrivals: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        threads = [FeedThread(feed, arrivals, stop) for feed in self._parts.feeds]
        self._parts.cluster.start(wake=lambda: arrivals.put(None))
        self._parts.pilot.start(wake=lambda: arrivals.put(None))
        for thread in threads:
            thread.start()
        beat_at, settled = 0.0, False
        while not stop.is_set():
            self.step(drain(arrivals, timeout=self._patience()))
            if self._pruned and not settled:  # everything was read for a first time
                self._parts.settle()
                settled = True
            now = self._parts.clock()
            if not beat_at - HEARTBEAT_SECONDS <= now < beat_at:  # due, or the clock was set back
                self._published.beat(now)
                beat_at = now + HEARTBEAT_SECONDS
        self._parts.pilot.stop()
        self._parts.cluster.stop()
        for thread in threads:
            thread.join(timeout=2.0)

    def step(self, deliveries: Sequence[Delivery]) -> None:
        """Take in `deliveries`, compute what follows from them and from the time, and publish it at once."""
        now = self._parts.clock()
        arrived = self._take_in(deliveries, now)
        self._take_news()
        if self._resync_at is not None and now >= self._resync_at:
            self._triggers.touch_all()
            self._resync_at = self._next_resync(now)
        self._work_off(now)
        if self._triggers.any_due:  # the cluster refused something: that is part of the state, too
            self._work_off(now)
        for source in arrived:
            self._teller.tell_revision(self._statuses[source], self._problems.by_source().get(source, ()), now)
        if self._declarations.complete and not self._pruned:
            for problem in self._parts.cluster.prune(self._declarations.applications):
                _log.error("%s", problem)
            self._pruned = True

    def _work_off(self, now: float) -> None:
        """Reconcile all that is due, publish it, and only then ask the cluster for what follows from it."""
        due = sorted(self._triggers.take(now))
        with self._parts.timed(len(due)):
            self._reconcile(due, now)

    def _reconcile(self, due: Sequence[str], now: float) -> None:
        turns: dict[str, Turn] = {}
        for application in due:
            turn = self._take_turn(application, now)
            if turn is not None:
                turns[application] = turn
        self._watch_kinds()
        removed = self._removed()
        changed = {a: turn.state for a, turn in turns.items() if turn.state != self._published.states.get(a)}
        history, sources = self._history(turns, removed, now), self._statuses.with_problems(self._problems.by_source())
        if not self._published.publish(changed, removed, sources, history, now):
            self._triggers.touch(turns)
            return
        for application, turn in turns.items():
            self._apply(application, turn, now)
            self._parts.pilot.follow(self._declarations[application], turn.state, leads=self._parts.cluster.leads)
            if application in changed:
                owner, source = owner_of(self._declarations[application]), self._statuses[turn.state.origin.source]
                self._teller.tell_turn(owner, turn, source, self._problems.concerning(application), now)
        for application in sorted(each for each in self._undeclared if each not in self._published.states):
            self._withdraw(application)

    def _removed(self) -> frozenset[str]:
        """The applications to remove from the board. Notes what is not declared any more."""
        self._undeclared |= self._declarations.take_removed()
        self._undeclared -= {each for each in self._undeclared if each in self._declarations.applications}
        on_board = ((each, self._published.states.get(each)) for each in self._undeclared)
        return frozenset(each for each, s in on_board if s and self._declarations.is_certain_of(s.origin.source))

    def _take_in(self, deliveries: Sequence[Delivery], now: float) -> frozenset[str]:
        """Returns the sources of routemaps that are at another revision now."""
        fresh: dict[str, SourceTree] = {}
        were_at = {
            delivery.feed.source.name: self._statuses[delivery.feed.source.name].revision for delivery in deliveries
        }
        for delivery in deliveries:
            content = delivery.content
            if isinstance(content, SourceTree):
                if delivery.feed.resources and not self._is_warm(now):
                    continue
                fresh[content.source] = content
            if self._statuses.note(content, now):
                self._published.is_owed = True
                if not isinstance(content, SourceTree):
                    _log.warning("source %s: %s; its last good state stays", content.source, content.message)
                elif content.revision:
                    _log.info("source %s is at %s", content.source, content.revision)
                else:
                    _log.info("source %s is seen whole", content.source)
        kinds = self._parts.new_kinds()
        if kinds is not None:
            self._tools = replace(self._tools, short_names=kinds.short_names())
            self._declarations.replace_kinds(kinds)
        self._declarations.take(fresh.values())
        if fresh or kinds is not None:
            self._watch_kinds()
            self._note_problems()
        return frozenset(name for name, tree in fresh.items() if tree.revision not in ("", were_at[name]))

    def _watch_kinds(self) -> None:
        if self._watched != self._triggers.kinds:
            self._watched = self._triggers.kinds
            self._parts.cluster.watch(self._watched)

    def _is_warm(self, now: float) -> bool:
        """Whether readers may take what is published for the whole: no declared routemap still waits to be seen.

        One whose resources cannot be seen for long holds up only itself, and so does a source that fails.
        """
        if self._parts.live_files is not None:
            return True
        if any(self._statuses[name].failing_since is None for name in self._declarations.unread):
            return False
        if self._warm_by is None:
            self._warm_by = now + WARM_UP_SECONDS
        return now >= self._warm_by or self._declarations.applications <= self._published.states.keys()

    def _note_problems(self) -> None:
        news = self._problems.news()
        for source, problem in news.appeared:
            stillborn = problem.application not in self._declarations.applications
            self._teller.tell_problem(problem, self._statuses[source], self._parts.clock(), stillborn=stillborn)
        self._triggers.touch(news.concerned)
        self._published.is_owed |= news.changed

    def _take_news(self) -> None:
        news = self._parts.cluster.news()
        self._triggers.resources_changed(news.resources)
        self._triggers.kinds_changed(news.kinds)
        self._triggers.touch(news.applications)
        self._triggers.touch(self._parts.pilot.news(leads=self._parts.cluster.leads))

    def _take_turn(self, application: str, now: float) -> Turn | None:
        problems = (*self._problems.concerning(application), *self._refused.get(application, ()))
        declared, previous = self._declarations[application], self._published.states.get(application)
        told = self._parts.pilot.told(declared)
        turn = take_turn(declared, self._parts.cluster, self._tools, previous, problems, now, told)
        self._triggers.recheck(application, turn.recheck_at)
        self._triggers.relate(application, turn.related)
        return turn if isinstance(turn, Turn) else None

    def _history(self, turns: Mapping[str, Turn], removed: frozenset[str], now: float) -> list[HistoryEntry]:
        entries = [
            entry
            for application, turn in turns.items()
            for entry in entries_of(application, turn.transitions, self._statuses[turn.state.origin.source], now)
        ]
        gone = (self._published.states[application] for application in sorted(removed))
        return [*entries, *(withdrawn(each.application, self._statuses[each.origin.source], now) for each in gone)]

    def _apply(self, application: str, turn: Turn, now: float) -> None:
        """Ask the cluster for what the published state implies."""
        refused = self._parts.cluster.apply(application, turn.wanted)
        if refused != self._refused.get(application, ()):
            self._refused[application] = refused
            self._triggers.touch([application])
        elif refused:
            self._triggers.recheck(application, now + APPLY_RETRY_SECONDS)
        going = leaving(turn.state)
        if going != self._leaving.get(application, frozenset()):
            self._parts.cluster.release(application, going)
            self._leaving[application] = going

    def _withdraw(self, application: str) -> None:
        self._undeclared.discard(application)
        self._leaving.pop(application, None)
        self._refused.pop(application, None)
        self._parts.pilot.forget(application)
        self._parts.cluster.withdraw(application)
        _log.info("%s: withdrawn", application)

    def _next_resync(self, now: float) -> float | None:
        return now + self._parts.resync_seconds if self._parts.resync_seconds else None

    def _patience(self) -> float:
        """How long to wait for deliveries: until a recheck is due, at most half a heartbeat."""
        due_at = self._triggers.due_at()
        longest = HEARTBEAT_SECONDS / 2
        return longest if due_at is None else min(max(due_at - self._parts.clock(), 0.0), longest)
