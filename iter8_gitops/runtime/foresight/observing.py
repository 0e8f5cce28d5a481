"""One look at everything that routemaps name, and at what verdicts on that depend on."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from iter8_gitops.contracts.cluster import Look
from iter8_gitops.core.desired import Declared, DecodedTree
from iter8_gitops.core.reconcile import Tools
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId
from iter8_gitops.spec.snapshot import RoutemapState


def observe(declared: Iterable[Declared], look: Look, tools: Tools) -> dict[ResourceId, Observation]:
    """Each resource that is named, and each that `tools` want to see beside these. Raises `UnavailableError`."""
    named = frozenset(each for one in declared for each in one.routemap.resource_ids)
    observed = dict(look(named))
    seen = [each for each in observed.values() if isinstance(each, Resource)]
    related = frozenset(each for resource in seen for each in tools.relate(resource)) - named
    observed.update(look(related))
    return observed


def announced(observed: Mapping[ResourceId, Observation], tree: DecodedTree) -> dict[ResourceId, Observation]:
    """`observed`, where objects that `tree` brings and nobody has applied to the cluster yet say so."""
    places = {
        each.resource.id: f"{path}:{each.line}" for path, contents in tree.files.items() for each in contents.resources
    }

    def shown(wanted: ResourceId, found: Observation) -> Observation:
        if isinstance(found, Resource) or found.reason != "NotFound":
            return found
        place = places.get(wanted) or places.get(replace(wanted, namespace=""))
        return Absent("NotFound", f"{wanted} is not in the cluster yet; {place} brings it") if place else found

    return {wanted: shown(wanted, found) for wanted, found in observed.items()}


def blindness(
    observed: Mapping[ResourceId, Observation], assumed: Container[ResourceId], present: Iterable[RoutemapState]
) -> Iterator[str]:
    """A sentence when nothing can be seen of what the board has seen: that is hardly the same cluster.

    What is `assumed` to be there does not count.
    """
    known = {
        resource.id
        for state in present
        for version in state.versions
        for resource in version.resources
        if resource.servable and resource.id in observed and resource.id not in assumed
    }
    if known and not any(isinstance(observed[each], Resource) for each in known):
        yield (
            "nothing can be seen here of the objects that the board has seen; is --cluster the same as that of the "
            "controller?"
        )
