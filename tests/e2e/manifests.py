"""Manifests for the end-to-end tests."""

from __future__ import annotations

from pathlib import Path

_SEED = Path(__file__).parents[1] / "spec" / "testdata"
SEED_ROUTEMAP, SEED_PRIMARY, SEED_CANDIDATE, SEED_PROMOTED = (
    (_SEED / f"{name}.yaml").read_text(encoding="utf-8")
    for name in ("backend-routemap", "backend-0", "backend-1", "backend-0-promoted")
)
"""The tutorial's manifests, byte for byte."""

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
