"""What sets one commit apart from another, as Git tells it: trees with the same id are not compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from iter8_gitops.sources.git.tree import LINK_MODE, SUBMODULE_MODE
from iter8_gitops.sources.walk import Kind

COMMAND = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")
"""The command whose output `read_differences` reads; two commits follow."""

_NOTHING_MODE = "000000"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is at a path of the newer commit: None for nothing that has content. `blob` is its id, else ""."""

    path: str
    kind: Kind | None
    blob: str


def read_differences(output: bytes) -> Iterator[Difference]:
    """Decode `:MODE MODE ID ID STATUS` and the path, for each path that differs, each ended by a NUL."""
    words = iter(output.decode("utf-8", "surrogateescape").split("\0"))
    for description in words:
        if description:
            _, mode, _, blob, _ = description.split()
            path = next(words)
            if mode in (_NOTHING_MODE, SUBMODULE_MODE):
                yield Difference(path, None, "")
            else:
                yield Difference(path, Kind.LINK if mode == LINK_MODE else Kind.FILE, blob)
