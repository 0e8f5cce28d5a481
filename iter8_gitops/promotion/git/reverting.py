"""Taking back what one commit did to files, on top of what has become of them since."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from iter8_gitops.promotion.git.commands import Commands
from iter8_gitops.promotion.git.history import Event
from iter8_gitops.promotion.git.reading import Entry, read_blob, read_entries
from iter8_gitops.sources.git.process import GitFailedError

Content: TypeAlias = "bytes | None"
"""None for a file that is not there."""

Level: TypeAlias = Callable[[str, Content], Content]
"""Makes contents of a path comparable: what differs in them otherwise and does not matter is the same afterwards."""

Restore: TypeAlias = Callable[[str, Content, Content], Content]
"""What to bring back of what a path had before the commit; the other is what the commit left of it."""


def reverted(
    git: Commands, event: Event, current: Callable[[str], Content], level: Level, restore: Restore
) -> tuple[dict[str, Content], tuple[str, ...]]:
    """The contents without what the commit did, by path, for files that change; and the paths that conflict."""
    before, after = read_entries(git, event.parent), read_entries(git, event.commit)
    files: dict[str, Content] = {}
    conflicts: list[str] = []
    for path in sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)):
        earlier, base = (_content(git, entries.get(path)) for entries in (before, after))
        theirs = level(path, restore(path, earlier, base))
        base, ours = level(path, base), level(path, current(path))
        if theirs in (base, ours):
            continue
        if ours == base:
            files[path] = theirs
        elif ours is None or base is None or theirs is None or (merged := _merged(git, ours, base, theirs)) is None:
            conflicts.append(path)
        else:
            files[path] = merged
    return files, tuple(conflicts)


def _content(git: Commands, entry: Entry | None) -> Content:
    return read_blob(git, entry.object_id) if entry is not None else None


def _merged(git: Commands, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """The three-way merge, None when it conflicts."""
    with tempfile.TemporaryDirectory(prefix="iter8-gitops-") as folder:
        paths = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, content in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(content)
        try:
            return git.run("merge-file", "-p", "--quiet", *map(str, paths))
        except GitFailedError:
            return None
