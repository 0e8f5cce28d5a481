"""The manifests of the tutorial "A/B testing a backend ML model" (KServe ModelMesh)."""

from __future__ import annotations

from typing import Any

NAMESPACE = "modelmesh-serving"
APPLICATION = "modelmesh-serving/backend"
PRIMARY_MODEL = "s3://modelmesh-example-models/sklearn/mnist-svm.joblib"
CANDIDATE_MODEL = "s3://modelmesh-example-models/sklearn/mnist-svm-2.joblib"

ROUTEMAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: backend
  labels:
    app.kubernetes.io/managed-by: iter8
    iter8.tools/kind: routemap
    iter8.tools/version: "v0.17"
immutable: true
data:
  strSpec: |
    versions:
    - resources:
      - gvrShort: isvc
        name: backend-0
        namespace: modelmesh-serving
    - resources:
      - gvrShort: isvc
        name: backend-1
        namespace: modelmesh-serving
"""


def inference_service(name: str, version_label: str, model: str) -> str:
    """An InferenceService of the tutorial, as its author commits it: without a status."""
    return f"""\
apiVersion: "serving.kserve.io/v1beta1"
kind: "InferenceService"
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: backend
    app.kubernetes.io/version: {version_label}
    iter8.tools/watch: "true"
  annotations:
    serving.kserve.io/deploymentMode: ModelMesh
    serving.kserve.io/secretKey: localMinIO
spec:
  predictor:
    model:
      modelFormat:
        name: sklearn
      storageUri: {model}
"""


def loading_status() -> dict[str, Any]:
    """What KServe ModelMesh reports while a model is loaded for the first time."""
    return _status("False", "InProgress", {"activeModelState": "Loading", "targetModelState": ""})


def loaded_status(previous_transitions: int) -> dict[str, Any]:
    """What KServe ModelMesh reports once the model answers. Each load has a transition time of its own."""
    status = _status("True", "UpToDate", {"activeModelState": "Loaded", "targetModelState": ""})
    for condition in status["conditions"]:
        condition["lastTransitionTime"] = f"2023-10-01T10:{previous_transitions:02d}:00Z"
    return status


def reloading_status() -> dict[str, Any]:
    """What KServe ModelMesh reports while new content is loaded beside the old, which still answers."""
    return _status("True", "InProgress", {"activeModelState": "Loaded", "targetModelState": "Loading"})


def _status(ready: str, transition: str, states: dict[str, str]) -> dict[str, Any]:
    return {
        "conditions": [{"type": kind, "status": ready} for kind in ("PredictorReady", "Ready")],
        "modelStatus": {
            "copies": {"failedCopies": 0, "totalCopies": 1},
            "states": states,
            "transitionStatus": transition,
        },
    }
