"""Decoding of delivered trees, where only files that changed are decoded again."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.core.desired import DecodedTree
from iter8_gitops.spec.files import FileContents, decode_file
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.tree import SourceFile, SourceTree


@dataclass(frozen=True, slots=True)
class _Decoded:
    digest: str
    refusal: str
    contents: FileContents


class Intake:
    """Turns trees into values. Used by one thread.

    `default_namespace` is that of documents that state none (see `decode_file`). With a `scope`, a namespace,
    routemaps that are or reach outside of it are problems, and documents that state no namespace are in it.
    """

    def __init__(self, kinds: KindTable, default_namespace: str | None, scope: str | None = None) -> None:
        self._kinds = kinds
        self._default_namespace = default_namespace or scope
        self._scope = scope
        self._known: dict[str, dict[str, _Decoded]] = {}

    def decode(self, tree: SourceTree) -> DecodedTree:
        """Decode `tree`; an unchanged file costs a comparison."""
        before = self._known.get(tree.source, {})
        known = {file.path: self._decoded(file, before.get(file.path)) for file in tree.files}
        self._known[tree.source] = known
        return DecodedTree(tree.source, tree.revision, {path: each.contents for path, each in known.items()})

    def replace_kinds(self, kinds: KindTable) -> None:
        """Decode by `kinds` from now on, and every file anew: its names may mean something else."""
        self._kinds = kinds
        self._known.clear()

    def _decoded(self, file: SourceFile, before: _Decoded | None) -> _Decoded:
        if before is not None and (before.digest, before.refusal) == (file.digest, file.refusal):
            return before
        contents = decode_file(file, self._kinds, self._default_namespace, self._scope)
        return _Decoded(file.digest, file.refusal, contents)
