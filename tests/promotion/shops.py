"""Repositories with an application to promote: the tutorial's, as people keep it, with comments."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.tree import Tree
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.tree import SourceFile
from tests.sources.repositories import GIT_ENVIRONMENT, Repository

APPLICATION = "modelmesh-serving/backend"

ROUTEMAP = """\
# Who may see what: ask the search team.
apiVersion: v1
kind: ConfigMap
metadata:
  name: backend
  labels:
    app.kubernetes.io/managed-by: iter8
    iter8.tools/kind: routemap
    iter8.tools/version: "v0.17"
immutable: true   # as the tutorial has it
data:
  strSpec: |
    # The primary comes first.
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
PRIMARY = """\
# The model that everybody gets.
apiVersion: "serving.kserve.io/v1beta1"
kind: "InferenceService"
metadata:
  name: backend-0   # never changes
  labels:
    app.kubernetes.io/name: backend
    app.kubernetes.io/version: v0
    iter8.tools/watch: "true"
  annotations:
    serving.kserve.io/deploymentMode: ModelMesh
    serving.kserve.io/secretKey: localMinIO
spec:
  predictor:
    # MinIO keeps the last ten models.
    model:
      modelFormat:
        name: sklearn
      storageUri: "s3://models/mnist-svm.joblib"  # trained in May
"""
CANDIDATE = """\
apiVersion: "serving.kserve.io/v1beta1"
kind: "InferenceService"
metadata:
  name: backend-1
  labels:
    app.kubernetes.io/name: backend
    app.kubernetes.io/version: v1
    iter8.tools/watch: "true"
  annotations:
    iter8.tools/weight: "10"
    serving.kserve.io/deploymentMode: ModelMesh
    serving.kserve.io/secretKey: localMinIO
spec:
  predictor:
    model:
      modelFormat:
        name: sklearn
      storageUri: s3://models/mnist-svm-2.joblib
"""
PROMOTED = PRIMARY.replace("version: v0", "version: v1").replace("svm.joblib", "svm-2.joblib")
FILES = {"backend.yaml": ROUTEMAP, "backend-0.yaml": PRIMARY, "backend-1.yaml": CANDIDATE}


def tree_of(files: Mapping[str, str], kinds: KindTable | None = None, **options: str) -> Tree:
    """These files as a tree of a commit."""
    kinds = kinds or KindTable(Plugins.load().kinds())
    return Tree({path: SourceFile(path, path, text.encode()) for path, text in files.items()}, kinds, **options)


class Shop:
    """A bare repository `origin` below `folder`, and clones of it; `mine` has `files` and is pushed."""

    def __init__(self, folder: Path, files: Mapping[str, str] = FILES, origin: Path | None = None) -> None:
        self.folder = folder
        self.origin = origin or folder / "served" / "shop.git"
        self.origin.parent.mkdir(parents=True, exist_ok=True)
        run("init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        run("config", "http.receivepack", "true", folder=self.origin)
        self.mine = Repository(folder / "mine")
        self.mine.git("remote", "add", "origin", str(self.origin))
        self.mine.commit(files, "begin")
        self.mine.git("push", "--quiet", "-u", "origin", "main")

    def clone(self, name: str) -> Repository:
        """The repository of somebody else."""
        path = self.folder / name
        run("clone", "--quiet", str(self.origin), str(path))
        return Repository(path)

    def push(
        self, files: Mapping[str, str | bytes | None], message: str = "somebody else's", name: str = "other"
    ) -> str:
        """Somebody else pushes a change of files."""
        path = self.folder / name
        other = Repository(path) if path.exists() else self.clone(name)
        other.git("pull", "--quiet", "--ff-only")
        commit = other.commit(files, message)
        other.git("push", "--quiet")
        return commit

    def tip(self, branch: str = "main") -> str:
        """The commit of a branch at the origin."""
        return run("rev-parse", f"refs/heads/{branch}", folder=self.origin)

    def read(self, path: str, revision: str = "main") -> str:
        """A file at the origin, exactly."""
        done = subprocess.run(
            ["git", "show", f"{revision}:{path}"], cwd=self.origin, check=True, capture_output=True, text=True
        )
        return done.stdout

    def paths(self, revision: str = "main") -> list[str]:
        """The files at the origin."""
        return run("ls-tree", "-r", "--name-only", revision, folder=self.origin).splitlines()

    def message(self, revision: str = "main") -> str:
        """The message of a commit at the origin."""
        return run("log", "-1", "--format=%B", revision, folder=self.origin)

    def subjects(self, revision: str = "main") -> list[str]:
        """The first lines of all messages at the origin, newest first."""
        return run("log", "--format=%s", revision, folder=self.origin).splitlines()


def run(*arguments: str, folder: Path | None = None) -> str:
    """Run Git and return what it printed, stripped."""
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def isolate(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    """Keep the configuration of the person who runs the tests, and of a Git hook around them, out."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "ITER8_")):
            monkeypatch.delenv(name)
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
