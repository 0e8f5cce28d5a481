"""KServe InferenceServices in all three deployment modes: Serverless, RawDeployment and ModelMesh.

`rules` decides, `reported` reads what KServe and ModelMesh write into the status and `mode` in which mode,
`deployments` adds what child Deployments say, `content` picks what counts for the signature.
"""

from __future__ import annotations

from collections.abc import Mapping

from iter8_gitops.hooks import JsonValue, Readiness, Resource, ResourceId, ResourceKind, hookimpl
from iter8_gitops_plugins.inferenceservice.content import content
from iter8_gitops_plugins.inferenceservice.deployments import deployment_ids
from iter8_gitops_plugins.inferenceservice.rules import verdict

KIND = ResourceKind(
    "serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices", ("isvc", "inferenceservice")
)


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """InferenceService, as `isvc`."""
    return [KIND]


@hookimpl
def related_resources(resource: Resource) -> list[ResourceId] | None:
    """The child Deployments, in the mode that has some."""
    return (deployment_ids(resource) or None) if _is_inference_service(resource) else None


@hookimpl
def readiness(resource: Resource, related: Mapping[ResourceId, Resource]) -> Readiness | None:
    """Whether the declared model answers, or an older one."""
    return verdict(resource, related) if _is_inference_service(resource) else None


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The model and how it is served, without how many copies of it there are."""
    return content(resource) if _is_inference_service(resource) else None


def _is_inference_service(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
