"""Reads the YAML files of a commit from the objects in the mirror."""

from __future__ import annotations

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.files import refused
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.objects import Blobs, Fetch, MissingObjectError
from iter8_gitops.sources.git.process import GitCommands, GitFailedError
from iter8_gitops.sources.git.tree import LONGEST_LINK, CommitTree
from iter8_gitops.sources.selection import Limits, content_refusal, printable, size_refusal
from iter8_gitops.sources.walk import Found, Kind, find_files
from iter8_gitops.spec.tree import SourceFile, SourceTree


class DamagedMirrorError(Exception):
    """An object that the mirror should hold cannot be read."""


class CommitReader:
    """Reads what lies below `subpath` in commits, for the source called `source`.

    `subpath` may name a folder, a file or a symbolic link to one of them; empty is the whole repository.
    """

    def __init__(self, commands: GitCommands, mirror: Mirror, source: str, subpath: str, limits: Limits) -> None:
        self._commands = commands
        self._mirror = mirror
        self._source = source
        self._subpath = subpath
        self._limits = limits

    def read(self, commit: str, last: SourceTree | None, fetch: Fetch | None = None) -> SourceTree:
        """Return the tree of `commit`; contents that `last` has too are not read again.

        Contents that were left at the remote are fetched with `fetch`; without it they count as damage. Raises
        SourceUnavailableError when the sub-path is missing or the tree is over the limits, DamagedMirrorError, and
        what `fetch` raises.
        """
        known = {file.digest: file for file in last.files if not file.refusal} if last else {}
        try:
            blobs = Blobs(self._commands, self._mirror.promises.missing(commit), fetch)
            tree = CommitTree(self._commands.run("ls-tree", "-r", "-z", "--full-tree", commit))
            links = blobs.sizes(tree.links())
            tree.set_targets(blobs.contents({each: size for each, size in links.items() if size <= LONGEST_LINK}))
            found = self._find(tree, commit)
            wanted = [tree.blob(each.place) for each in found if not each.refusal]
            sizes = blobs.sizes(set(wanted) - known.keys())
            allowed = {each: size for each, size in sizes.items() if not size_refusal(size)}
            self._check_total(wanted, allowed | {digest: len(file.content) for digest, file in known.items()})
            contents = blobs.contents(allowed)
            author = author_of(self._commands.run("cat-file", "commit", commit))
        except (GitFailedError, MissingObjectError) as error:
            raise DamagedMirrorError from error
        contents |= {digest: file.content for digest, file in known.items()}
        files = tuple(_file(tree, each, sizes, contents) for each in found)
        return SourceTree(self._source, commit, files, author)

    def _find(self, tree: CommitTree, commit: str) -> tuple[Found, ...]:
        start = tree.find(self._subpath)
        if start is None:
            message = f"the path {self._subpath!r} is not in commit {commit[:12]}"
            raise SourceUnavailableError(message)
        place, kind = start
        if kind is Kind.FOLDER:
            return find_files(tree, place, self._limits).found
        return (Found(printable(self._subpath.rpartition("/")[2]), place),)

    def _check_total(self, wanted: list[str], sizes: dict[str, int]) -> None:
        if sum(sizes.get(each, 0) for each in wanted) > self._limits.total_bytes:
            message = f"its YAML files have more than {self._limits.total_bytes:,} bytes; point to a narrower folder"
            raise SourceUnavailableError(message)


def author_of(commit: bytes) -> str:
    """Return who wrote a commit, as `Name <address>`, from its stored form; "" when it does not say."""
    header = commit.partition(b"\n\n")[0]
    line = next((line for line in header.split(b"\n") if line.startswith(b"author ")), b"author ")
    name, end, _ = line.removeprefix(b"author ").decode("utf-8", "replace").rpartition(">")
    return printable(f"{name}{end}".strip())


def _file(tree: CommitTree, found: Found, sizes: dict[str, int], contents: dict[str, bytes]) -> SourceFile:
    if found.refusal:
        return refused(found.path, found.refusal)
    blob = tree.blob(found.place)
    if refusal := size_refusal(sizes.get(blob, 0)) or content_refusal(contents[blob]):
        return SourceFile(found.path, blob, b"", refusal)
    return SourceFile(found.path, blob, contents[blob])
