"""A cluster that is made of manifests, so that all of iter8-gitops runs on a laptop."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from iter8_gitops.cluster.backend import ResourceKey
from iter8_gitops.cluster.catalogue import Catalogue
from iter8_gitops.cluster.placed import Manifest
from iter8_gitops.cluster.routes import RouteFolder
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Observation, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute


class Loaded(NamedTuple):
    """What a load brought: whose observation `changed`, and every problem of the manifests together."""

    changed: frozenset[ResourceKey]
    problems: tuple[Problem, ...]


class ManifestsCluster:
    """Shows the objects of a tree of manifests as live, with the `status` that they state.

    Rendered routes are written below the folder `output`. Implements `Cluster`.
    """

    def __init__(self, output: Path) -> None:
        self._catalogue = Catalogue()
        self._routes = RouteFolder(output)

    def load(self, files: Mapping[str, Sequence[Manifest]]) -> Loaded:
        """Replace all objects by those of `files` (path -> manifests in their order).

        Sequences must not be changed afterwards: one that is given again, the very same, is taken as
        unchanged, so that a commit costs as much as the files that it changes.
        """
        changed = self._catalogue.replace(files)
        return Loaded(changed, self._catalogue.problems)

    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        """See `Cluster.observe`."""
        return {wanted: self._catalogue.find(wanted) for wanted in ids}

    def apply(
        self, application: str, routes: Sequence[RenderedRoute], held: Collection[str] = frozenset()
    ) -> tuple[Problem, ...]:
        """See `Cluster.apply`."""
        return self._routes.apply(application, routes, held)

    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        """See `Cluster.prune`."""
        return self._routes.prune(keep)
