"""Manifests for the end-to-end tests."""

from __future__ import annotations

SEED_ROUTEMAP = """\
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
_SEED_MODEL = """\
apiVersion: "serving.kserve.io/v1beta1"
kind: "InferenceService"
metadata:
  name: backend-{index}
  labels:
    app.kubernetes.io/name: backend
    app.kubernetes.io/version: v{label}
    iter8.tools/watch: "true"
  annotations:
    serving.kserve.io/deploymentMode: ModelMesh
    serving.kserve.io/secretKey: localMinIO
spec:
  predictor:
    model:
      modelFormat:
{indent}name: sklearn
      storageUri: s3://modelmesh-example-models/sklearn/mnist-svm.joblib
"""
# The tutorial indents the primary's modelFormat by ten spaces and the candidate's by eight.
SEED_PRIMARY = _SEED_MODEL.format(index=0, label=0, indent=" " * 10)
SEED_CANDIDATE = _SEED_MODEL.format(index=1, label=1, indent=" " * 8)
SEED_PROMOTED = _SEED_MODEL.format(index=0, label=1, indent=" " * 8)

LOADED = """\
status:
  conditions:
    - {type: PredictorReady, status: "True"}
    - {type: Ready, status: "True"}
  modelStatus:
    transitionStatus: UpToDate
    states: {activeModelState: Loaded, targetModelState: ""}
"""
LOADING = """\
status:
  conditions:
    - {type: PredictorReady, status: "False"}
    - {type: Ready, status: "False"}
  modelStatus:
    transitionStatus: InProgress
    states: {activeModelState: Loading, targetModelState: ""}
"""


def routemap(name: str, *weights: int) -> str:
    """A native routemap `shop/NAME` whose versions are the ConfigMaps NAME-0, NAME-1, .."""
    versions = "".join(
        f"    - weight: {weight}\n      resources: [{{gvrShort: cm, name: {name}-{index}}}]\n"
        for index, weight in enumerate(weights)
    )
    return (
        "apiVersion: iter8.tools/v1\nkind: Routemap\n"
        f"metadata: {{name: {name}, namespace: shop}}\nspec:\n  versions:\n{versions}"
    )


def config_map(name: str, value: str = "1") -> str:
    return (
        "apiVersion: v1\nkind: ConfigMap\n"
        f'metadata: {{name: {name}, namespace: shop, labels: {{iter8.tools/watch: "true"}}}}\n'
        f"data: {{value: '{value}'}}\n"
    )


def config_maps(*names: str) -> str:
    return "---\n".join(config_map(name) for name in names)
