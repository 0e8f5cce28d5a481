"""The Deployments that KServe makes for a service in the mode RawDeployment.

KServe's own conditions repeat only whether a Deployment is available, and say nothing of a roll-out or of its deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from iter8_gitops.hooks import Readiness, ReadinessState, Resource, ResourceId
from iter8_gitops_plugins import deployment
from iter8_gitops_plugins.inferenceservice.mode import Mode, mode_of
from iter8_gitops_plugins.inferenceservice.reported import declared_components


@dataclass(frozen=True, slots=True)
class _Child:
    """A Deployment that can be seen: what it is for, and the verdict on it."""

    role: str
    id: ResourceId
    verdict: Readiness

    @property
    def reason(self) -> str:
        return f"{self.role}{self.verdict.reason}"

    @property
    def message(self) -> str:
        return f"{self.id}: {self.verdict.message}"

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(f"{self.id}: {field}" for field in self.verdict.fields) or (str(self.id),)


def deployment_ids(resource: Resource) -> list[ResourceId]:
    """The Deployments that a verdict on the service depends on, by all names they may have."""
    return [each for candidates in _candidates(resource).values() for each in candidates]


def with_deployments(found: Readiness, resource: Resource, related: Mapping[ResourceId, Resource]) -> Readiness:
    """The verdict on the service, made worse by what its Deployments say, as far as they can be seen.

    What answers is KServe's to say, except that nothing answers when a Deployment says so.
    """
    children = _children(resource, related)
    found = replace(found, servable=found.servable and all(child.verdict.servable for child in children))
    failed = [child for child in children if child.verdict.state is ReadinessState.FAILED]
    pending = [child for child in children if child.verdict.state is not ReadinessState.READY]
    if found.state is ReadinessState.FAILED or not pending:
        return found
    said = "; ".join(child.message for child in failed or pending)
    fields = tuple(field for child in failed or pending for field in child.fields)
    if failed:
        return Readiness.failed(failed[0].reason, said, servable=found.servable, fields=fields)
    if found.state is ReadinessState.READY:
        return Readiness.progressing(pending[0].reason, said, servable=found.servable, fields=fields)
    return replace(found, message=f"{found.message}; {said}", fields=(*found.fields, *fields))


def _children(resource: Resource, related: Mapping[ResourceId, Resource]) -> list[_Child]:
    children: list[_Child] = []
    for role, candidates in _candidates(resource).items():
        seen = next((each for each in candidates if each in related), None)
        verdict = deployment.readiness(related[seen]) if seen is not None else None
        if seen is not None and verdict is not None:
            children.append(_Child(role, seen, verdict))
    return children


def _candidates(resource: Resource) -> dict[str, tuple[ResourceId, ...]]:
    """What each Deployment is for, and the names that it may have, the present one first.

    Services that were made by KServe before 0.11 keep Deployments with `-default` at the end of their names. A
    predictor that spans several nodes has a Deployment for the workers beside that of the head.
    """
    if mode_of(resource) is not Mode.RAW_DEPLOYMENT:
        return {}
    names: dict[str, tuple[str, ...]] = {
        name.capitalize(): (f"{resource.id.name}-{name}", f"{resource.id.name}-{name}-default")
        for name in declared_components(resource)
    }
    if resource.section("spec", "predictor").get("workerSpec") is not None:
        names["PredictorWorker"] = (f"{resource.id.name}-predictor-worker",)
    kind = deployment.KIND
    return {
        role: tuple(ResourceId(kind.group, kind.kind, resource.id.namespace, name) for name in candidates)
        for role, candidates in names.items()
    }
