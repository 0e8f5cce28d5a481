"""Finds the programs of a Kubernetes control plane. In CI a missing one fails the test; elsewhere it skips it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

_INSTALL = (
    "these tests need a Kubernetes control plane: set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, "
    "kubectl (`setup-envtest use -p path` prints one, see book.kubebuilder.io/reference/envtest) and "
    "kube-controller-manager (of the same version, from dl.k8s.io), and ITER8_TEST_CRDS to a folder with the YAML "
    "files of the CustomResourceDefinitions of KServe, Gateway API, Istio, Argo Rollouts and Knative Serving; "
    "ssh-keygen (OpenSSH) is needed, too"
)


@dataclass(frozen=True)
class Binaries:
    """The programs of a control plane, and the folder with the CustomResourceDefinitions."""

    etcd: Path
    api_server: Path
    controller_manager: Path
    kubectl: Path
    crds: Path


def find_binaries() -> Binaries:
    """Return the programs; without one, fail the running test when CI=true, and skip it otherwise."""
    assets = os.environ.get("KUBEBUILDER_ASSETS", "")
    found = {name: _find(name, assets) for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")}
    missing = [name for name, path in found.items() if path is None]
    if shutil.which("ssh-keygen") is None:
        missing.append("ssh-keygen")
    crds = Path(os.environ.get("ITER8_TEST_CRDS") or os.devnull)
    if not any(crds.glob("*.yaml")):
        missing.append("ITER8_TEST_CRDS")
    if not missing:
        etcd, api_server, controller_manager, kubectl = (path for path in found.values() if path is not None)
        return Binaries(etcd, api_server, controller_manager, kubectl, crds)
    message = f"{_INSTALL}. Missing: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def _find(name: str, assets: str) -> Path | None:
    """Look into `assets` first; only kubectl may come from the PATH, as its version need not be that of the server."""
    path = shutil.which(name, path=assets) if assets else None
    if path is None and name == "kubectl":
        path = shutil.which(name)
    return Path(path) if path else None
