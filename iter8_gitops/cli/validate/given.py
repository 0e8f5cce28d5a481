"""The files that a person names, each once, by the names that the person gave."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from iter8_gitops.cli.trees import STDIN, read_tree, shown_path
from iter8_gitops.sources.selection import printable
from iter8_gitops.spec.tree import SourceFile


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file to check; `file.path` is what to call it. `named` says that it was not just found in a folder."""

    file: SourceFile
    named: bool


def given_files(paths: Iterable[str]) -> list[GivenFile]:
    """Every file at `paths`. Raises `ConfigurationError` for a path at which there is nothing to read.

    A file that several paths lead to is taken once, as it would be from one folder: it does not repeat itself.
    """
    found: dict[str, GivenFile] = {}
    for path in dict.fromkeys(paths):
        named = path == STDIN or not Path(path).is_dir()
        for file in read_tree(path, "validate").files:
            shown = shown_path(path, file.path)
            place = shown if path == STDIN else os.path.abspath(shown)  # noqa: PTH100 (links stay)
            before = found.get(place)
            if before is None:
                found[place] = GivenFile(replace(file, path=printable(shown)), named)
            elif named:
                found[place] = replace(before, named=True)
    return list(found.values())
