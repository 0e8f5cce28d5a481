"""Services of Knative: ready once the revision created last takes all traffic.

Ready=True alone does not say so: while a new revision starts, and while traffic is split by hand, it is
True as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    ReportedCondition,
    Resource,
    ResourceKind,
    conditions,
    early_verdict,
    hookimpl,
    observed_generation_current,
)
from iter8_gitops.spec.content import pod_template
from iter8_gitops_plugins.knative_revisions import Revisions

KIND = ResourceKind("serving.knative.dev", "v1", "Service", "services", ("ksvc", "kservice"))

_SCALING = "autoscaling.knative.dev/"
_CREATED, _READY = "status.latestCreatedRevisionName", "status.latestReadyRevisionName"


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Service, as `ksvc`; `svc` and `service` are the core one."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Ready=True, and the newest revision takes all traffic; an older one that has traffic makes it servable."""
    if not _is_knative_service(resource):
        return None
    status = resource.status
    revisions = Revisions.of(
        status.get("latestCreatedRevisionName"), status.get("latestReadyRevisionName"), status.get("traffic")
    )
    ready = conditions(resource).get("Ready")
    # A service that is scaled to zero stays Ready: Knative starts a pod for the next request.
    servable = revisions.older_answers or (ready is not None and ready.status == "True")
    return early_verdict(resource, servable=servable) or _verdict(resource, ready, revisions, servable)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The template of its revisions, without how far they scale; who gets traffic is not content."""
    return {"template": _template(resource)} if _is_knative_service(resource) else None


def _verdict(resource: Resource, ready: ReportedCondition | None, revisions: Revisions, servable: bool) -> Readiness:
    if ready is None:
        return Readiness.progressing(
            "NoReadyCondition",
            "Knative has not reported on it yet (there is no Ready condition)",
            servable=servable,
            fields=("status.conditions[Ready]",),
        )
    meanwhile = "; an older revision still answers" if servable else ""
    if ready.status == "False":
        return Readiness.failed("ServiceFailed", f"{ready}{meanwhile}", servable=servable, fields=(ready.field,))
    if ready.status != "True":
        return Readiness.progressing("NotReady", f"{ready}{meanwhile}", servable=servable, fields=(ready.field,))
    if not revisions.rolled_out:
        return Readiness.progressing("RollingOut", revisions.waiting(), servable=True, fields=_undecided(revisions))
    return Readiness.ready(
        "RolledOut",
        f"revision {revisions.ready} takes all traffic",
        current=observed_generation_current(resource),
        fields=(ready.field, _CREATED, _READY, "status.traffic"),
    )


def _undecided(revisions: Revisions) -> tuple[str, ...]:
    return ("status.traffic",) if revisions.ready and revisions.created == revisions.ready else (_CREATED, _READY)


def _template(resource: Resource) -> dict[str, Any]:
    template = pod_template(resource)
    annotations = template["metadata"].get("annotations")
    if isinstance(annotations, Mapping):
        kept = {key: value for key, value in annotations.items() if not str(key).startswith(_SCALING)}
        others = {key: value for key, value in template["metadata"].items() if key != "annotations"}
        template["metadata"] = {**others, "annotations": kept} if kept else others
    return template


def _is_knative_service(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
