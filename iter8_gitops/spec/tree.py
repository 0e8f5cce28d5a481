"""What a source delivers: a complete set of files at one revision, never a delta."""

from __future__ import annotations

import weakref
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

YAML_SUFFIXES = (".yaml", ".yml", ".json")
MAX_FILE_BYTES = 4 * 1024 * 1024
"""A file larger than this is refused: Kubernetes itself stores no object above about 1.5 MiB."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a tree. `path` is relative, with forward slashes.

    `digest` changes whenever the content does. A file that was refused (too large, a symbolic
    link that leaves the tree) has `refusal` set to the reason and empty `content`.
    """

    path: str
    digest: str
    content: bytes
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class TreeChanges:
    """What sets a tree apart from an earlier one: files that are new or different, and the paths of those that went."""

    changed: tuple[SourceFile, ...]
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Step:
    """How a tree came from another, which it does not keep alive."""

    before: weakref.ref[SourceTree]
    changes: TreeChanges


@dataclass(frozen=True, slots=True, weakref_slot=True)
class SourceTree:
    """Every YAML file of a source at `revision` (a Git commit, or a digest of a directory), ordered by path.

    `author` is who made the revision, as `Name <address>`; "" where nobody says. A tree is complete however it was
    made; one that was made with `successor` also knows what changed, so that taking it in costs no look at the rest.
    """

    source: str
    revision: str
    files: tuple[SourceFile, ...]
    author: str = ""
    _step: _Step | None = field(default=None, repr=False, compare=False)

    def successor(
        self, revision: str, changed: Iterable[SourceFile], removed: Collection[str] = frozenset(), author: str = ""
    ) -> SourceTree:
        """The next tree: this one with the files `changed` in their places, and without those at the paths `removed`.

        A path is that of one file only, here and afterwards.
        """
        changes = TreeChanges(tuple(changed), frozenset(removed))
        files = list(self.files)
        for path in changes.removed:
            at = bisect_left(files, path, key=_path)
            del files[at : at + _is_at(files, at, path)]
        for file in changes.changed:
            at = bisect_left(files, file.path, key=_path)
            files[at : at + _is_at(files, at, file.path)] = [file]
        return SourceTree(self.source, revision, tuple(files), author, _Step(weakref.ref(self), changes))

    def find(self, path: str) -> SourceFile | None:
        """The file at `path`, where a path is that of one file only."""
        at = bisect_left(self.files, path, key=_path)
        return self.files[at] if _is_at(self.files, at, path) else None

    def follows(self, before: SourceTree | None) -> bool:
        """Whether this tree was made from the very tree `before`, so that it knows what changed."""
        return before is not None and self._step is not None and self._step.before() is before

    def changes_since(self, before: SourceTree | None) -> TreeChanges:
        """What changed since `before` (None: nothing was there). Compares all files, unless this tree `follows` it."""
        if self._step is not None and self.follows(before):
            return self._step.changes
        were = {file.path: file for file in before.files} if before is not None else {}
        are = {file.path: file for file in self.files}
        changed = tuple(file for path, file in are.items() if not _is_same(file, were.get(path)))
        return TreeChanges(changed, frozenset(were.keys() - are.keys()))


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A source could not be read; the last tree it delivered stays in force. Holds no secret."""

    source: str
    message: str


def _path(file: SourceFile) -> str:
    return file.path


def _is_at(files: Sequence[SourceFile], at: int, path: str) -> bool:
    return at < len(files) and files[at].path == path


def _is_same(file: SourceFile, before: SourceFile | None) -> bool:
    if file is before:
        return True
    return before is not None and (file.digest, file.refusal) == (before.digest, before.refusal)
