"""Which file keeps others standing: one that is broken, or the folder above that could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from iter8_gitops.spec.files import FileContents


def folders_above(path: str) -> Iterator[str]:
    """The paths of the folders in which a path is, outermost first, without the top."""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def broken_place(path: str, files: Mapping[str, FileContents]) -> str | None:
    """`path`, if that file is broken now, or the folder above it that could not be read."""
    contents = files.get(path)
    if contents is not None:
        return path if contents.unreadable or contents.problems else None
    return next((folder for folder in folders_above(path) if folder in files and files[folder].unreadable), None)
