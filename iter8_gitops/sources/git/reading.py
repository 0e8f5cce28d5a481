"""Reads the YAML files of a commit from the objects in the mirror."""

from __future__ import annotations

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.files import refused
from iter8_gitops.sources.git.objects import read_blobs
from iter8_gitops.sources.git.process import GitCommands, GitFailedError
from iter8_gitops.sources.git.tree import CommitTree, MissingObjectError
from iter8_gitops.sources.selection import Limits, content_refusal, printable, size_refusal
from iter8_gitops.sources.walk import Found, Kind, find_files
from iter8_gitops.spec.tree import SourceFile, SourceTree


class DamagedMirrorError(Exception):
    """An object that the mirror should hold cannot be read."""


class CommitReader:
    """Reads what lies below `subpath` in commits, for the source called `source`.

    `subpath` may name a folder, a file or a symbolic link to one of them; empty is the whole repository.
    """

    def __init__(self, commands: GitCommands, source: str, subpath: str, limits: Limits) -> None:
        self._commands = commands
        self._source = source
        self._subpath = subpath
        self._limits = limits

    def read(self, commit: str, last: SourceTree | None) -> SourceTree:
        """Return the tree of `commit`; contents that `last` has too are not read again.

        Raises SourceUnavailableError when the sub-path is missing or the tree is over the limits, and
        DamagedMirrorError.
        """
        try:
            tree = CommitTree(self._commands.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit))
            tree.set_targets(read_blobs(self._commands, tree.links()))
            found = self._find(tree, commit)
            known = {file.digest: file for file in last.files if not file.refusal} if last else {}
            contents = read_blobs(self._commands, self._wanted(tree, found, known))
        except (GitFailedError, MissingObjectError) as error:
            raise DamagedMirrorError from error
        contents |= {digest: file.content for digest, file in known.items()}
        return SourceTree(self._source, commit, tuple(_file(tree, each, contents) for each in found))

    def _find(self, tree: CommitTree, commit: str) -> tuple[Found, ...]:
        start = tree.find(self._subpath)
        if start is None:
            message = f"the path {self._subpath!r} is not in commit {commit[:12]}"
            raise SourceUnavailableError(message)
        place, kind = start
        if kind is Kind.FOLDER:
            return find_files(tree, place, self._limits).found
        return (Found(printable(self._subpath.rpartition("/")[2]), place),)

    def _wanted(self, tree: CommitTree, found: tuple[Found, ...], known: dict[str, SourceFile]) -> dict[str, int]:
        """Return the ids and sizes of the contents that are yet to be read."""
        blobs = [tree.blob(each.place) for each in found if not each.refusal]
        allowed = [blob for blob in blobs if not size_refusal(blob.size)]
        if sum(blob.size for blob in allowed) > self._limits.total_bytes:
            message = f"its YAML files have more than {self._limits.total_bytes:,} bytes; point to a narrower folder"
            raise SourceUnavailableError(message)
        return {blob.object_id: blob.size for blob in allowed if blob.object_id not in known}


def _file(tree: CommitTree, found: Found, contents: dict[str, bytes]) -> SourceFile:
    if found.refusal:
        return refused(found.path, found.refusal)
    blob = tree.blob(found.place)
    if refusal := size_refusal(blob.size) or content_refusal(contents[blob.object_id]):
        return SourceFile(found.path, blob.object_id, b"", refusal)
    return SourceFile(found.path, blob.object_id, contents[blob.object_id])
