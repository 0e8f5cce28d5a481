"""The parts of a backend that works on a real cluster, put together."""

from __future__ import annotations

import os
import secrets
import socket

from iter8_gitops.cluster.kubernetes.cluster import KubernetesCluster
from iter8_gitops.cluster.kubernetes.health import ClusterHealth
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.contracts.cluster import ClusterRequest, FindKind, OpenedCluster
from iter8_gitops.contracts.source import Feed
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.errors import KubeError
from iter8_gitops.kube.marks import finalizer_of
from iter8_gitops.sources.configmaps import ConfigMapSource
from iter8_gitops.spec.names import is_namespace
from iter8_gitops_plugins.backends.kubernetes.looking import Looking

_POD_NAME = "POD_NAME"


def open_kubernetes(request: ClusterRequest) -> OpenedCluster:
    """The cluster, its ConfigMaps as a source, and how well it is seen. Nothing is asked of it yet."""
    access = request.access
    if request.alone and not access.configmaps:
        message = "there is nothing to read routemaps from: give PATH|URL, or leave out --no-configmaps"
        raise ConfigurationError(message)
    client = KubeClient.connect(kubeconfig=access.kubeconfig, context=access.context)
    try:
        scope = _scope_of(request, client)
    except ConfigurationError:
        client.close()
        raise
    cluster = KubernetesCluster(client, _settings(request, scope))
    routemaps = (Feed(ConfigMapSource(client, scope)),) if access.configmaps else ()
    discovery = Discovery(client)
    looking = Looking(client, discovery, scope, access.instance)
    return OpenedCluster(
        cluster,
        feeds=(*routemaps, Feed(ClusterHealth(cluster), routemaps=False, resources=True)),
        scope=scope,
        find_kind=find_kind_with(discovery),
        look=looking.look,
        look_at_routes=looking.look_at_routes,
        close=client.close,
    )


def _scope_of(request: ClusterRequest, client: KubeClient) -> str | None:
    """The one namespace that is looked at, or None for the whole cluster."""
    if request.access.scope != "namespace":
        return None
    namespace = request.namespace or client.namespace
    if not is_namespace(namespace):
        message = f"{namespace!r}, the namespace of the context, is no valid one; name one with --namespace"
        raise ConfigurationError(message)
    return namespace


def _settings(request: ClusterRequest, scope: str | None) -> KubernetesSettings:
    access = request.access
    return KubernetesSettings(
        identity=_identity(),
        namespace=scope,
        instance=access.instance,
        lease_namespace=access.lease_namespace or "",
        elect=access.leader_elect,
        lease_seconds=access.lease_seconds,
        finalizers=access.finalizers,
        drain_seconds=access.drain,
        finalizer=finalizer_of(access.instance),
    )


def find_kind_with(discovery: Discovery) -> FindKind:
    """What `KindResolver` asks for kinds that no plugin knows."""

    def find_kind(group: str, plural: str) -> str | None:
        try:
            endpoint = discovery.find_plural(group, plural)
        except KubeError as error:
            raise UnavailableError(error.message) from error
        return endpoint.kind if endpoint is not None else None

    return find_kind


def _identity() -> str:
    """A name that no other process has, and that tells people which pod or machine it is."""
    return f"{os.environ.get(_POD_NAME) or socket.gethostname()}-{secrets.token_hex(4)}"
