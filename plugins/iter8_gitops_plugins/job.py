"""Jobs: ready once complete. Until then they have not done what they declare, so nothing is servable."""

from __future__ import annotations

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    Resource,
    ResourceKind,
    conditions,
    count,
    early_verdict,
    hookimpl,
    integer,
    observed_generation_current,
)
from iter8_gitops.spec.content import pod_template
from iter8_gitops.spec.status import unreported_verdict

KIND = ResourceKind("batch", "v1", "Job", "jobs", ("job",))

_CONTROLLER_LABELS = frozenset(
    {"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"}
)
"""What the API server writes into the template, with and without the prefix of newer versions."""

_DONE = ("status.succeeded", "spec.completions")


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Job."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Complete or failed as the conditions say; everything before that is progress, a suspension too."""
    if not _is_job(resource):
        return None
    return early_verdict(resource, servable=False) or unreported_verdict(resource) or _verdict(resource)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The pod template, without the labels by which the Job finds its pods."""
    return {"template": pod_template(resource, without_labels=_CONTROLLER_LABELS)} if _is_job(resource) else None


def _verdict(resource: Resource) -> Readiness:
    true = {type_: each for type_, each in conditions(resource).items() if each.status == "True"}
    if complete := true.get("Complete"):
        return Readiness.ready(
            "Complete",
            f"it is complete: {_done(resource)}",
            current=observed_generation_current(resource),
            fields=(complete.field,),
        )
    # A Job that is bound to fail says so with FailureTarget, before its last pods have ended.
    if failed := true.get("Failed") or true.get("FailureTarget"):
        return Readiness.failed(
            "JobFailed", f"it failed; {_done(resource)}; {_pods(resource)}; {failed}", fields=(failed.field,)
        )
    if success := true.get("SuccessCriteriaMet"):
        return Readiness.progressing(
            "Completing",
            f"it has succeeded and waits for its last pods to end; {_pods(resource)}; {success}",
            fields=(success.field, "status.conditions[Complete]"),
        )
    if suspended := true.get("Suspended"):
        return _suspended(resource, suspended.field)
    if resource.spec.get("suspend") is True:
        return _suspended(resource, "spec.suspend")
    return Readiness.progressing(
        "Running",
        f"it waits for its pods to succeed: {_done(resource)}, {_pods(resource)}",
        fields=("status.conditions[Complete]", *_DONE),
    )


def _suspended(resource: Resource, field: str) -> Readiness:
    message = f"it is suspended, set spec.suspend to false to go on; {_done(resource)}"
    return Readiness.progressing("Suspended", message, fields=(field,))


def _done(resource: Resource) -> str:
    succeeded, completions = count(resource.status.get("succeeded")), integer(resource.spec.get("completions"))
    # A Job that works off a queue does not say how often it must succeed.
    if completions is None:
        return f"{succeeded} pods succeeded"
    return f"{succeeded} of {completions} completions are done"


def _pods(resource: Resource) -> str:
    active, failed = (count(resource.status.get(key)) for key in ("active", "failed"))
    return f"{active} active and {failed} failed pods"


def _is_job(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
