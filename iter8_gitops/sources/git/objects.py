"""Reads blobs of the mirror, many with one command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from iter8_gitops.sources.git.process import GitCommands
from iter8_gitops.sources.git.tree import MissingObjectError

_BATCH_BYTES = 32 * 1024 * 1024
"""How much content one command returns at most, unless a single blob is larger; it bounds the memory used."""


def read_blobs(commands: GitCommands, sizes: dict[str, int]) -> dict[str, bytes]:
    """Return the contents of the blobs with these ids. `sizes` maps each id to its size in bytes.

    Raises MissingObjectError, GitFailedError and whatever stops a command.
    """
    contents: dict[str, bytes] = {}
    for batch in _batches(sizes):
        output = commands.run("cat-file", "--batch", data="".join(f"{each}\n" for each in batch).encode())
        contents.update(_parse(output, batch))
    return contents


def _batches(sizes: dict[str, int]) -> Iterator[list[str]]:
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


def _parse(output: bytes, wanted: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Split `<id> blob <size>` lines, each followed by that many bytes and a line feed."""
    position = 0
    for object_id in wanted:
        end = output.find(b"\n", position)
        header = output[position:end].split()
        if len(header) != 3 or header[0] != object_id.encode() or header[1] != b"blob":
            raise MissingObjectError(object_id)
        start, size = end + 1, int(header[2])
        yield object_id, output[start : start + size]
        position = start + size + 1
