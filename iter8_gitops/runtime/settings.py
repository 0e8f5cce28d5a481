"""What a person asked a controller to do; see the options of the CLI."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from iter8_gitops.contracts.cluster import ClusterAccess
from iter8_gitops.contracts.source import Credentials, Verification
from iter8_gitops.spec.state_folder import StateFolder


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """Where routemaps and resources come from, and where things are kept.

    `location` is None when routemaps come from the cluster's ConfigMaps, or from sources of the configuration, alone.
    `interval` is in seconds (None: as the source decides). `metrics` says which metric store measures what steps and
    promotions rest on; see `MetricStoreRequest`. `credentials` and `verification` are for the location.
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
    metrics: str = "sqlite:"
    access: ClusterAccess = field(default_factory=ClusterAccess)
    credentials: Credentials | None = None
    verification: Verification | None = None
