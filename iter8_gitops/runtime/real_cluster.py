"""The parts of a controller that works on a real cluster."""

from __future__ import annotations

import os
import secrets
import socket

from iter8_gitops.cluster.kubernetes.cluster import KubernetesCluster
from iter8_gitops.cluster.kubernetes.health import ClusterHealth
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.marks import finalizer_of
from iter8_gitops.runtime.configuration import Configuration
from iter8_gitops.runtime.feeds import Feed
from iter8_gitops.runtime.settings import ClusterAccess, ControllerSettings
from iter8_gitops.sources.configmaps import ConfigMapSource
from iter8_gitops.spec.names import is_namespace

_POD_NAME = "POD_NAME"


def connect(access: ClusterAccess) -> KubeClient:
    """A client for the cluster that is meant; asks nothing of it yet. Raises `ConfigurationError`."""
    return KubeClient.connect(kubeconfig=access.kubeconfig, context=access.context)


def scope_of(settings: ControllerSettings, configuration: Configuration, client: KubeClient) -> str | None:
    """The one namespace that is looked at, or None for the whole cluster."""
    scope = settings.access.scope
    if scope is None:
        scope = "namespace" if configuration.cluster_scoped is False else "cluster"
    if scope == "cluster":
        return None
    namespace = settings.namespace or client.namespace
    if not is_namespace(namespace):
        message = f"{namespace!r}, the namespace of the context, is no valid one; name one with --namespace"
        raise ConfigurationError(message)
    return namespace


def open_cluster(client: KubeClient, settings: ControllerSettings, scope: str | None) -> KubernetesCluster:
    """The cluster as a backend; nothing is asked of it before it is started."""
    access = settings.access
    return KubernetesCluster(
        client,
        KubernetesSettings(
            identity=_identity(),
            namespace=scope,
            instance=access.instance,
            lease_namespace=access.lease_namespace or "",
            elect=access.leader_elect,
            lease_seconds=access.lease_seconds,
            finalizers=access.finalizers,
            drain_seconds=access.drain,
            finalizer=finalizer_of(access.instance),
        ),
    )


def cluster_feeds(
    client: KubeClient, cluster: KubernetesCluster, settings: ControllerSettings, scope: str | None
) -> tuple[Feed, ...]:
    """Routemaps in the cluster's ConfigMaps, if they are wanted, and how the cluster itself is seen."""
    health = Feed(ClusterHealth(cluster), routemaps=False, resources=True)
    if not settings.access.configmaps:
        return (health,)
    return (Feed(ConfigMapSource(client, scope)), health)


def _identity() -> str:
    """A name that no other process has, and that tells people which pod or machine it is."""
    return f"{os.environ.get(_POD_NAME) or socket.gethostname()}-{secrets.token_hex(4)}"
