"""Objects that cannot be looked at here, though the board has seen them: they are taken to be as the board shows them.

That is so for what whoever asks may not read, and for manifests that may be in a file that is broken now: the
controller keeps the objects of such a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from iter8_gitops.core.availability import Inspection, Related, by_identity
from iter8_gitops.core.desired import DecodedTree
from iter8_gitops.core.reconcile import Reconciliation, Tools
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, VersionState
from iter8_gitops.spec.tree import SourceTree

_NOWHERE = frozenset({"NotFound", "NotWatched", "KindNotInstalled", "NotWatchable", "OutOfScope", "NotSeenYet"})
"""Why the board itself may show no object."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is taken over from the board, by the object, each with the reason why it cannot be looked at."""

    states: Mapping[ResourceId, ResourceState]
    reasons: Mapping[ResourceId, str]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of it, one sentence per reason."""
        concerned: dict[str, list[str]] = {}
        for each, reason in sorted(self.reasons.items()):
            concerned.setdefault(reason, []).append(str(each))
        return tuple(
            f"{reason}; taken to be as the board shows: {', '.join(names)}" for reason, names in concerned.items()
        )

    def observations(self, observed: Mapping[ResourceId, Observation]) -> dict[ResourceId, Observation]:
        """`observed`, with something in the place of each object."""
        return {**observed, **{each: Resource(each, {}) for each in self.states}}

    def tools(self, tools: Tools) -> Tools:
        """`tools`, which say of these objects what the board says."""

        def inspect(resource: Resource, related: Related) -> Inspection:
            known = self.states.get(resource.id)
            if known is None:
                return tools.inspect(resource, related)
            return Inspection(Readiness(known.state, known.servable, known.reason, known.message, current=True), {})

        return replace(
            tools,
            inspect=inspect,
            relate=lambda resource: () if resource.id in self.states else tools.relate(resource),
        )

    def corrected(self, outcome: Reconciliation, previous: RoutemapState | None) -> Reconciliation:
        """`outcome`, where versions with such an object have the signature that they had: their content is unknown."""
        before = previous.versions if previous is not None else ()
        versions = tuple(
            self._corrected(version, before[version.index] if version.index < len(before) else None)
            for version in outcome.state.versions
        )
        return replace(outcome, state=replace(outcome.state, versions=versions))

    def _corrected(self, version: VersionState, before: VersionState | None) -> VersionState:
        named = by_identity(version.resources).keys()
        if not named & self.states.keys():
            return version
        same = before is not None and by_identity(before.resources).keys() == named
        return replace(version, signature=before.signature if before is not None and same else "")


def standing(
    observed: Mapping[ResourceId, Observation],
    present: Iterable[RoutemapState],
    manifests: tuple[SourceTree, DecodedTree] | None,
) -> Standing:
    """What must be taken over. `manifests` is the tree that stands for the cluster, if one does."""
    seen = {
        resource.id: resource
        for state in present
        for version in state.versions
        for resource in version.resources
        if resource.reason not in _NOWHERE
    }
    spoiled = _spoiled(*manifests) if manifests is not None else ()
    reasons: dict[ResourceId, str] = {}
    for wanted, found in observed.items():
        if isinstance(found, Absent) and wanted in seen:
            reason = found.message if found.reason == "Forbidden" else _why_hidden(wanted, found, spoiled)
            if reason:
                reasons[wanted] = reason
    return Standing({each: seen[each] for each in reasons}, reasons)


def _spoiled(tree: SourceTree, decoded: DecodedTree) -> tuple[tuple[str, bytes | None], ...]:
    """The files that something is wrong with, by path; without content those that were not read at all."""
    return tuple(
        (file.path, None if file.refusal else file.content) for file in tree.files if decoded.files[file.path].problems
    )


def _why_hidden(wanted: ResourceId, found: Absent, spoiled: Iterable[tuple[str, bytes | None]]) -> str:
    if found.reason != "NotFound":
        return ""
    name = wanted.name.encode()
    holders = (path for path, content in spoiled if content is None or name in content)
    path = next(holders, "")
    return f"{path} is broken, and objects in it stay" if path else ""
