"""Says when a path of this machine is worth another look."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from watchfiles import Change, watch

from iter8_gitops.sources.backoff import Backoff
from iter8_gitops.sources.selection import is_skipped

RESCAN_SECONDS = 5.0
"""How often to look although no change was reported: network file systems report none, and any watch may miss some."""
_UNWATCHED_SECONDS = 1.0
_TICK_MS = 200
_DEBOUNCE_MS = 100
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class _Identity:
    """Which file or folder a path leads to: two folders can have one path, one after the other."""

    path: str
    device: int
    inode: int


class Watcher:
    """Waits for changes around `path`, watching exactly the folders that the last look went through.

    A recursive watch would follow symbolic links out of the source, to a whole disk perhaps, and would
    spend the system's watches on `.git` and `node_modules`.
    """

    def __init__(self, path: Path, stop: threading.Event, rescan: float) -> None:
        self._path = str(path)
        self._stop = stop
        self._rescan = rescan
        self._missing = Backoff(first=0.2, base=0.5, ceiling=rescan)
        self._watched: frozenset[_Identity] = frozenset()
        self._folders: frozenset[str] | None = None
        self._due = 0.0
        self._changes: Generator[set[tuple[Change, str]], None, None] | None = None

    def wait(self, folders: frozenset[str]) -> frozenset[str] | None:
        """Return after a change in one of `folders`, when `path` is replaced, after the rescan time, or on stop.

        Returns the places that changed, or None: look everywhere. That is so once in the rescan time whatever
        happens, and soon after `folders` has become another set, because something may have changed while their watch
        was being set up. While `path` is missing, returns ever more rarely.
        """
        top = _identity(self._path)
        if top is None:
            self._stop.wait(self._missing.next_delay())
            return None
        self._missing.reset()
        wanted = self._watched
        if folders is not self._folders:
            wanted = frozenset(each for each in map(_identity, folders) if each is not None)
        due = self._due if wanted == self._watched else 0.0
        try:
            for batch in self._ticks(wanted):
                self._folders = folders
                if time.monotonic() >= due or _identity(self._path) != top:
                    break
                if batch:
                    return _places(batch)
        except (OSError, RuntimeError):
            # No watch can be had: the system's limit is reached, or this file system has none.
            self.close()
            self._stop.wait(min(_UNWATCHED_SECONDS, self._rescan))
        self._due = time.monotonic() + self._rescan
        return None

    def close(self) -> None:
        """Stop watching."""
        if self._changes is not None:
            self._changes.close()
        self._changes = self._folders = None
        self._watched = frozenset()

    def _ticks(self, wanted: frozenset[_Identity]) -> Iterable[set[tuple[Change, str]]]:
        """Return what happens in the folders, in small steps of time, most of them empty."""
        if self._changes is None or wanted != self._watched:
            self.close()
            self._changes = watch(
                *sorted(each.path for each in wanted),
                watch_filter=_is_visible,
                debounce=_DEBOUNCE_MS,
                step=_DEBOUNCE_MS // 2,
                rust_timeout=_TICK_MS,
                yield_on_timeout=True,
                stop_event=self._stop,
                recursive=False,
                ignore_permission_denied=True,
            )
            self._watched = wanted
        return self._changes


def _identity(path: str) -> _Identity | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return _Identity(path, status.st_dev, status.st_ino)


def _places(batch: set[tuple[Change, str]]) -> frozenset[str] | None:
    """The places of changes; None when one has a name that is not UTF-8, so that it is not told rightly."""
    places = frozenset(path for _, path in batch)
    return None if any(_UNKNOWN in place for place in places) else places


def _is_visible(_change: Change, path: str) -> bool:
    name = PurePath(path).name
    return name.startswith("..") or not is_skipped(name)
