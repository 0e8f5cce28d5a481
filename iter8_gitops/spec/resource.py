"""Kubernetes objects as values: what a kind is called, which object is meant, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

WATCH_LABEL = "iter8.tools/watch"
WEIGHT_ANNOTATION = "iter8.tools/weight"


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """A kind that routemaps may name, with the short names (`gvrShort`) that stand for it.

    `group` is `""` for the core API group. `plural` is the lower-case resource name in API paths.
    """

    group: str
    version: str
    kind: str
    plural: str
    short_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class ResourceId:
    """Which object: API group (without the version, so that upgrades keep identity), kind, namespace, name."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One live Kubernetes object. `manifest` is the whole object as JSON values, and is never mutated."""

    id: ResourceId
    manifest: Mapping[str, Any]

    def section(self, *path: str) -> Mapping[str, Any]:
        """The mapping at `path`, or an empty one when it is missing or not a mapping."""
        found: Any = self.manifest
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    @property
    def metadata(self) -> Mapping[str, Any]:
        """`metadata`, tolerant of its absence."""
        return self.section("metadata")

    @property
    def spec(self) -> Mapping[str, Any]:
        """`spec`, tolerant of its absence."""
        return self.section("spec")

    @property
    def status(self) -> Mapping[str, Any]:
        """`status`, tolerant of its absence."""
        return self.section("status")

    @property
    def annotations(self) -> Mapping[str, Any]:
        """`metadata.annotations`, tolerant of its absence."""
        return self.section("metadata", "annotations")

    @property
    def labels(self) -> Mapping[str, Any]:
        """`metadata.labels`, tolerant of its absence."""
        return self.section("metadata", "labels")

    @property
    def terminating(self) -> bool:
        """True once somebody has asked for the object's deletion."""
        return bool(self.metadata.get("deletionTimestamp"))


@dataclass(frozen=True, slots=True)
class Absent:
    """Why there is no live object to look at. `reason` is CamelCase (`NotFound`, `NotWatched`)."""

    reason: str
    message: str


Observation: TypeAlias = Resource | Absent
"""What a cluster backend says of one resource id."""
