"""How KServe deploys a service: the status says so, or the annotation, or else the shape of the status."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from iter8_gitops.hooks import Resource, conditions, text

COMPONENTS = ("predictor", "transformer", "explainer")

_ANNOTATION = "serving.kserve.io/deploymentMode"
_KNATIVE_CONDITIONS = frozenset({"PredictorConfigurationReady", "PredictorRouteReady"})


class Mode(StrEnum):
    """How KServe deploys the service; each mode reports in its own way."""

    SERVERLESS = "Serverless"
    RAW_DEPLOYMENT = "RawDeployment"
    MODEL_MESH = "ModelMesh"


_MODES = {
    "Serverless": Mode.SERVERLESS,
    "Knative": Mode.SERVERLESS,
    "RawDeployment": Mode.RAW_DEPLOYMENT,
    "Standard": Mode.RAW_DEPLOYMENT,
    "ModelMesh": Mode.MODEL_MESH,
}


def mode_of(resource: Resource) -> Mode | None:
    """The mode, or None when the object says nothing of it and has no status yet."""
    for said in (resource.status.get("deploymentMode"), resource.annotations.get(_ANNOTATION)):
        if (mode := _MODES.get(text(said))) is not None:
            return mode
    components = [resource.section("status", "components", name) for name in COMPONENTS]
    if not _KNATIVE_CONDITIONS.isdisjoint(conditions(resource)) or any(_is_knative(each) for each in components):
        return Mode.SERVERLESS
    urls = [resource.status.get("url"), *(each.get(key) for each in components for key in ("url", "grpcUrl"))]
    # Only ModelMesh publishes a gRPC endpoint.
    if any(text(url).startswith("grpc://") for url in urls):
        return Mode.MODEL_MESH
    return Mode.RAW_DEPLOYMENT if resource.status else None


def _is_knative(component: Mapping[str, object]) -> bool:
    # RawDeployment reports the Deployment's revision here, which is a bare number.
    created = text(component.get("latestCreatedRevision"))
    named_revision = created != "" and not created.isdigit()
    return named_revision or bool(component.get("latestReadyRevision")) or bool(component.get("traffic"))
