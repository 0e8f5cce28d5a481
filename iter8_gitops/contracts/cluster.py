"""What every cluster backend does: show live objects, and make what routemaps ask of the cluster true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from iter8_gitops.contracts.source import Feed
from iter8_gitops.core.transitions import Transition
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Observation, Resource, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute

KindKey: TypeAlias = tuple[str, str]
"""(API group, kind)."""

ResourceKey: TypeAlias = tuple[str, str, str]
"""(group, kind, name) of objects that changed. Without the namespace, because a manifest may state none
and then answers for every namespace: whoever waits for any of them looks again."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The ConfigMap that a routemap was read from: what is made for the routemap goes when this goes."""

    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one routemap asks of the cluster.

    `routes` are the objects to hold applied; those of the templates in `held` stay as they are. `named` are all
    resources that the routemap names, which must not vanish before traffic has left them.
    """

    routes: tuple[RenderedRoute, ...] = ()
    held: frozenset[str] = frozenset()
    named: frozenset[ResourceId] = frozenset()
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What changed since somebody last asked.

    `resources` are observed otherwise than before; objects of `kinds` can be observed now, or no longer; what
    `apply` says of `applications` is different.
    """

    resources: frozenset[ResourceKey] = frozenset()
    kinds: frozenset[KindKey] = frozenset()
    applications: frozenset[str] = frozenset()


@runtime_checkable
class Cluster(Protocol):
    """A backend. One thread calls it, and no call waits for the outside world longer than a disk takes.

    No method raises for the state of the cluster: what cannot be seen is `Absent` with a reason, and what
    cannot be written is a `Problem`, and is tried again. An application is `namespace/name`.
    """

    @property
    def leads(self) -> bool:
        """Whether this replica is the one that acts for all: writes, and tells people. True where there is but one."""
        ...

    @property
    def keeps_records(self) -> bool:
        """Whether what is decided here must be written into the cluster, because other replicas follow it, or the next
        one has no other memory. False where one controller is all there is, and has its board."""
        ...

    def start(self, wake: Callable[[], None]) -> None:
        """Begin to look. `wake` is called, from any thread, when there is news."""
        ...

    def stop(self) -> None:
        """Let go of everything; gives up leadership so that another replica can take over at once."""
        ...

    def watch(self, kinds: Collection[KindKey]) -> None:
        """Objects of exactly these kinds will be asked for."""
        ...

    def awaited(self, ids: Collection[ResourceId]) -> str:
        """What must be seen first before `ids` can be observed, in words for people; "" when they can be."""
        ...

    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        """What there is of each of `ids` now: every one is answered. Call it when nothing is `awaited`."""
        ...

    def apply(self, application: str, wanted: Wanted) -> tuple[Problem, ...]:
        """Make what is applied for `application` exactly `wanted`; what is right already is not written again.

        A backend may do so in the background. Returns the problems known now; `news` names the application
        when they change.
        """
        ...

    def release(self, application: str, resources: Collection[ResourceId]) -> None:
        """The published state of `application` gives no traffic because of these resources, which are going away.

        Exactly these: once its routes say the same, and the drain time has passed, they may go.
        """
        ...

    def withdraw(self, application: str) -> None:
        """The routemap is gone: remove what was applied for it, and let go of the resources it named."""
        ...

    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        """Remove what was applied for applications that are not in `keep`, for instance before a restart.

        Called once every source has delivered: nobody else wants any of it.
        """
        ...

    def news(self) -> News:
        """What changed since the last call."""
        ...

    def report(self, application: str, owner: Owner | None, transitions: Collection[Transition]) -> None:
        """Tell people who look at the cluster (Events) what happened to a routemap and its resources."""
        ...


DEFAULT_INSTANCE = "iter8-gitops"
"""The name of an installation unless somebody gives it another. Two in one cluster need two names."""


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """How a real cluster is reached and used. `scope` is `cluster`, `namespace`, or None for the default.

    `lease_seconds` and `drain` are in seconds.
    """

    kubeconfig: str | None = None
    context: str | None = None
    instance: str = DEFAULT_INSTANCE
    scope: str | None = None
    configmaps: bool = True
    leader_elect: bool = True
    lease_namespace: str | None = None
    lease_seconds: float = 15.0
    finalizers: bool = True
    drain: float = 10.0

    def within(self, cluster_scoped: bool | None) -> ClusterAccess:
        """The same with the default for `scope` that a configuration states (None: it states none)."""
        if self.scope is not None or cluster_scoped is None:
            return self
        return replace(self, scope="cluster" if cluster_scoped else "namespace")


@dataclass(frozen=True, slots=True)
class ClusterRequest:
    """What a person asked for with `--cluster BACKEND[:ADDRESS]` and the options beside it.

    `namespace` is that of documents which state none. `routes` is a folder for rendered routes, for backends that
    have nowhere else to put them. `alone` says that no routemaps are read from elsewhere, so that the backend must
    bring some. `read_before` is as in `SourceRequest`.
    """

    backend: str
    address: str
    routes: Path
    namespace: str | None = None
    alone: bool = False
    read_before: bool = False
    access: ClusterAccess = field(default_factory=ClusterAccess)


class Manifest(Protocol):
    """A decoded manifest. `resource.id.namespace` is "" when none is stated; `line` counts from 1."""

    @property
    def resource(self) -> Resource:
        """The object."""
        ...

    @property
    def watched(self) -> bool:
        """Whether it has the watch label."""
        ...

    @property
    def line(self) -> int:
        """Where in its file it begins."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load of manifests brought: whose observation `changed`, and every problem of the manifests together."""

    changed: frozenset[ResourceKey]
    problems: tuple[Problem, ...]


LoadResources: TypeAlias = Callable[[Mapping[str, Sequence[Manifest]]], Loaded]
"""Gives a cluster that is made of manifests its objects, by path."""

UpdateResources: TypeAlias = LoadResources
"""As `LoadResources`, of the paths whose objects are others than before, alone; a path without objects is gone."""

FindKind: TypeAlias = Callable[[str, str], str | None]
"""The kind that a cluster serves by (API group, plural), or None. Raises `UnavailableError` when it cannot tell now."""

Look: TypeAlias = Callable[[Collection[ResourceId]], Mapping[ResourceId, Observation]]
"""One look at objects: for each id what `Cluster.observe` says once the object is followed. `Absent` with the reason
`Forbidden` is what whoever asks may not see. Follows and writes nothing. Raises `UnavailableError`."""


@dataclass(frozen=True, slots=True)
class RoutePlace:
    """Where a route of an application (`namespace/name`) is. `version` is that of the API to read it in, "" for any."""

    application: str
    id: ResourceId
    version: str = ""


LookAtRoutes: TypeAlias = Callable[[Collection[RoutePlace]], Mapping[RoutePlace, Observation]]
"""One look at the objects that are in the places of routes, whatever labels they have; as `Look`."""


@dataclass(frozen=True, slots=True)
class OpenedCluster:
    """A backend, and what comes with it.

    `feeds` are sources that the backend itself brings: routemaps that are kept in it, and how well it is seen.
    `load_resources` is set by a backend whose objects are manifests, read by a feed that delivers `resources`; with
    `beside_routemaps` these are the feeds of the routemaps. One that sets `update_resources`, too, is loaded once and
    then told what changed. `scope` is the one namespace that is looked at (None:
    all). `find_kind` answers for kinds that no plugin knows, where there is somebody to ask. `look` and
    `look_at_routes` are for tools that end at once: they answer without `Cluster.start`, after `load_resources` where
    there is one; None where a backend cannot. `close` lets go of everything, after `Cluster.stop`.
    """

    cluster: Cluster
    feeds: tuple[Feed, ...] = ()
    load_resources: LoadResources | None = None
    update_resources: UpdateResources | None = None
    beside_routemaps: bool = False
    scope: str | None = None
    find_kind: FindKind | None = None
    look: Look | None = None
    look_at_routes: LookAtRoutes | None = None
    close: Callable[[], None] = lambda: None
