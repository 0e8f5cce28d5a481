"""A source that reads a directory, or a single file, of this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from iter8_gitops.errors import ConfigurationError, SourceUnavailableError
from iter8_gitops.sources.directory_looks import DirectoryLooks
from iter8_gitops.sources.selection import Limits, has_control_characters, printable
from iter8_gitops.sources.watching import RESCAN_SECONDS, Watcher
from iter8_gitops.spec.tree import SourceFailure, SourceTree


class DirectorySource:
    """Delivers the YAML files below `path` whenever they change; `path` may also be one file, or be missing yet.

    The revision is a digest over paths and contents, `sha256:` and 16 hex digits. Changes are noticed through the file
    system's notifications, which say where to look, and by a look at everything every `rescan` seconds.
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
        looks = DirectoryLooks(self._path, self._name, self._limits)
        changed: frozenset[str] | None = None
        with closing(Watcher(self._path, stop, self._rescan)) as watcher:
            while not stop.is_set():
                try:
                    tree = looks.look(changed)
                except SourceUnavailableError as error:
                    yield SourceFailure(self._name, f"cannot read {self._location}: {error}")
                else:
                    yield tree
                changed = watcher.wait(looks.folders)
