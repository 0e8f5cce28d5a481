"""Files that stand for a cluster: its objects, and what it is told when they change."""

from __future__ import annotations

from iter8_gitops.contracts.cluster import LoadResources, UpdateResources
from iter8_gitops.core.desired import DecodedChanges
from iter8_gitops.core.standing import StandingObjects
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.spec.problem import Problem


class LiveFiles:
    """Gives a cluster its objects: with `load` all of them, with `update` (if it has that) only those that changed.

    What no file shows any more because it is broken is remembered in `last_good`, across a restart.
    """

    def __init__(self, load: LoadResources, update: UpdateResources | None, last_good: LastGood) -> None:
        self._load = load
        self._update = update
        self._last_good = last_good
        self._standing = StandingObjects(last_good.load_held())
        self._held = self._standing.held
        self._loaded = False

    def take(self, news: DecodedChanges) -> tuple[Problem, ...]:
        """Take in what changed. Returns every problem of the objects together."""
        changed = self._standing.take(news)
        if self._standing.held != self._held:
            self._held = self._standing.held
            self._last_good.save_held(self._held)
        if self._update is not None and self._loaded:
            return self._update(changed).problems
        self._loaded = True
        return self._load(dict(self._standing.objects)).problems
