"""A source that reads a directory, or a single file, of this machine."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from iter8_gitops.errors import ConfigurationError, SourceUnavailableError
from iter8_gitops.sources.files import FileReader
from iter8_gitops.sources.folders import Folders, kind_of_mode
from iter8_gitops.sources.selection import Limits, has_control_characters, printable
from iter8_gitops.sources.walk import Found, Kind, Survey, find_files
from iter8_gitops.sources.watching import RESCAN_SECONDS, Watcher
from iter8_gitops.spec.tree import SourceFailure, SourceFile, SourceTree


class DirectorySource:
    """Delivers the YAML files below `path` whenever they change; `path` may also be one file, or be missing yet.

    The revision is a digest over paths and contents, `sha256:` and 16 hex digits. Changes are noticed
    through the file system's notifications, and by a look every `rescan` seconds where it sends none.
    Raises ConfigurationError for a path that no system can have.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        rescan: float = RESCAN_SECONDS,
        limits: Limits | None = None,
    ) -> None:
        if has_control_characters(str(path)):
            message = f"the path {printable(str(path))!r} holds control characters"
            raise ConfigurationError(message)
        self._path = path.absolute()
        self._rescan = rescan
        self._limits = limits or Limits()
        self._location = f"{'file' if self._path.is_file() else 'directory'} {printable(str(self._path))}"
        self._name = name or self._location

    @property
    def name(self) -> str:
        """The identifier of this source."""
        return self._name

    @property
    def location(self) -> str:
        """The directory or file, for people."""
        return self._location

    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        """Yield a tree after each look, as `Source.deliveries` says."""
        reader = FileReader(self._limits)
        last: SourceTree | None = None
        with closing(Watcher(self._path, stop, self._rescan)) as watcher:
            while not stop.is_set():
                folders = frozenset({str(self._path)})
                try:
                    survey = self._survey()
                    folders = _folders_of(survey)
                    tree = self._read(reader, survey)
                except SourceUnavailableError as error:
                    yield SourceFailure(self._name, f"cannot read {self._location}: {error}")
                else:
                    last = last if last is not None and last.revision == tree.revision else tree
                    yield last
                watcher.wait(folders)

    def _survey(self) -> Survey:
        try:
            real = os.path.realpath(self._path, strict=True)
            kind = kind_of_mode(Path(real).stat().st_mode)
            if kind is Kind.FOLDER:
                folders = Folders(self._path)
                return find_files(folders, folders.root, self._limits)
        except OSError as error:
            raise SourceUnavailableError((error.strerror or type(error).__name__).lower()) from error
        refusal = "" if kind is Kind.FILE else "not a regular file"
        return Survey((Found(printable(self._path.name), real, refusal),), frozenset({str(self._path.parent)}))

    def _read(self, reader: FileReader, survey: Survey) -> SourceTree:
        files = reader.read_all(survey.found)
        return SourceTree(self._name, _revision_of(files), files)


def _folders_of(survey: Survey) -> frozenset[str]:
    """Return the folders in which a change may matter; links can lead to files in folders that were not entered."""
    return survey.folders | {found.place.rpartition("/")[0] or "/" for found in survey.found if found.place}


def _revision_of(files: tuple[SourceFile, ...]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{file.digest}\0{file.refusal}\0".encode())
    return f"sha256:{digest.hexdigest()[:16]}"
