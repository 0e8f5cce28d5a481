"""The YAML files of a commit, straight from its objects."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from iter8_gitops.errors import UnavailableError
from iter8_gitops.promotion.git.commands import Commands
from iter8_gitops.promotion.kustomizations import FILE_NAMES
from iter8_gitops.sources.selection import content_refusal, is_skipped, is_yaml, size_refusal
from iter8_gitops.spec.tree import SourceFile

_FILE_MODES = frozenset({"100644", "100755"})
_BATCH_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit: its mode, and the id of its content."""

    mode: str
    object_id: str


def read_files(git: Commands, commit: str) -> dict[str, SourceFile]:
    """Every YAML file that is not hidden, by path. What symbolic links lead to is there itself."""
    wanted = {path: entry for path, entry in read_entries(git, commit).items() if _is_read(path)}
    sizes = _sizes(git, [entry.object_id for entry in wanted.values()])
    refusals = {path: size_refusal(sizes[entry.object_id]) for path, entry in wanted.items()}
    ids = {entry.object_id: sizes[entry.object_id] for path, entry in wanted.items() if not refusals[path]}
    contents = read_blobs(git, ids)
    return {
        path: _file(path, entry.object_id, contents.get(entry.object_id, b""), refusals[path])
        for path, entry in wanted.items()
    }


def read_entries(git: Commands, commit: str) -> dict[str, Entry]:
    """Every regular file of a commit whose path is text."""
    listing = git.run("ls-tree", "-r", "-z", "--full-tree", commit).decode("utf-8", "surrogateescape")
    entries: dict[str, Entry] = {}
    for line in filter(None, listing.split("\0")):
        description, _, path = line.partition("\t")
        mode, _, object_id = description.split()
        if mode in _FILE_MODES and path.isprintable():
            entries[path] = Entry(mode, object_id)
    return entries


def read_blobs(git: Commands, sizes: Mapping[str, int]) -> dict[str, bytes]:
    """The contents of blobs, whose sizes are given, by id."""
    contents: dict[str, bytes] = {}
    for batch in _batches(sizes):
        output = git.run("cat-file", "--batch", data="".join(f"{each}\n" for each in batch).encode())
        position = 0
        for object_id in batch:
            start = output.find(b"\n", position) + 1
            contents[object_id] = output[start : start + sizes[object_id]]
            position = start + sizes[object_id] + 1
    return contents


def read_blob(git: Commands, object_id: str) -> bytes:
    """The content of one blob."""
    return git.run("cat-file", "blob", object_id)


def _is_read(path: str) -> bool:
    name = posixpath.basename(path)
    return (is_yaml(name) or name in FILE_NAMES) and not any(is_skipped(part) for part in path.split("/"))


def _file(path: str, object_id: str, content: bytes, refusal: str) -> SourceFile:
    refusal = refusal or content_refusal(content)
    return SourceFile(path, object_id, b"" if refusal else content, refusal)


def _sizes(git: Commands, object_ids: list[str]) -> dict[str, int]:
    if not object_ids:
        return {}
    lines = git.run("cat-file", "--batch-check", data="".join(f"{each}\n" for each in object_ids).encode())
    found: dict[str, int] = {}
    for line in lines.decode("ascii", "replace").splitlines():
        words = line.split()
        if len(words) != 3 or words[1] != "blob":
            message = f"the repository lacks the content {words[0] if words else ''}; is it a partial clone?"
            raise UnavailableError(message)
        found[words[0]] = int(words[2])
    return found


def _batches(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    total = 0
    for object_id, size in sizes.items():
        if batch and total + size > _BATCH_BYTES:
            yield batch
            batch, total = [], 0
        batch.append(object_id)
        total += size
    if batch:
        yield batch
