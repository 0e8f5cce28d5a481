"""The rules: from what KServe reports to a verdict, in the order in which they apply.

`status.observedGeneration` is never looked at: KServe copies it from the child workload, and
ModelMesh does not set it. Hence no verdict here is certain to speak of the present spec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from iter8_gitops.hooks import Readiness, ReportedCondition, Resource, ResourceId
from iter8_gitops_plugins.inferenceservice.deployments import with_deployments
from iter8_gitops_plugins.inferenceservice.mode import Mode
from iter8_gitops_plugins.inferenceservice.reported import Component, Reported, reported

_FAILED_TRANSITIONS = frozenset({"BlockedByFailedLoad", "InvalidSpec"})
_FAILED_TO_LOAD = "FailedToLoad"
_LOADING = frozenset({"Pending", "Loading"})

_READY = "status.conditions[Ready]"
_TRANSITION = "status.modelStatus.transitionStatus"
_ACTIVE = "status.modelStatus.states.activeModelState"
_TARGET = "status.modelStatus.states.targetModelState"


def verdict(resource: Resource, related: Mapping[ResourceId, Resource]) -> Readiness:
    """The first rule that has something to say, or ready; then what the child Deployments add to it."""
    if resource.terminating:
        return Readiness.terminating("it is being deleted (metadata.deletionTimestamp is set)")
    service = reported(resource)
    found = _not_started(service) or with_deployments(_by_status(service), resource, related)
    return replace(found, message=f"{found.message}{_second_writer(resource)}")


def _by_status(service: Reported) -> Readiness:
    return (
        _model_failed(service)
        or _not_ready(service)
        or _component_missing(service)
        or _RULE_OF_MODE[service.mode](service)
        or _ready(service)
    )


def _not_started(service: Reported) -> Readiness | None:
    if not service.conditions:
        return Readiness.progressing(
            "NoConditions",
            "KServe has not reported on it yet (status.conditions is empty)",
            fields=("status.conditions",),
        )
    stopped = service.conditions.get("Stopped")
    if stopped is not None and stopped.status == "True":
        return Readiness.progressing(
            "Stopped", f"it is stopped, so nothing answers; {stopped}", fields=(stopped.field,)
        )
    return None


def _model_failed(service: Reported) -> Readiness | None:
    """A model that cannot be loaded is a failure even when Ready is True, because an older one may answer."""
    by_transition = service.transition in _FAILED_TRANSITIONS
    if not by_transition and (service.target or service.active) != _FAILED_TO_LOAD:
        return None
    servable = service.older_revision_answers or (service.model_loaded and service.answers)
    meanwhile = "an older model still answers" if servable else "no older model answers"
    details = "; ".join(part for part in (_states(service), service.failure) if part)
    return Readiness.failed(
        service.transition if by_transition else _FAILED_TO_LOAD,
        f"the declared model cannot be loaded, {meanwhile}; {details}",
        servable=servable,
        fields=(_TRANSITION,) if by_transition else (_newest_model(service),),
    )


def _not_ready(service: Reported) -> Readiness | None:
    if service.ready:
        return None
    servable = service.answers
    meanwhile = "; an older revision still answers" if servable else ""
    failed = service.failed_conditions
    if failed and service.mode is Mode.SERVERLESS:
        said, fields = _said(failed)
        return Readiness.failed("ComponentFailed", f"{said}{meanwhile}", servable=servable, fields=fields)
    if late := service.late_conditions:
        said, fields = _said(late)
        return Readiness.failed("ProgressDeadlineExceeded", f"{said}{meanwhile}", servable=servable, fields=fields)
    said, fields = _said(service.unmet_conditions)
    said = said or "it has no Ready condition yet"
    states = f" ({_states(service)})" if _states(service) else ""
    return Readiness.progressing(
        "NotReady", f"{said}{states}{meanwhile}", servable=servable, fields=fields or (_READY,)
    )


def _component_missing(service: Reported) -> Readiness | None:
    """KServe's Ready does not depend on the transformer and the explainer, so they are asked themselves."""
    for component in service.components[1:]:
        if not component.ready:
            type_ = f"{component.name.capitalize()}Ready"
            said = component.condition or f"it has no {type_} condition yet"
            known_down = component.condition is not None and component.condition.status == "False"
            return Readiness.progressing(
                f"{component.name.capitalize()}NotReady",
                f"the {component.name} is not ready; {said}",
                servable=service.answers and (not known_down or component.revisions.older_answers),
                fields=(f"status.conditions[{type_}]",),
            )
    return None


def _serverless(service: Reported) -> Readiness | None:
    """A transition in progress does not count: a service that is scaled to zero stays in one for ever."""
    for component in service.components:
        if not component.revisions.rolled_out:
            return Readiness.progressing(
                "RollingOut",
                component.revisions.waiting(f"the {component.name}"),
                servable=service.answers,
                fields=_revision_fields(component),
            )
    return None


def _raw_deployment(service: Reported) -> Readiness | None:
    loading = (service.target or service.active) in _LOADING
    if loading or service.transition == "InProgress":
        return Readiness.progressing(
            "ModelLoading",
            f"the model is still loading ({_states(service)})",
            servable=service.answers,
            fields=(_newest_model(service),) if loading else (_TRANSITION,),
        )
    return None


def _model_mesh(service: Reported) -> Readiness | None:
    """Ready is True and the transition UpToDate even while the very first model is still loading."""
    if service.target:
        return Readiness.progressing(
            "ModelLoading",
            f"the declared model is still loading ({_states(service)})",
            servable=service.answers,
            fields=(_TARGET,),
        )
    if not service.model_loaded:
        return Readiness.progressing(
            "ModelLoading", f"the model is still loading ({_states(service)})", fields=(_ACTIVE,)
        )
    return None


_RULE_OF_MODE = {
    Mode.SERVERLESS: _serverless,
    Mode.RAW_DEPLOYMENT: _raw_deployment,
    Mode.MODEL_MESH: _model_mesh,
}


def _ready(service: Reported) -> Readiness:
    if service.mode is Mode.SERVERLESS:
        predictor = service.components[0]
        said, fields = f"revision {predictor.revisions.ready} takes all traffic", _revision_fields(predictor)
    else:
        said = f"the model answers ({_states(service)})" if _states(service) else "the predictor answers"
        fields = (_ACTIVE,) if service.active else ()
    return Readiness.ready("Ready", said, fields=(_READY, *fields))


def _second_writer(resource: Resource) -> str:
    """The warning that KServe splits traffic as well, or ""."""
    settings = [
        f"spec.{name}.canaryTrafficPercent"
        for name in ("predictor", "transformer", "explainer")
        if resource.section("spec", name).get("canaryTrafficPercent") is not None
    ]
    if resource.spec.get("canary") is not None:
        settings.append("spec.canary")
    if not settings:
        return ""
    return f"; warning: {', '.join(settings)} makes KServe split traffic too, against the weights of the routemap"


def _revision_fields(component: Component) -> tuple[str, ...]:
    """The names of the newest revisions while they differ, and else who gets the traffic."""
    names = tuple(component.field(key) for key in ("latestCreatedRevision", "latestReadyRevision"))
    revisions = component.revisions
    decided = revisions.ready != "" and revisions.created == revisions.ready
    return (*names, component.field("traffic")) if decided else names


def _newest_model(service: Reported) -> str:
    """Where the state of the declared model is: of the target while there is one."""
    return _TARGET if service.target else _ACTIVE


def _said(found: Sequence[ReportedCondition]) -> tuple[str, tuple[str, ...]]:
    """What conditions say, in one sentence, and where they are."""
    return "; ".join(str(condition) for condition in found), tuple(condition.field for condition in found)


def _states(service: Reported) -> str:
    """The model's states as they are written in the status."""
    named = {
        "activeModelState": service.active,
        "targetModelState": service.target,
        "transitionStatus": service.transition,
    }
    return ", ".join(f"{name} {state}" for name, state in named.items() if state)
