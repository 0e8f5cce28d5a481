"""`--cluster manifests[:DIR]`: Kubernetes objects with their status, in files, stand for a cluster."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from iter8_gitops.cluster.manifests import ManifestsCluster
from iter8_gitops.contracts.cluster import ClusterRequest, OpenedCluster
from iter8_gitops.contracts.source import Feed
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks import hookimpl
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops_plugins.backends.written_routes import look_at_routes

NAME = "manifests"
FEED = "cluster"


@hookimpl
def open_cluster(request: ClusterRequest) -> OpenedCluster | None:
    """The objects of a directory, or those beside the routemaps."""
    if request.backend != NAME:
        return None
    _refuse_options_of_a_real_one(request)
    cluster = ManifestsCluster(request.routes)
    opened = OpenedCluster(
        cluster,
        load_resources=cluster.load,
        update_resources=cluster.update,
        look=cluster.observe,
        look_at_routes=partial(look_at_routes, request.routes),
    )
    if not request.address:
        return replace(opened, beside_routemaps=True)
    objects = DirectorySource(Path(request.address).expanduser(), name=FEED)
    return replace(opened, feeds=(Feed(objects, routemaps=False, resources=True),))


def _refuse_options_of_a_real_one(request: ClusterRequest) -> None:
    if request.alone:
        message = "give PATH|URL: a Git repository or a directory (only --cluster kubernetes can do without)"
        raise ConfigurationError(message)
    given = {
        "--kubeconfig": request.access.kubeconfig,
        "--context": request.access.context,
        "--lease-namespace": request.access.lease_namespace,
        "--scope": request.access.scope,
    }
    for option, value in given.items():
        if value:
            message = f"{option} is for a real cluster; add --cluster kubernetes"
            raise ConfigurationError(message)
