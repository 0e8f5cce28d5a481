"""What of an InferenceService counts as content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import Resource
from iter8_gitops.spec.content import omit, pick

_FRAMEWORKS = frozenset(
    {
        "huggingface",
        "lightgbm",
        "onnx",
        "paddle",
        "pmml",
        "pytorch",
        "sklearn",
        "tensorflow",
        "triton",
        "xgboost",
    }
)
"""The frameworks of KServe's PredictorSpec; newer ones are named inside `model`."""

_OF_PREDICTOR = _FRAMEWORKS | {"model", "containers", "initContainers", "volumes", "storageUris", "workerSpec"}

_NOT_CONTENT = frozenset(
    {
        "minReplicas",
        "maxReplicas",
        "scaleTarget",
        "scaleMetric",
        "scaleMetricType",
        "autoScaling",
        "canaryTrafficPercent",
        "deploymentStrategy",
        "logger",
    }
)
"""How many copies there are, how they are replaced, and what is logged: the same in every component."""

_ANNOTATIONS = frozenset(
    {
        "serving.kserve.io/secretKey",
        "serving.kserve.io/schemaPath",
        "serving.kserve.io/servingRuntime",
    }
)
"""Where ModelMesh looks for the model, its schema, and what runs it."""


def content(resource: Resource) -> dict[str, Any]:
    """The model, what surrounds it, and ModelMesh's annotations about it."""
    spec = resource.spec
    found: dict[str, Any] = {
        "predictor": pick(resource.section("spec", "predictor"), _OF_PREDICTOR),
        "annotations": pick(resource.annotations, _ANNOTATIONS),
    }
    for name in ("transformer", "explainer"):
        component = spec.get(name)
        if component is not None:
            found[name] = omit(component, _NOT_CONTENT) if isinstance(component, Mapping) else component
    return found
