"""What a person asked a controller to do; see the options of the CLI."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.kube.marks import DEFAULT_INSTANCE
from iter8_gitops.spec.state_folder import StateFolder

KUBERNETES = "kubernetes"
"""The value of `cluster` that stands for a real one."""


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """How a real cluster is reached and used. `scope` is `cluster`, `namespace`, or None for the default.

    `lease_seconds` and `drain` are in seconds.
    """

    kubeconfig: str | None = None
    context: str | None = None
    instance: str = DEFAULT_INSTANCE
    scope: str | None = None
    configmaps: bool = True
    leader_elect: bool = True
    lease_namespace: str | None = None
    lease_seconds: float = 15.0
    finalizers: bool = True
    drain: float = 10.0


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """Where routemaps and resources come from, and where things are kept.

    `location` is None when routemaps come from the cluster's ConfigMaps alone. `interval` is in seconds (None: as
    `open_source`).
    """

    location: str | None
    state: StateFolder
    branch: str | None = None
    subpath: str = ""
    interval: float | None = None
    namespace: str | None = None
    cluster: str = "manifests"
    routes: Path | None = None
    config: Path | None = None
    access: ClusterAccess = field(default_factory=ClusterAccess)

    @property
    def real(self) -> bool:
        """Whether a real cluster is meant."""
        return self.cluster == KUBERNETES

    def check(self) -> None:
        """Raises `ConfigurationError` for a combination that cannot be meant."""
        access = self.access
        if self.real:
            if self.location is None and not access.configmaps:
                message = "there is nothing to read routemaps from: give PATH|URL, or leave out --no-configmaps"
                raise ConfigurationError(message)
            return
        if self.location is None:
            message = "give PATH|URL: a Git repository or a directory (only --cluster kubernetes can do without)"
            raise ConfigurationError(message)
        given = {
            "--kubeconfig": access.kubeconfig,
            "--context": access.context,
            "--lease-namespace": access.lease_namespace,
            "--scope": access.scope,
        }
        for option, value in given.items():
            if value:
                message = f"{option} is for a real cluster; add --cluster kubernetes"
                raise ConfigurationError(message)
