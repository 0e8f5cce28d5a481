"""A directory of this machine as a store of entries that can be walked."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from iter8_gitops.sources.selection import is_yaml
from iter8_gitops.sources.walk import BrokenLinkError, Kind, RefusedError


class Folders:
    """The tree below `root`, which must exist. Places are absolute paths without links.

    Raises OSError when `root` cannot be resolved.
    """

    def __init__(self, root: Path) -> None:
        self.root = os.path.realpath(root, strict=True)

    def entries(self, folder: str) -> Iterable[tuple[str, Kind]]:
        """Return names and kinds of what is in `folder`. Raises RefusedError when it cannot be read."""
        try:
            with os.scandir(folder) as entries:
                return [(entry.name, _kind_of(entry)) for entry in entries]
        except OSError as error:
            if isinstance(error, FileNotFoundError) and folder != self.root:
                return []  # It vanished since its parent was listed.
            message = f"the folder cannot be read: {_reason(error)}"
            raise RefusedError(message) from error

    def follow(self, link: str) -> tuple[str, Kind]:
        """Return the place and kind of the target of `link`.

        Raises RefusedError when the target lies outside the root, is missing or is the link itself.
        """
        try:
            target = os.path.realpath(link, strict=True)
            kind = kind_of_mode(Path(target).stat().st_mode)
        except OSError as error:
            raise BrokenLinkError(_why_broken(error)) from error
        if not _is_inside(target, self.root):
            if kind is not Kind.FOLDER and not is_yaml(link):
                return target, Kind.OTHER  # The README of somewhere else: nothing that would have been read.
            raise RefusedError("the symbolic link leads out of the source")
        return target, kind


def kind_of_mode(mode: int) -> Kind:
    """Return the kind of a file from its `st_mode`, with links already followed."""
    if stat.S_ISREG(mode):
        return Kind.FILE
    return Kind.FOLDER if stat.S_ISDIR(mode) else Kind.OTHER


def _kind_of(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return Kind.LINK
    if entry.is_dir(follow_symlinks=False):
        return Kind.FOLDER
    return Kind.FILE if entry.is_file(follow_symlinks=False) else Kind.OTHER


def _is_inside(place: str, root: str) -> bool:
    return place == root or place.startswith(root.rstrip("/") + "/")


def _why_broken(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "the symbolic link leads back to itself"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "the symbolic link leads to nothing"
    return f"the symbolic link cannot be followed: {_reason(error)}"


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
