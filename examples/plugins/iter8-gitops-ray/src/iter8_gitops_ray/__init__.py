# SPDX-License-Identifier: Apache-2.0
"""The RayService of KubeRay: Ray Serve applications on a Ray cluster of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    Resource,
    ResourceKind,
    conditions,
    count,
    early_verdict,
    hookimpl,
    mappings,
    observed_generation_current,
    text,
)
from iter8_gitops.spec.content import omit, pick

iter8_gitops_hooks = "1.0"

RAY_SERVICE = ResourceKind("ray.io", "v1", "RayService", "rayservices", short_names=("rayservice",))

FINAL = {"InitializingTimeout", "ValidationFailed"}
"""Reasons of the Ready condition that do not pass without a change."""

AUTOSCALING = {"enableInTreeAutoscaling", "autoscalerOptions"}
WRITTEN_BY_THE_AUTOSCALER = {"replicas", "minReplicas", "maxReplicas", "scaleStrategy"}


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """RayService, as `gvrShort: rayservice`."""
    return [RAY_SERVICE]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Servable while there are endpoints; ready once one cluster serves every application as it is declared."""
    if not is_ray_service(resource):
        return None
    endpoints = count(resource.status.get("numServeEndpoints"))
    # Being deleted, or not seen by KubeRay since the last edit: what was there before it still answers.
    return early_verdict(resource, servable=endpoints > 0) or verdict(resource, endpoints)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """What Ray Serve runs and the cluster that it runs on, without the numbers that autoscalers write."""
    if not is_ray_service(resource):
        return None
    cluster = resource.section("spec", "rayClusterConfig")
    workers = [omit(group, WRITTEN_BY_THE_AUTOSCALER) for group in mappings(cluster.get("workerGroupSpecs"))]
    return {
        **pick(resource.spec, {"serveConfigV2"}),
        "rayClusterConfig": {**omit(cluster, AUTOSCALING), "workerGroupSpecs": workers},
    }


def is_ray_service(resource: Resource) -> bool:
    """By group and kind: other groups may have a kind of the same name."""
    return (resource.id.group, resource.id.kind) == (RAY_SERVICE.group, RAY_SERVICE.kind)


def verdict(resource: Resource, endpoints: int) -> Readiness:
    """The rule itself, for an object that KubeRay has seen in its present generation, as far as it says so."""
    servable = endpoints > 0
    reported = conditions(resource)
    ready, upgrade = reported.get("Ready"), reported.get("UpgradeInProgress")
    if ready and ready.status != "True" and ready.reason in FINAL:
        return Readiness.failed("NotStarted", str(ready), servable=servable, fields=(ready.field,))
    if upgrade and upgrade.status == "True":
        message = f"a new Ray cluster is being prepared; {upgrade}"
        return Readiness.progressing("Upgrading", message, servable=servable, fields=(upgrade.field,))
    # KubeRay had no conditions before 1.3.
    running = ready.status == "True" if ready else resource.status.get("serviceStatus") == "Running"
    if not running or not servable:
        message = str(ready) if ready else "KubeRay does not report that it is running"
        return Readiness.progressing(
            "NotServing",
            f"{message}; {endpoints} serve endpoints",
            servable=servable,
            fields=("status.numServeEndpoints",),
        )
    # A new serveConfigV2 is applied to the cluster that runs, so the Ready condition stays True meanwhile.
    for name, status in sorted(applications(resource).items()):
        if status in ("DEPLOY_FAILED", "UNHEALTHY"):
            message = f"Ray Serve reports application {name} as {status}; see its message in status.activeServiceStatus"
            return Readiness.failed("ApplicationFailed", message, servable=True)
        if status != "RUNNING":
            message = f"it waits for Ray Serve to deploy application {name} ({status or 'not reported yet'})"
            return Readiness.progressing("Deploying", message, servable=True)
    message = f"{endpoints} endpoints serve every application"
    return Readiness.ready("Serving", message, current=observed_generation_current(resource))


def applications(resource: Resource) -> dict[str, str]:
    """The applications on the active cluster and what Ray Serve says of each, such as `RUNNING`."""
    found: Mapping[str, Any] = resource.section("status", "activeServiceStatus", "applicationStatuses")
    return {
        text(name) or "(unnamed)": text(entry.get("status")) if isinstance(entry, Mapping) else ""
        for name, entry in found.items()
    }
