"""Where an object is served, and whether this installation may touch it at all."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.cluster.kubernetes.refusals import (
    Refusal,
    RefusedError,
    UntouchableError,
    not_installed,
    refusal_of,
    undiscovered,
)
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError
from iter8_gitops.spec.resource import ResourceId


@dataclass(frozen=True, slots=True)
class Place:
    """An object and the endpoint of its kind; the namespace of `id` is "" when the kind has none."""

    id: ResourceId
    endpoint: Endpoint

    @property
    def path(self) -> str:
        """The path of the object."""
        return self.endpoint.path(self.id.namespace or None, self.id.name)

    @property
    def what(self) -> str:
        """The object in words."""
        return (
            f"{self.id.kind} {self.id.namespace}/{self.id.name}"
            if self.id.namespace
            else f"{self.id.kind} {self.id.name}"
        )

    def refused(self, error: KubeError, done: str, verb: str) -> RefusedError:
        """The refusal of a request that takes the RBAC verb `verb`; `done` completes "could not be"."""
        return RefusedError(refusal_of(error, self.what, done, verb, self.endpoint, self.id.namespace))


class Places:
    """Finds places. `scope` is the only namespace that may be touched; None stands for the whole cluster."""

    def __init__(self, discovery: Discovery, scope: str | None) -> None:
        self._discovery = discovery
        self._scope = scope

    def find(self, resource: ResourceId) -> Place:
        """Where `resource` is; its namespace does not matter when its kind has none. Raises RefusedError."""
        try:
            endpoint = self._discovery.find(resource.group, resource.kind)
        except KubeError as error:
            raise RefusedError(undiscovered(error, resource.kind)) from error
        if endpoint is None:
            raise UntouchableError(not_installed(resource.group, resource.kind))
        namespace = resource.namespace if endpoint.namespaced else ""
        place = Place(ResourceId(resource.group, resource.kind, namespace, resource.name), endpoint)
        if self._scope is not None and namespace != self._scope:
            where = f"in the namespace {namespace}" if namespace else "of the cluster, not of a namespace"
            message = f"{place.what} is {where}, and this installation is for the namespace {self._scope} alone"
            raise UntouchableError(Refusal(message, "install iter8-gitops for the whole cluster, or move it"))
        return place
