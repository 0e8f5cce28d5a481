"""A cluster that is made of manifests, so that all of iter8-gitops runs on a laptop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from iter8_gitops.cluster.catalogue import Catalogue
from iter8_gitops.cluster.routes import RouteFolder
from iter8_gitops.contracts.cluster import KindKey, Loaded, Manifest, News, Owner, ResourceKey, Wanted
from iter8_gitops.core.transitions import Transition
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Observation, ResourceId

_log = logging.getLogger(__name__)


class ManifestsCluster:
    """Shows the objects of a tree of manifests as live, with the `status` that they state.

    Rendered routes are written below the folder `output`. Implements `Cluster`, without threads: there is
    news only after `load` and `update`, and nobody but their caller needs to be woken.
    """

    def __init__(self, output: Path) -> None:
        self._catalogue = Catalogue()
        self._routes = RouteFolder(output)
        self._loaded = False
        self._kinds: frozenset[KindKey] = frozenset()
        self._news = News()

    @property
    def leads(self) -> bool:
        """See `Cluster.leads`."""
        return True

    @property
    def keeps_records(self) -> bool:
        """See `Cluster.keeps_records`."""
        return False

    def load(self, files: Mapping[str, Sequence[Manifest]]) -> Loaded:
        """Replace all objects by those of `files` (path -> manifests in their order).

        Sequences must not be changed afterwards.
        """
        return self._note(self._catalogue.replace(files))

    def update(self, files: Mapping[str, Sequence[Manifest]]) -> Loaded:
        """Replace the objects of these paths alone, so that a commit costs as much as the files that it changes."""
        return self._note(self._catalogue.update(files))

    def start(self, wake: Callable[[], None]) -> None:
        """See `Cluster.start`."""

    def stop(self) -> None:
        """See `Cluster.stop`."""

    def watch(self, kinds: Collection[KindKey]) -> None:
        """See `Cluster.watch`."""
        self._kinds = frozenset(kinds)

    def awaited(self, ids: Collection[ResourceId]) -> str:
        """See `Cluster.awaited`."""
        return "" if self._loaded or not ids else "waiting until the manifests have been read"

    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        """See `Cluster.observe`."""
        return {wanted: self._catalogue.find(wanted) for wanted in ids}

    def apply(self, application: str, wanted: Wanted) -> tuple[Problem, ...]:
        """See `Cluster.apply`."""
        return self._routes.apply(application, wanted.routes, wanted.held)

    def release(self, application: str, resources: Collection[ResourceId]) -> None:
        """See `Cluster.release`. A manifest that is removed is gone at once."""

    def withdraw(self, application: str) -> None:
        """See `Cluster.withdraw`."""
        for problem in self._routes.apply(application, ()):
            _log.error("%s", problem)

    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        """See `Cluster.prune`."""
        return self._routes.prune(keep)

    def news(self) -> News:
        """See `Cluster.news`."""
        news, self._news = self._news, News()
        return news

    def report(self, application: str, owner: Owner | None, transitions: Collection[Transition]) -> None:
        """See `Cluster.report`. Nobody looks here for Events; the log has them."""

    def _note(self, changed: frozenset[ResourceKey]) -> Loaded:
        observable = self._news.kinds if self._loaded else self._kinds
        self._news = News(resources=self._news.resources | changed, kinds=observable)
        self._loaded = True
        return Loaded(changed, self._catalogue.problems)
