"""`--cluster kubernetes`: a real API server."""

from __future__ import annotations

from iter8_gitops.contracts.cluster import ClusterRequest, OpenedCluster
from iter8_gitops.hooks import hookimpl

NAME = "kubernetes"


@hookimpl
def open_cluster(request: ClusterRequest) -> OpenedCluster | None:
    """The cluster of a kubeconfig, or the one that this pod runs in."""
    if request.backend != NAME:
        return None
    # Only those who use a real cluster wait for the Kubernetes client to load.
    from iter8_gitops_plugins.backends.kubernetes.opening import open_kubernetes

    return open_kubernetes(request)
