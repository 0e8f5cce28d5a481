"""A routemap as a value: the versions of an application, and how traffic is routed among them."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.spec.resource import ResourceId

DEFAULT_NAMESPACE = "default"
PROGRESS_DEADLINE = 600.0
"""Seconds, as for a Deployment."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an application. `weight` is the declared one (0 takes no traffic).

    `progress_deadline` is how many seconds it may stay on its way before it is reported as stalled.
    """

    name: str
    resources: tuple[ResourceId, ...]
    weight: int = 1
    progress_deadline: float = PROGRESS_DEADLINE


@dataclass(frozen=True, slots=True)
class RoutingTemplate:
    """A template that renders one Kubernetes object from the state of the routemap.

    `target_kind` is (group, kind) of what it renders when `gvrShort` says so, else `("", "")`. With
    `force_conflicts`, fields of its object that somebody else manages are taken over.
    """

    name: str
    template: str
    engine: str = "go"
    target_kind: tuple[str, str] = ("", "")
    force_conflicts: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """How users are spread over versions. A new `salt` reshuffles everybody, on purpose."""

    salt: str = ""


@dataclass(frozen=True, slots=True)
class Routemap:
    """A decoded routemap document. `uid` is that of the object it was read from, if it states one."""

    namespace: str
    name: str
    versions: tuple[Version, ...]
    routing_templates: tuple[RoutingTemplate, ...] = ()
    assignment: Assignment = Assignment()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    uid: str = ""

    @property
    def application(self) -> str:
        """`namespace/name`, the name callers use in `Lookup`."""
        return f"{self.namespace}/{self.name}"

    @property
    def resource_ids(self) -> frozenset[ResourceId]:
        """Every resource that any version names."""
        return frozenset(resource for version in self.versions for resource in version.resources)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a routemap in force was read: its source, the path in it, and the revision it last changed at."""

    source: str
    path: str
    revision: str


@dataclass(frozen=True, slots=True)
class RenderedRoute:
    """One object rendered from a routing template, as canonical YAML text.

    `namespace` is where it goes if its kind has namespaces at all.
    """

    template: str
    group: str
    kind: str
    namespace: str
    name: str
    text: str
    force_conflicts: bool = False
