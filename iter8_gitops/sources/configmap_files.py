"""ConfigMaps as the files of a tree, kept up to date by what a watch tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from iter8_gitops.kube.client import JsonObject
from iter8_gitops.kube.store import Change
from iter8_gitops.sources.configmap_text import config_map_text
from iter8_gitops.sources.files import refused
from iter8_gitops.sources.selection import size_refusal
from iter8_gitops.spec.tree import SourceFile, SourceTree


class ConfigMapFiles:
    """The files that there are. Thread-safe.

    One that was deleted stays for `grace` seconds, so that its replacement can take its place.
    """

    def __init__(self, source: str, grace: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._grace = grace
        self._clock = clock
        self._lock = threading.Lock()
        self._files: dict[str, SourceFile] = {}
        self._deleted_at: dict[str, float] = {}
        self._newest = 0
        self._tree = SourceTree(source, "0", ())
        self._changed: set[str] | None = None

    def take(self, changes: Sequence[Change]) -> None:
        """Take in changes, in their order."""
        files = [None if change.after is None else _file(change.after) for change in changes]
        with self._lock:
            for change, file in zip(changes, files, strict=True):
                if file is not None:
                    self._files[file.path] = file
                    self._deleted_at.pop(file.path, None)
                    self._note(file.path)
                elif change.before is not None:
                    self._deleted_at[_path(change.before)] = self._clock()
                self._newest = max(self._newest, _version(change.after or change.before or {}))

    def tree(self, answered_since: float) -> SourceTree:
        """The tree at present; the identical object when nothing changed.

        `answered_since` is the time on the clock since which the API server has answered without a break: what
        was created while it did not is not known yet, so the grace begins then at the earliest.
        """
        with self._lock:
            latest = self._clock() - self._grace
            gone = [path for path, at in self._deleted_at.items() if max(at, answered_since) <= latest]
            for path in gone:
                del self._deleted_at[path]
                self._files.pop(path, None)
                self._note(path)
            if self._changed is None or self._changed:
                paths = sorted(self._changed or ())
                there = [self._files[path] for path in paths if path in self._files]
                removed = [path for path in paths if path not in self._files]
                self._tree = self._tree.successor(str(self._newest), there, removed)
                self._changed = set()
            return self._tree

    def _note(self, path: str) -> None:
        self._changed = self._changed or set()
        self._changed.add(path)


def _file(manifest: JsonObject) -> SourceFile:
    metadata, path = manifest["metadata"], _path(manifest)
    content = config_map_text(manifest)
    if refusal := size_refusal(len(content)):
        return refused(path, refusal)
    return SourceFile(path, f"{metadata.get('uid', '')}:{metadata.get('resourceVersion', '')}", content)


def _path(manifest: JsonObject) -> str:
    metadata = manifest["metadata"]
    return f"configmap/{metadata['namespace']}/{metadata['name']}"


def _version(manifest: JsonObject) -> int:
    """The resourceVersion as a number: etcd's revision, and so it is in every API server. 0 when it is none."""
    version = str(manifest.get("metadata", {}).get("resourceVersion", ""))
    return int(version) if version.isascii() and version.isdigit() else 0
