"""Which object of a candidate takes the place of which object of the primary. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.routemap import Routemap


@dataclass(frozen=True, slots=True)
class Pair:
    """An object of the primary and the one of the candidate that takes its place."""

    primary: ResourceId
    candidate: ResourceId


def pairs(routemap: Routemap, version: int) -> tuple[Pair, ...]:
    """The objects of `version` with those of the primary: by position among those of one kind.

    Objects that both versions name are left out: they are what they are. Raises `PromotionRefusedError`.
    """
    primary, candidate = routemap.versions[0].resources, routemap.versions[version].resources
    shared = set(primary) & set(candidate)
    ours, theirs = _by_kind(primary, shared), _by_kind(candidate, shared)
    found: dict[ResourceId, ResourceId] = {}
    for kind in sorted(ours.keys() | theirs.keys()):
        if len(ours[kind]) != len(theirs[kind]):
            name = routemap.versions[version].name
            has = f"it has {_listed(kind[1], theirs[kind])}, and the primary {_listed(kind[1], ours[kind])}"
            message = f"the resources of {name} do not pair with those of the primary: {has}. Promote it by hand"
            raise PromotionRefusedError(message)
        found |= dict(zip(theirs[kind], ours[kind], strict=True))
    return tuple(Pair(found[each], each) for each in candidate if each in found)


def other_users(
    routemap: Routemap, version: int, resource: ResourceId, routemaps: Iterable[Routemap]
) -> tuple[str, ...]:
    """What else names an object of a candidate, so that it must not go away."""
    users = [
        f"{version_.name} of {routemap.application}"
        for index, version_ in enumerate(routemap.versions)
        if index != version and resource in version_.resources
    ]
    users += [
        other.application
        for other in routemaps
        if other.application != routemap.application and resource in other.resource_ids
    ]
    return tuple(users)


def _by_kind(resources: Iterable[ResourceId], shared: set[ResourceId]) -> dict[tuple[str, str], list[ResourceId]]:
    found: dict[tuple[str, str], list[ResourceId]] = defaultdict(list)
    for each in resources:
        if each not in shared and each not in found[each.group, each.kind]:
            found[each.group, each.kind].append(each)
    return found


def _listed(kind: str, resources: list[ResourceId]) -> str:
    if not resources:
        return f"no {kind}"
    return f"{len(resources)} of kind {kind} ({', '.join(each.name for each in resources)})"
