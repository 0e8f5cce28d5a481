"""What was applied, and what came of it: whoever remembers need not apply again. One thread uses it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iter8_gitops.cluster.kubernetes.ownership import id_of, was_created
from iter8_gitops.cluster.kubernetes.routes import fingerprint, is_older
from iter8_gitops.kube.client import JsonObject
from iter8_gitops.spec.resource import ResourceId

UNSEEN_SECONDS = 10.0
"""How long the watch may take to show what we applied, before the object is looked for."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The digest of what was applied, and the object that resulted."""

    digest: str
    fingerprint: str
    uid: str
    resource_version: str
    created: bool
    at: float


class RouteMemory:
    """Our last apply of each object. Times are seconds of one steady clock."""

    def __init__(self) -> None:
        self._applied: dict[ResourceId, Applied] = {}

    def made(self, live: JsonObject) -> bool:
        """Whether `live` is known to be made by us, even if its mark of that was taken off."""
        last = self._applied.get(id_of(live))
        return last is not None and last.created and last.uid == live["metadata"].get("uid")

    def note(self, resource: ResourceId, digest: str, result: JsonObject, now: float) -> None:
        """What has `digest` was applied, which gave `result` (in the version that is watched)."""
        metadata = result["metadata"]
        version = str(metadata.get("resourceVersion", ""))
        created = was_created(result)
        self._applied[resource] = Applied(digest, fingerprint(result), metadata["uid"], version, created, now)

    def is_right(
        self, resource: ResourceId, digest: str, live: JsonObject | None, *, watched: bool, now: float
    ) -> bool:
        """Whether there is nothing to apply, as far as is known.

        `live` is what the watch shows, which may be older than our apply; `watched` says that there is a watch.
        """
        last = self._applied.get(resource)
        if last is None or last.digest != digest:
            return False
        if live is None:
            return last.fingerprint != "" and (not watched or now - last.at < UNSEEN_SECONDS)
        if live["metadata"].get("resourceVersion") == last.resource_version or is_older(live, last.resource_version):
            return True
        return fingerprint(live) == last.fingerprint

    def is_repair(self, resource: ResourceId, digest: str) -> bool:
        """Whether the same was applied before, so that somebody else must have changed the object, if it changes."""
        last = self._applied.get(resource)
        return last is not None and last.digest == digest

    def gone(self, resource: ResourceId) -> None:
        """The watch does not show the object any more: it was deleted, or lost our label."""
        if (last := self._applied.get(resource)) is not None:
            self._applied[resource] = replace(last, fingerprint="", resource_version="")

    def forget(self, resource: ResourceId) -> None:
        """We let go of the object."""
        self._applied.pop(resource, None)

    def clear(self) -> None:
        """Forget everything."""
        self._applied.clear()
