"""What every cluster backend does: show live objects, and hold the routes that are applied."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypeAlias

from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Observation, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute

ResourceKey: TypeAlias = tuple[str, str, str]
"""(group, kind, name) of objects that changed. Without the namespace, because a manifest may state none
and then answers for every namespace: whoever waits for any of them looks again."""


class Cluster(Protocol):
    """A backend. No method raises for the state of the cluster: what cannot be seen is `Absent` with a
    reason, and what cannot be written is a `Problem`, to be tried again later.
    """

    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        """What there is of each of `ids` now: every one is answered."""
        ...

    def apply(
        self, application: str, routes: Sequence[RenderedRoute], held: Collection[str] = frozenset()
    ) -> tuple[Problem, ...]:
        """Make the applied routes of `application` (`namespace/name`) exactly these, and remove its others.

        Routes of the templates named in `held` stay as they are. What is right already is not written again.
        """
        ...

    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        """Remove the routes of every application that is not in `keep`, for instance from before a restart."""
        ...
