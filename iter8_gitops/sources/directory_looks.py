"""Looks at a directory of this machine: at everything, or only where something changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.files import FileReader
from iter8_gitops.sources.folders import Folders, kind_of_mode
from iter8_gitops.sources.listing import Listing
from iter8_gitops.sources.selection import Limits, printable
from iter8_gitops.sources.walk import Found, Kind, Survey, find_files
from iter8_gitops.spec.tree import SourceFile, SourceTree

_DIGEST_BITS = 256


class DirectoryLooks:
    """The tree of the source `name` at `path`, as of the last look."""

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        self._path = path
        self._name = name
        self._limits = limits
        self._reader = FileReader(limits)
        self._listing: Listing | None = None
        self._last: SourceTree | None = None
        self._files: dict[str, SourceFile] = {}
        self._sum = 0
        self.folders = frozenset({str(path)})
        """The folders in which a change may matter: the same object until they were looked through again."""

    def look(self, places: Iterable[str] | None = None) -> SourceTree:
        """Return the tree, the identical object when nothing changed.

        `places` are those where something may have changed since the last look, None for anywhere; that costs as much
        as there is. Raises SourceUnavailableError.
        """
        tree = self._look_at(places) if places is not None else None
        return tree if tree is not None else self._look_at_all()

    def _look_at_all(self) -> SourceTree:
        self.folders, self._listing = frozenset({str(self._path)}), None
        survey = self._survey()
        files = self._reader.read_all(survey.found)
        # Links can lead to files in folders that were not entered.
        self.folders = survey.folders | {found.place.rpartition("/")[0] or "/" for found in survey.found if found.place}
        by_path = {file.path: file for file in files}
        if self._last is not None and len(by_path) == len(files) and len(self._files) == len(self._last.files):
            changes = SourceTree(self._name, "", files).changes_since(self._last)
            return self._succeed(self._last, changes.changed, changes.removed)
        self._files, self._sum = by_path, sum(map(_number, files))
        self._last = SourceTree(self._name, self._revision(), files)
        return self._last

    def _look_at(self, places: Iterable[str]) -> SourceTree | None:
        """Look at these places alone; None when that is not enough."""
        if self._listing is None or self._last is None:
            return None
        try:
            news = self._listing.take({place: _kind_at(place) for place in places})
        except OSError:
            news = None
        if news is None:
            return None
        for each in news.gone:
            self._reader.forget(each)
        files = [self._reader.read(each) for each in news.there]
        there = [file for file in files if file is not None]
        if len(there) < len(files) or not self._reader.is_within_limits:
            return None
        return self._succeed(self._last, there, {each.path for each in news.gone})

    def _succeed(self, last: SourceTree, files: Iterable[SourceFile], removed: Iterable[str]) -> SourceTree:
        """The tree after `last`, in both of which every path is that of one file."""
        changed = [file for file in files if file != self._files.get(file.path)]
        gone = {path for path in removed if path in self._files}
        if not changed and not gone:
            return last
        for path in gone:
            self._sum -= _number(self._files.pop(path))
        for file in changed:
            before = self._files.get(file.path)
            self._sum += _number(file) - (_number(before) if before is not None else 0)
            self._files[file.path] = file
        self._last = last.successor(self._revision(), changed, gone)
        return self._last

    def _revision(self) -> str:
        """A digest of all paths and contents; it sums up digests, so that it can follow one change."""
        summed = (self._sum % (1 << _DIGEST_BITS)).to_bytes(_DIGEST_BITS // 8)
        return f"sha256:{hashlib.sha256(summed).hexdigest()[:16]}"

    def _survey(self) -> Survey:
        try:
            real = os.path.realpath(self._path, strict=True)
            kind = kind_of_mode(Path(real).stat().st_mode)
            if kind is Kind.FOLDER:
                folders = Folders(self._path)
                survey = find_files(folders, folders.root, self._limits)
                self._listing = Listing(survey, folders.root, self._limits)
                return survey
        except OSError as error:
            raise SourceUnavailableError((error.strerror or type(error).__name__).lower()) from error
        refusal = "" if kind is Kind.FILE else "not a regular file"
        return Survey((Found(printable(self._path.name), real, refusal),), frozenset({str(self._path.parent)}))


def _kind_at(place: str) -> Kind | None:
    try:
        mode = os.lstat(place).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Kind.LINK if stat.S_ISLNK(mode) else kind_of_mode(mode)


def _number(file: SourceFile) -> int:
    said = f"{file.path}\0{file.digest}\0{file.refusal}\0"
    return int.from_bytes(hashlib.sha256(said.encode()).digest())
