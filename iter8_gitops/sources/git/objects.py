"""Reads blobs of the mirror, many with one command; those that were left at the remote are fetched first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeAlias

from iter8_gitops.sources.git.process import GitCommands

_BATCH_BYTES = 32 * 1024 * 1024
"""How much content one command returns at most, unless a single blob is larger; it bounds the memory used."""
Fetch: TypeAlias = Callable[[Collection[str]], None]
"""Gets the objects with these ids from the remote into the mirror."""


class MissingObjectError(Exception):
    """An object that the mirror should hold is not in it, or is no blob."""


class Blobs:
    """The contents of one commit. `left` are the ids of those that must be fetched, with `fetch`, before they are read.

    Without `fetch` they count as missing. Every method raises MissingObjectError, GitFailedError, whatever stops a
    command, and what `fetch` raises.
    """

    def __init__(self, commands: GitCommands, left: frozenset[str], fetch: Fetch | None) -> None:
        self._commands = commands
        self._left = set(left)
        self._fetch = fetch

    def sizes(self, object_ids: Collection[str]) -> dict[str, int]:
        """Return the size in bytes of each of the blobs with these ids."""
        if not object_ids:
            return {}
        self._bring(self._left.intersection(object_ids))
        lines = self._commands.run("cat-file", "--batch-check", data=_asked_for(object_ids)).splitlines()
        return dict(_described(line, object_id) for line, object_id in zip(lines, object_ids, strict=True))

    def contents(self, sizes: dict[str, int]) -> dict[str, bytes]:
        """Return the contents of blobs. `sizes` is what the method of that name returned, or a part of it."""
        contents: dict[str, bytes] = {}
        for batch in _batches(sizes):
            contents.update(_parse(self._commands.run("cat-file", "--batch", data=_asked_for(batch)), batch))
        return contents

    def _bring(self, absent: set[str]) -> None:
        if not absent:
            return
        if self._fetch is None:
            raise MissingObjectError(min(absent))
        self._fetch(sorted(absent))
        self._left -= absent


def _asked_for(object_ids: Iterable[str]) -> bytes:
    return "".join(f"{each}\n" for each in object_ids).encode()


def _described(line: bytes, object_id: str) -> tuple[str, int]:
    """Decode `<id> blob <size>`."""
    words = line.split()
    if len(words) != 3 or words[0] != object_id.encode() or words[1] != b"blob":
        raise MissingObjectError(object_id)
    return object_id, int(words[2])


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
        _, size = _described(output[position:end], object_id)
        start = end + 1
        yield object_id, output[start : start + size]
        position = start + size + 1
