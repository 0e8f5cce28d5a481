"""The objects of `testdata`, and changed copies of them."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from iter8_gitops.hooks import Resource, ResourceId

_TESTDATA = Path(__file__).parent / "testdata"
NAMES = tuple(sorted(path.stem for path in _TESTDATA.glob("*.yaml")))


@cache
def sample(name: str) -> Resource:
    """An object by the name of its file."""
    return as_resource(yaml.safe_load((_TESTDATA / f"{name}.yaml").read_text()))


def edited(resource: Resource, *path: str | int, to: Any) -> Resource:
    """A copy of an object with the value at `path` replaced; mappings on the way are made when missing."""
    manifest = copy.deepcopy(dict(resource.manifest))
    place: Any = manifest
    for key in path[:-1]:
        place = place[key] if isinstance(key, int) else place.setdefault(key, {})
    place[path[-1]] = to
    return as_resource(manifest)


def as_resource(manifest: dict[str, Any]) -> Resource:
    """The manifest as a cluster backend delivers it."""
    group, _, _ = manifest["apiVersion"].rpartition("/")
    metadata = manifest["metadata"]
    return Resource(ResourceId(group, manifest["kind"], metadata.get("namespace", ""), metadata["name"]), manifest)
