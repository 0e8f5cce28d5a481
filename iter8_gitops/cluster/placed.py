"""One object of a tree of manifests, with its place. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iter8_gitops.cluster.labels import label_complaint
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId


@dataclass(frozen=True, slots=True)
class Placed:
    """An object and where it is written."""

    resource: Resource
    watched: bool
    path: str
    line: int

    @property
    def name(self) -> str:
        """The object's kind, namespace if it states one, and name."""
        object_id = self.resource.id
        return str(object_id) if object_id.namespace else f"{object_id.kind} {object_id.name}"

    @property
    def live(self) -> bool:
        """True when the manifest shows what a controller has reported."""
        return bool(self.resource.status)

    @property
    def place(self) -> str:
        """`path:line`."""
        return f"{self.path}:{self.line}"

    def answer(self, wanted: ResourceId) -> Observation:
        """What the object says when `wanted` is asked for: itself, or that it is not watched."""
        if not self.watched:
            return Absent("NotWatched", f"{wanted} is in {self.place}, but {label_complaint(self.resource)}")
        return self.resource if self.resource.id == wanted else replace(self.resource, id=wanted)

    def answers_like(self, other: Placed) -> bool:
        """True when nobody who asks can tell this object from `other`, which has the same id."""
        if self.watched and other.watched:
            # By repr, because == takes True for 1 and never takes NaN for itself.
            mine, theirs = self.resource.manifest, other.resource.manifest
            return mine is theirs or repr(mine) == repr(theirs)
        return self.answer(self.resource.id) == other.answer(self.resource.id)
