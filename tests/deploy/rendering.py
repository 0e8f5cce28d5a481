"""The objects that an installation consists of, as kustomize and Helm make them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from tests.deploy.golden import CASES, golden

Object = dict[str, Any]
Variant = Literal["cluster", "namespace"]

KUSTOMIZE = Path(__file__).parents[2] / "deploy" / "kustomize"
COMPONENTS = ("config", "git", "iter8-service", "metrics-store", "pods", "secrets")
"""All that an overlay may add to a variant."""
NAMES = ("kustomize-cluster", "kustomize-namespace", "kustomize-components", *(f"helm-{case}" for case in CASES))
"""The keys of `every_render`."""

_OLDEST = 21  # kubectl 1.21 was the first one with a kustomize that knows components.


def kustomize(
    variant: Variant, *, namespace: str = "", components: Iterable[str] = (), configuration: str = ""
) -> list[Object]:
    """Render a variant; the rest is chosen by an overlay, as docs/install.md says people do.

    `configuration` is the text of the file that the component `config` asks for.
    """
    with tempfile.TemporaryDirectory() as folder:
        overlay: Object = {
            "resources": [_relative(KUSTOMIZE / variant, folder)],
            "components": [_relative(KUSTOMIZE / "components" / name, folder) for name in components],
            **({"namespace": namespace} if namespace else {}),
        }
        if configuration:
            Path(folder, "config.yaml").write_text(configuration)
            overlay["configMapGenerator"] = [{"name": "iter8-gitops-config", "files": ["config.yaml"]}]
        Path(folder, "kustomization.yaml").write_text(yaml.safe_dump(overlay))
        done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "kustomize warns"
    return list(yaml.safe_load_all(done.stdout))


def every_render() -> dict[str, list[Object]]:
    """All that people can install, by a name for test reports."""
    return {
        "kustomize-cluster": kustomize("cluster"),
        "kustomize-namespace": kustomize("namespace"),
        "kustomize-components": kustomize("namespace", namespace="shop", components=COMPONENTS),
        **{f"helm-{case}": list(filter(None, yaml.safe_load_all(golden(case)))) for case in CASES},
    }


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    """The objects of these kinds, in their order."""
    return [item for item in objects if item["kind"] in kinds]


def pod_of(objects: list[Object]) -> Object:
    """The specification of the installation's pod."""
    (workload,) = of_kind(objects, "StatefulSet")
    pod: Object = workload["spec"]["template"]["spec"]
    return pod


def container_of(objects: list[Object], name: str) -> Object:
    """One container of the installation's pod."""
    container: Object
    (container,) = (each for each in pod_of(objects)["containers"] if each["name"] == name)
    return container


def arguments(objects: list[Object], container: str) -> list[str]:
    """The words after `iter8-gitops`, as Kubernetes would put variables in."""
    return [word.replace("$(POD_NAMESPACE)", "shop") for word in container_of(objects, container)["args"]]


@cache
def kubectl() -> str:
    """The kubectl to render with; without one, the test fails in CI and is skipped elsewhere."""
    path = shutil.which("kubectl", path=os.environ.get("KUBEBUILDER_ASSETS") or None) or shutil.which("kubectl")
    if path is not None:
        version = subprocess.run([path, "version", "--client", "--output=json"], capture_output=True, check=True)
        if int(json.loads(version.stdout)["clientVersion"]["minor"].rstrip("+")) >= _OLDEST:
            return path
    message = f"rendering the kustomizations needs kubectl 1.{_OLDEST} or newer on the PATH"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def _relative(path: Path, start: str) -> str:
    return os.path.relpath(path, Path(start).resolve())
