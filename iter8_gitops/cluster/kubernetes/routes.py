"""Routes as objects to apply: what a template rendered, and the marks by which we know it again. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import yaml

from iter8_gitops.contracts.cluster import Owner
from iter8_gitops.kube.client import JsonObject
from iter8_gitops.kube.marks import CREATED_ANNOTATION, INSTANCE_LABEL, ROUTE_ANNOTATION
from iter8_gitops.spec.routemap import RenderedRoute

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SERVER_SIDE = frozenset(
    {
        "managedFields",
        "resourceVersion",
        "uid",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    }
)
"""Metadata that the server writes; a template that was copied from a live object may render it."""

_VOLATILE = frozenset({"managedFields", "resourceVersion", "generation", "creationTimestamp", "selfLink"})
"""Metadata that may differ while the object is what we applied."""


class RouteShapeError(ValueError):
    """A template rendered metadata that no object can have; the message says what."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Which routing template an object was rendered from. Its text is the value of `ROUTE_ANNOTATION`."""

    application: str
    template: str

    def __str__(self) -> str:
        return f"{self.application}/{self.template}"

    @classmethod
    def parse(cls, text: object) -> Mark | None:
        """The mark that `text` states, or None when it states none."""
        parts = text.split("/", 2) if isinstance(text, str) else []
        return cls(f"{parts[0]}/{parts[1]}", parts[2]) if len(parts) == 3 and all(parts) else None


@dataclass(frozen=True, slots=True)
class RouteObject:
    """An object to apply for the template `mark.template`, in the installation `instance`."""

    route: RenderedRoute
    mark: Mark
    instance: str
    owner: Owner | None

    @property
    def digest(self) -> str:
        """The same as long as `manifest` gives the same for the same arguments."""
        told = (self.route.text, str(self.mark), self.instance, self.owner, self.route.namespace)
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def version(self) -> str:
        """The API version that the template rendered, without the group."""
        version: str = str(self._rendered()["apiVersion"]).rpartition("/")[2]
        return version

    def manifest(self, *, namespaced: bool, created: bool) -> JsonObject:
        """The object as it is applied: what was rendered, and our marks. Raises RouteShapeError.

        `created` says that it was not there before; without `namespaced` it is of a kind that has no namespaces.
        Only what was created has an owner, with which Kubernetes deletes it: what was there before must outlive that.
        """
        rendered = self._rendered()
        metadata = {key: value for key, value in rendered["metadata"].items() if key not in _SERVER_SIDE}
        metadata.pop("namespace", None)
        if namespaced:
            metadata["namespace"] = self.route.namespace
        annotations = {**_mapping(metadata, "annotations"), ROUTE_ANNOTATION: str(self.mark)}
        annotations.pop(CREATED_ANNOTATION, None)
        if created:
            annotations[CREATED_ANNOTATION] = "true"
        metadata["annotations"] = annotations
        metadata["labels"] = {**_mapping(metadata, "labels"), INSTANCE_LABEL: self.instance}
        if created and namespaced and self.owner is not None and self.owner.namespace == self.route.namespace:
            metadata["ownerReferences"] = [*_owners(metadata), _reference(self.owner)]
        return {key: value for key, value in rendered.items() if key != "status"} | {"metadata": metadata}

    def _rendered(self) -> dict[str, Any]:
        rendered: dict[str, Any] = yaml.load(self.route.text, Loader=_Loader)  # noqa: S506 (a safe loader)
        return rendered


def bare(api_version: str, kind: str, namespace: str, name: str) -> JsonObject:
    """An object of which nothing but its identity is stated: applying it gives up all our fields."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def fingerprint(live: JsonObject) -> str:
    """The same as long as nothing about a live object changed but its status and the server's bookkeeping."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _VOLATILE}
    told = {key: value for key, value in live.items() if key != "status"} | {"metadata": metadata}
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


def is_older(live: JsonObject, resource_version: str) -> bool:
    """Whether `live` is certainly from before `resource_version`."""
    seen = str(live["metadata"].get("resourceVersion", ""))
    return seen.isdecimal() and resource_version.isdecimal() and int(seen) < int(resource_version)


def _reference(owner: Owner) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner.name,
        "uid": owner.uid,
        "controller": False,
        "blockOwnerDeletion": False,
    }


def _owners(metadata: Mapping[str, Any]) -> list[Any]:
    found = metadata.get("ownerReferences") or []
    if not isinstance(found, list):
        message = "rendered metadata.ownerReferences that is not a list"
        raise RouteShapeError(message)
    return found


def _mapping(metadata: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = metadata.get(key)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        message = f"rendered metadata.{key} that is not a mapping"
        raise RouteShapeError(message)
    return found
