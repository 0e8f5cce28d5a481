"""What is told to people as Events, and on which objects. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from iter8_gitops.contracts.cluster import Owner
from iter8_gitops.core.transitions import Transition
from iter8_gitops.kube.client import JsonObject
from iter8_gitops.kube.events import ObjectRef
from iter8_gitops.spec.resource import ResourceId

_ROUTEMAP = ("iter8.tools/v1", "Routemap")


@dataclass(frozen=True, slots=True)
class Told:
    """One Event to be."""

    ref: ObjectRef
    reason: str
    message: str
    warning: bool


def told(
    application: str,
    owner: Owner | None,
    transitions: Collection[Transition],
    find: Callable[[ResourceId], JsonObject | None],
) -> Iterator[Told]:
    """Every transition on the routemap's object, and on the resource that it is about if `find` knows it."""
    routemap = routemap_ref(application, owner)
    for each in transitions:
        yield Told(routemap, each.reason, each.message, each.warning)
        manifest = None if each.resource is None else find(each.resource)
        if manifest is not None:
            yield Told(ref_to(manifest), each.reason, f"{application}: {each.message}", each.warning)


def routemap_ref(application: str, owner: Owner | None) -> ObjectRef:
    """The ConfigMap that a routemap was read from; for others a name that `kubectl get events` shows."""
    if owner is not None:
        return ObjectRef("v1", "ConfigMap", owner.namespace, owner.name, owner.uid)
    namespace, _, name = application.partition("/")
    return ObjectRef(*_ROUTEMAP, namespace, name)


def ref_to(manifest: JsonObject) -> ObjectRef:
    """A live object."""
    metadata = manifest["metadata"]
    place = metadata.get("namespace", ""), metadata["name"], metadata.get("uid", "")
    return ObjectRef(manifest["apiVersion"], manifest["kind"], *place)
