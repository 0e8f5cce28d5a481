"""Sample objects: from a mapping, or from a folder of YAML files."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from iter8_gitops.hooks import Resource, ResourceId
from iter8_gitops.spec.names import group_of
from iter8_gitops.spec.tree import YAML_SUFFIXES

Samples: TypeAlias = Mapping[str, Mapping[str, Any]] | Path | str
"""Name -> manifest, or a folder with one object in each file, whose name without its suffix is the sample's. A folder
that is no absolute path is beside the test module."""


def as_resource(manifest: Mapping[str, Any]) -> Resource:
    """A manifest as a cluster backend delivers it. Raises `ValueError` for what is no Kubernetes object."""
    metadata = manifest.get("metadata")
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not (isinstance(api_version, str) and isinstance(kind, str) and isinstance(name, str)):
        raise ValueError("it has no apiVersion, no kind, or no metadata.name")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    identity = ResourceId(group_of(api_version), kind, namespace if isinstance(namespace, str) else "", name)
    return Resource(identity, manifest)


def read_samples(samples: Samples, beside: type | None = None) -> dict[str, Resource]:
    """The samples by name. Raises `ValueError`, which names the sample, for what is none; `beside` is a test class."""
    if isinstance(samples, Mapping):
        return {name: _sample(name, manifest) for name, manifest in samples.items()}
    folder = Path(samples)
    if beside is not None:
        folder = Path(inspect.getfile(beside)).parent / folder
    files = sorted(file for file in folder.glob("*") if file.suffix in YAML_SUFFIXES)
    if not files:
        message = f"there are no YAML files in {folder}"
        raise ValueError(message)
    return {file.stem: _sample(file.name, _parsed(file)) for file in files}


def _parsed(file: Path) -> object:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        message = f"{file} does not hold one YAML document: {error}"
        raise ValueError(message) from error


def _sample(name: str, manifest: object) -> Resource:
    try:
        if not isinstance(manifest, Mapping):
            raise ValueError("it is no mapping")
        return as_resource(manifest)
    except ValueError as error:
        message = f"sample {name} is no Kubernetes object: {error}"
        raise ValueError(message) from error
