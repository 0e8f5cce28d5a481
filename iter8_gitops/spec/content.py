"""Taking from an object the part that counts as content, as plain JSON values."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from iter8_gitops.spec.resource import Resource

SCALE_FIELDS = frozenset(
    {
        "replicas",
        "minReplicas",
        "maxReplicas",
        "minReplicaCount",
        "maxReplicaCount",
        "idleReplicaCount",
        "minScale",
        "maxScale",
        "initialScale",
        "targetReplicas",
        "desiredReplicas",
        "scaleTarget",
        "scaleMetric",
        "scaleMetricType",
    }
)
"""Names under which custom resources keep numbers that autoscalers write."""

_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def pick(source: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The entries of `source` with these keys, as far as they are there."""
    return {key: value for key, value in source.items() if key in keys}


def omit(source: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The entries of `source` without these keys."""
    return {key: value for key, value in source.items() if key not in keys}


def without_scale(value: Any) -> Any:
    """`value` without scale fields at any depth.

    Only plain values are taken for scale: a field named `replicas` that holds a list or a mapping
    describes replicas, and so is content.
    """
    if isinstance(value, Mapping):
        return {
            key: without_scale(item)
            for key, item in value.items()
            if key not in SCALE_FIELDS or isinstance(item, (Mapping, list))
        }
    if isinstance(value, list):
        return [without_scale(item) for item in value]
    return value


def pod_template(resource: Resource, *, without_labels: Collection[str] = ()) -> dict[str, Any]:
    """`spec.template` of a workload, without what says when or whose rather than what.

    Left out are the mark of `kubectl rollout restart`; the creation timestamp, which is null in a template;
    the labels by which the workload finds its own pods (`spec.selector.matchLabels`), so that a candidate's content is
    the same under the primary's name; and `without_labels`: labels that a controller writes. Mappings that are left
    empty count as missing, because a restart adds the annotations with its mark.
    """
    template = dict(resource.section("spec", "template"))
    metadata = omit(resource.section("spec", "template", "metadata"), {"creationTimestamp"})
    own_labels = {*without_labels, *resource.section("spec", "selector", "matchLabels")}
    for key, unwanted in (("annotations", {_RESTARTED_AT}), ("labels", own_labels)):
        if isinstance(metadata.get(key), Mapping):
            metadata[key] = omit(metadata[key], unwanted)
    template["metadata"] = {key: value for key, value in metadata.items() if value not in ({}, None)}
    return template


def json_flaw(value: Any, path: str = "") -> str | None:
    """What keeps `value` from being JSON, with its place, or None when it is JSON throughout."""
    if value is None or isinstance(value, (str, bool, int)):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{path or 'the value'} is {value}, which JSON cannot say"
    if isinstance(value, list):
        flaws = (json_flaw(item, f"{path}[{index}]") for index, item in enumerate(value))
    elif isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                return f"{path or 'the value'} has a key of type {type(key).__name__}"
        flaws = (json_flaw(item, f"{path}.{key}" if path else key) for key, item in value.items())
    else:
        return f"{path or 'the value'} is of type {type(value).__name__}"
    return next((flaw for flaw in flaws if flaw), None)
