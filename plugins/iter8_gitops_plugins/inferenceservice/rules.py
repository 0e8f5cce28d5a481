"""The rules: from what KServe reports to a verdict, in the order in which they apply.

`status.observedGeneration` is never looked at: KServe copies it from the child workload, and
ModelMesh does not set it. Hence no verdict here is certain to speak of the present spec.
"""

from __future__ import annotations

from iter8_gitops.hooks import Readiness, Resource
from iter8_gitops_plugins.inferenceservice.reported import Component, Mode, Reported, reported

_FAILED_TRANSITIONS = frozenset({"BlockedByFailedLoad", "InvalidSpec"})
_FAILED_TO_LOAD = "FailedToLoad"
_LOADING = frozenset({"Pending", "Loading"})
_DEADLINE = "ProgressDeadlineExceeded"


def verdict(resource: Resource) -> Readiness:
    """The first rule that has something to say, or ready."""
    if resource.terminating:
        return Readiness.terminating("it is being deleted (metadata.deletionTimestamp is set)")
    service = reported(resource)
    return (
        _not_started(service)
        or _model_failed(service)
        or _not_ready(service)
        or _component_missing(service)
        or _RULE_OF_MODE[service.mode](service)
        or _ready(resource, service)
    )


def _not_started(service: Reported) -> Readiness | None:
    if not service.conditions:
        return Readiness.progressing("NoConditions", "KServe has not reported on it yet (status.conditions is empty)")
    stopped = service.conditions.get("Stopped")
    if stopped is not None and stopped.status == "True":
        return Readiness.progressing("Stopped", f"it is stopped, so nothing answers; {stopped}")
    return None


def _model_failed(service: Reported) -> Readiness | None:
    """A model that cannot be loaded is a failure even when Ready is True, because an older one may answer."""
    loading = service.target or service.active
    if service.transition not in _FAILED_TRANSITIONS and loading != _FAILED_TO_LOAD:
        return None
    servable = service.older_revision_answers or (service.model_loaded and service.answers)
    meanwhile = "an older model still answers" if servable else "no older model answers"
    details = "; ".join(part for part in (_states(service), service.failure) if part)
    return Readiness.failed(
        service.transition if service.transition in _FAILED_TRANSITIONS else _FAILED_TO_LOAD,
        f"the declared model cannot be loaded, {meanwhile}; {details}",
        servable=servable,
    )


def _not_ready(service: Reported) -> Readiness | None:
    if service.ready:
        return None
    servable = service.answers
    meanwhile = "; an older revision still answers" if servable else ""
    failed = [str(condition) for condition in service.failed_conditions]
    if failed and service.mode is Mode.SERVERLESS:
        return Readiness.failed("ComponentFailed", f"{'; '.join(failed)}{meanwhile}", servable=servable)
    for condition in service.unmet_conditions:
        if condition.reason == _DEADLINE:
            return Readiness.failed(_DEADLINE, f"{condition}{meanwhile}", servable=servable)
    said = "; ".join(str(condition) for condition in service.unmet_conditions) or "it has no Ready condition yet"
    states = f" ({_states(service)})" if _states(service) else ""
    return Readiness.progressing("NotReady", f"{said}{states}{meanwhile}", servable=servable)


def _component_missing(service: Reported) -> Readiness | None:
    """KServe's Ready does not depend on the transformer and the explainer, so they are asked themselves."""
    for component in service.components[1:]:
        if not component.ready:
            said = component.condition or f"it has no {component.name.capitalize()}Ready condition yet"
            known_down = component.condition is not None and component.condition.status == "False"
            return Readiness.progressing(
                f"{component.name.capitalize()}NotReady",
                f"the {component.name} is not ready; {said}",
                servable=service.answers and (not known_down or component.older_revision_answers),
            )
    return None


def _serverless(service: Reported) -> Readiness | None:
    """A transition in progress does not count: a service that is scaled to zero stays in one for ever."""
    for component in service.components:
        if not component.rolled_out:
            return Readiness.progressing("RollingOut", _roll_out(component), servable=service.answers)
    return None


def _raw_deployment(service: Reported) -> Readiness | None:
    if service.transition == "InProgress" or (service.target or service.active) in _LOADING:
        return Readiness.progressing(
            "ModelLoading", f"the model is still loading ({_states(service)})", servable=service.answers
        )
    return None


def _model_mesh(service: Reported) -> Readiness | None:
    """Ready is True and the transition UpToDate even while the very first model is still loading."""
    if service.target:
        return Readiness.progressing(
            "ModelLoading", f"the declared model is still loading ({_states(service)})", servable=service.answers
        )
    if not service.model_loaded:
        return Readiness.progressing("ModelLoading", f"the model is still loading ({_states(service)})")
    return None


_RULE_OF_MODE = {
    Mode.SERVERLESS: _serverless,
    Mode.RAW_DEPLOYMENT: _raw_deployment,
    Mode.MODEL_MESH: _model_mesh,
}


def _ready(resource: Resource, service: Reported) -> Readiness:
    if service.mode is Mode.SERVERLESS:
        said = f"revision {service.components[0].latest_ready} takes all traffic"
    else:
        said = f"the model answers ({_states(service)})" if _states(service) else "the predictor answers"
    return Readiness.ready("Ready", f"{said}{_second_writer(resource)}")


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


def _roll_out(component: Component) -> str:
    if not component.latest_ready:
        return f"no revision of the {component.name} is ready yet"
    if component.latest_created != component.latest_ready:
        return (
            f"revision {component.latest_created or '(not named)'} of the {component.name} is not ready yet, "
            f"revision {component.latest_ready} still answers"
        )
    return f"revision {component.latest_ready} of the {component.name} has {component.newest_percent}% of the traffic"


def _states(service: Reported) -> str:
    """The model's states as they are written in the status."""
    named = {
        "activeModelState": service.active,
        "targetModelState": service.target,
        "transitionStatus": service.transition,
    }
    return ", ".join(f"{name} {state}" for name, state in named.items() if state)
