"""What a person may choose about a Kubernetes backend."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.contracts.cluster import DEFAULT_INSTANCE
from iter8_gitops.kube.marks import finalizer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesSettings:
    """`identity` tells this replica from the others, for instance the name of its pod.

    `namespace` is the only one that is looked at and written to; None stands for the whole cluster. The Lease of
    `instance` is in `lease_namespace` ("" for the namespace of the connection). Without `elect` this replica
    always leads. Without `finalizers` none are added, and ours are removed. All times are in seconds: a version
    that is deleted goes `drain_seconds` after its routes gave it no traffic any more.
    """

    identity: str
    namespace: str | None = None
    instance: str = DEFAULT_INSTANCE
    lease_namespace: str = ""
    elect: bool = True
    lease_seconds: float = 15.0
    finalizers: bool = True
    drain_seconds: float = 10.0
    finalizer: str = finalizer_of(DEFAULT_INSTANCE)
