"""How objects in a cluster are marked as ours."""

from __future__ import annotations

from iter8_gitops.contracts.cluster import DEFAULT_INSTANCE

FIELD_MANAGER = "iter8-gitops"
"""The manager of the fields that we apply."""

INSTANCE_LABEL = "iter8.tools/instance"
"""On every object that we apply: the installation that applied it."""

ROUTE_ANNOTATION = "iter8.tools/route"
"""On every object that we apply: `namespace/name/template`, the routing template that it was rendered from."""

CREATED_ANNOTATION = "iter8.tools/created"
"""On objects that we apply and that were not there before: "true". Others are not deleted but only let go."""

_FINALIZER = "iter8.tools/finalizer"


def finalizer_of(instance: str) -> str:
    """The finalizer on resources that routemaps name, until traffic has left them.

    Each installation has its own, so that none takes off what another put on. The first one's is Iter8's.
    """
    return _FINALIZER if instance == DEFAULT_INSTANCE else f"{_FINALIZER}-{instance}"


KINDS_ANNOTATION = "iter8.tools/kinds"
"""On the Lease: JSON list of `[group, kind]` of which objects were applied or hold a finalizer."""

KIND_LABEL = "iter8.tools/kind"
"""On ConfigMaps that hold routemaps, with the value `routemap`."""
