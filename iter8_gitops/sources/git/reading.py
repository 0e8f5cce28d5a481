"""Reads the YAML files of a commit from the objects in the mirror."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.files import refused
from iter8_gitops.sources.git.differences import COMMAND, Difference, read_differences
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.objects import Blobs, Fetch, MissingObjectError
from iter8_gitops.sources.git.process import GitCommands, GitFailedError
from iter8_gitops.sources.git.tree import LONGEST_LINK, CommitTree
from iter8_gitops.sources.listing import Listing
from iter8_gitops.sources.selection import Limits, content_refusal, printable, size_refusal
from iter8_gitops.sources.walk import Found, Kind, Survey, find_files
from iter8_gitops.spec.tree import SourceFile, SourceTree


class DamagedMirrorError(Exception):
    """An object that the mirror should hold cannot be read."""


@dataclass(slots=True)
class _Base:
    """A tree that was read, and what it takes to read the next by what is different there. `size` is in bytes."""

    tree: SourceTree
    listing: Listing
    size: int


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
        self._base: _Base | None = None

    def read(self, commit: str, last: SourceTree | None, fetch: Fetch | None = None) -> SourceTree:
        """Return the tree of `commit`; when `last` was read here last, at the price of what is different.

        Contents that were left at the remote are fetched with `fetch`; without it they count as damage. Raises
        SourceUnavailableError when the sub-path is missing or the tree is over the limits, DamagedMirrorError, and
        what `fetch` raises.
        """
        base, self._base = self._base, None
        try:
            tree = self._read_differences(commit, base, fetch) if base is not None and base.tree is last else None
            return tree if tree is not None else self._read_all(commit, last, fetch)
        except (GitFailedError, MissingObjectError) as error:
            raise DamagedMirrorError from error

    def _read_all(self, commit: str, last: SourceTree | None, fetch: Fetch | None) -> SourceTree:
        """Contents that `last` has too are not read again."""
        known = {file.digest: file for file in last.files if not file.refusal} if last else {}
        blobs = Blobs(self._commands, self._mirror.promises.missing(commit), fetch)
        tree = CommitTree(self._commands.run("ls-tree", "-r", "-z", "--full-tree", commit))
        links = blobs.sizes({tree.blob(each) for each in tree.links()})
        tree.set_targets(blobs.contents({each: size for each, size in links.items() if size <= LONGEST_LINK}))
        start, survey = self._find(tree, commit)
        wanted = [tree.blob(each.place) for each in survey.found if not each.refusal]
        sizes = blobs.sizes(set(wanted) - known.keys())
        allowed = {each: size for each, size in sizes.items() if not size_refusal(size)}
        self._check_total(wanted, allowed | {digest: len(file.content) for digest, file in known.items()})
        contents = blobs.contents(allowed)
        contents |= {digest: file.content for digest, file in known.items()}
        files = tuple(
            refused(each.path, each.refusal) if each.refusal else _file(each, tree.blob(each.place), sizes, contents)
            for each in survey.found
        )
        read = SourceTree(self._source, commit, files, self._author_of(commit))
        self._base = _Base(read, Listing(survey, start, self._limits), sum(len(file.content) for file in files))
        return read

    def _read_differences(self, commit: str, base: _Base, fetch: Fetch | None) -> SourceTree | None:
        """The tree of `commit` by what is different from `base`; None when that is not enough to tell."""
        try:
            differences = self._differences(base.tree.revision, commit)
        except GitFailedError:
            return None  # The former commit is not in the mirror any more.
        news = base.listing.take({path: each.kind for path, each in differences.items()})
        if news is None or (self._subpath and base.listing.is_empty):
            return None
        blobs = Blobs(self._commands, self._mirror.promises.missing(commit), fetch)
        sizes = blobs.sizes({differences[each.place].blob for each in news.there})
        contents = blobs.contents({each: size for each, size in sizes.items() if not size_refusal(size)})
        files = [_file(each, differences[each.place].blob, sizes, contents) for each in news.there]
        removed = {each.path for each in news.gone}
        former = (base.tree.find(path) for path in {*removed, *(file.path for file in files)})
        size = base.size + sum(len(file.content) for file in files)
        size -= sum(len(file.content) for file in former if file is not None)
        if size > self._limits.total_bytes:
            return None
        read = base.tree.successor(commit, files, removed, self._author_of(commit))
        self._base = _Base(read, base.listing, size)
        return read

    def _differences(self, before: str, after: str) -> dict[str, Difference]:
        return {each.path: each for each in read_differences(self._commands.run(*COMMAND, before, after))}

    def _author_of(self, commit: str) -> str:
        return author_of(self._commands.run("cat-file", "commit", commit))

    def _find(self, tree: CommitTree, commit: str) -> tuple[str, Survey]:
        """Where the walk begins, and what it finds; the links are those of the whole commit: any may lead there."""
        start = tree.find(self._subpath)
        if start is None:
            message = f"the path {self._subpath!r} is not in commit {commit[:12]}"
            raise SourceUnavailableError(message)
        place, kind = start
        if kind is Kind.FOLDER:
            survey = find_files(tree, place, self._limits)
            return place, Survey(survey.found, survey.folders, tree.links())
        found = Found(printable(self._subpath.rpartition("/")[2]), place)
        return place, Survey((found,), frozenset(), tree.links())

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


def _file(found: Found, blob: str, sizes: dict[str, int], contents: dict[str, bytes]) -> SourceFile:
    if refusal := size_refusal(sizes.get(blob, 0)) or content_refusal(contents[blob]):
        return SourceFile(found.path, blob, b"", refusal)
    return SourceFile(found.path, blob, contents[blob])
