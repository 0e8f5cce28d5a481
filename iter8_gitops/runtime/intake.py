"""Decoding of delivered trees, where only files that changed are decoded again."""

from __future__ import annotations

from iter8_gitops.core.desired import DecodedChanges, DecodedTree
from iter8_gitops.spec.files import FileContents, decode_file
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.tree import SourceFile, SourceTree


class Intake:
    """Turns trees into values. Used by one thread.

    `default_namespace` is that of documents that state none (see `decode_file`). With a `scope`, a namespace,
    routemaps that are or reach outside of it are problems, and documents that state no namespace are in it.
    """

    def __init__(self, kinds: KindTable, default_namespace: str | None, scope: str | None = None) -> None:
        self._kinds = kinds
        self._default_namespace = default_namespace or scope
        self._scope = scope
        self._trees: dict[str, SourceTree] = {}

    def decode(self, tree: SourceTree) -> DecodedTree:
        """Decode all of `tree`."""
        return DecodedTree(tree.source, tree.revision, {file.path: self._decoded(file) for file in tree.files})

    def take(self, tree: SourceTree) -> DecodedChanges:
        """What changed since the last tree of the same source, which this one takes the place of."""
        changes = tree.changes_since(self._trees.get(tree.source))
        self._trees[tree.source] = tree
        changed = {file.path: self._decoded(file) for file in changes.changed}
        return DecodedChanges(tree.source, tree.revision, changed, changes.removed)

    def replace_kinds(self, kinds: KindTable) -> list[DecodedChanges]:
        """Decode by `kinds` from now on. Returns every file that was taken, decoded anew: its names may mean others."""
        self._kinds = kinds
        return [DecodedChanges(tree.source, tree.revision, self.decode(tree).files) for tree in self._trees.values()]

    def _decoded(self, file: SourceFile) -> FileContents:
        return decode_file(file, self._kinds, self._default_namespace, self._scope)
