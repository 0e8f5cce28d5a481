"""What Kustomize makes of a tree: which files are patches, which objects it patches or generates. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iter8_gitops.promotion.text.pieces import NotEditableError, file_text
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.tree import SourceFile
from iter8_gitops.spec.yaml import read_documents

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_GENERATORS = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}


@dataclass(frozen=True, slots=True)
class Patch:
    """A change that Kustomize makes to objects, at `place`, of the kind and name that it states; None is any."""

    place: str
    kind: str | None
    name: str | None
    by_pattern: bool = False

    def is_for(self, identity: ResourceId) -> bool:
        """Whether it changes that object. Targets by labels and groups are not looked at more closely."""
        return _fits(self.kind, identity.kind, self.by_pattern) and _fits(self.name, identity.name, self.by_pattern)


class Kustomizations:
    """The kustomizations of a tree."""

    def __init__(self, files: Mapping[str, SourceFile]) -> None:
        self._files = files
        self._found = {
            path: data
            for path in sorted(files)
            if posixpath.basename(path) in FILE_NAMES and isinstance(data := _data(files[path]), dict)
        }
        self.patch_files = {
            posixpath.normpath(posixpath.join(posixpath.dirname(path), file)): path
            for path, data in self._found.items()
            for file in _patch_files(data)
        }
        self._patches = tuple(self._all_patches())

    def patches(self, identity: ResourceId) -> tuple[Patch, ...]:
        """The patches that change an object."""
        return tuple(patch for patch in self._patches if patch.is_for(identity))

    def generator(self, identity: ResourceId) -> str:
        """The kustomization that generates such an object, or ""."""
        for path, data in self._found.items():
            for section, kind in _GENERATORS.items():
                names = (entry.get("name") for entry in _mappings(data.get(section)))
                if kind == identity.kind and identity.name in names:
                    return path
        return ""

    def entries(self, file: str) -> Iterator[tuple[str, int]]:
        """The kustomizations that list `file` among their resources, each with the index of the entry."""
        for path, data in self._found.items():
            resources = data.get("resources")
            for index, entry in enumerate(resources if isinstance(resources, list) else ()):
                if isinstance(entry, str) and _below(path, entry) == file:
                    yield path, index

    def renaming(self) -> str:
        """A kustomization that gives objects other names, or ""."""
        return next((path for path, data in self._found.items() if data.keys() & {"namePrefix", "nameSuffix"}), "")

    def _all_patches(self) -> Iterator[Patch]:
        for file in self.patch_files:
            if file in self._files:
                yield from _strategic(_documents(self._files[file]), file)
        for path, data in self._found.items():
            for section in ("patches", "patchesJson6902"):
                for entry in _mappings(data.get(section)):
                    yield from _targeted(entry, path)
            for text in _texts(data.get("patchesStrategicMerge")):
                if "\n" in text:
                    yield from _strategic(_documents_in(path, text), path)


def _patch_files(data: dict[str, Any]) -> Iterator[str]:
    for section in ("patches", "patchesJson6902"):
        for entry in _mappings(data.get(section)):
            if isinstance(entry.get("path"), str):
                yield entry["path"]
    yield from (entry for entry in _texts(data.get("patchesStrategicMerge")) if "\n" not in entry)


def _targeted(entry: dict[str, Any], path: str) -> Iterator[Patch]:
    target = entry.get("target")
    if isinstance(target, dict):
        kind, name = (value if isinstance(value := target.get(key), str) else None for key in ("kind", "name"))
        yield Patch(path, kind, name, by_pattern=True)
    elif isinstance(entry.get("patch"), str):
        yield from _strategic(_documents_in(path, entry["patch"]), path)


def _strategic(documents: list[Any], place: str) -> Iterator[Patch]:
    for data in documents:
        metadata = data.get("metadata") if isinstance(data, dict) else None
        if isinstance(metadata, dict) and isinstance(data.get("kind"), str) and isinstance(metadata.get("name"), str):
            yield Patch(place, data["kind"], metadata["name"])


def _fits(wanted: str | None, name: str, by_pattern: bool) -> bool:
    if wanted is None or wanted == name:
        return True
    try:
        return by_pattern and re.fullmatch(wanted, name) is not None
    except re.error:
        return False


def _below(kustomization: str, entry: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(kustomization), entry))


def _data(file: SourceFile) -> Any:
    documents = _documents(file)
    return documents[0] if documents else None


def _documents(file: SourceFile) -> list[Any]:
    try:
        return [document.piece.data for document in file_text(file.path, file.content).documents]
    except NotEditableError:
        return []


def _documents_in(path: str, text: str) -> list[Any]:
    return [document.data for document in read_documents(path, text.encode("utf-8", "surrogatepass")).documents]


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
