"""Keeping the board on disk, for a start while the server is away."""

from __future__ import annotations

import logging
from pathlib import Path
from time import monotonic

from iter8_gitops.core.freshness import has_state
from iter8_gitops.sdk.files import load_snapshot, save_snapshot
from iter8_gitops.spec.snapshot import Snapshot

KEEP_SECONDS = 5.0
"""It is written this often at most."""

_log = logging.getLogger("iter8_gitops.sdk")


class Keeper:
    """Keeps the last board in `path`, with `full` all of it; with None, nothing.

    What cannot be read or written costs only a warning.
    """

    def __init__(self, path: Path | None, *, full: bool = False) -> None:
        self._path = path
        self._full = full
        self._kept: tuple[str, int] | None = None
        self._kept_at = float("-inf")

    def load(self) -> Snapshot:
        """What is kept; empty when nothing is."""
        if self._path is None or not self._path.exists():
            return Snapshot()
        try:
            snapshot = load_snapshot(self._path)
        except (OSError, ValueError) as error:
            _log.warning("the cache %s cannot be used: %s", self._path, error)
            return Snapshot()
        self._kept = (snapshot.board, snapshot.sequence)
        return snapshot

    def keep(self, snapshot: Snapshot, *, at_once: bool = False) -> None:
        """Keep `snapshot`, if it is another one than what is kept, and unless something was kept just now."""
        position = (snapshot.board, snapshot.sequence)
        due = at_once or monotonic() - self._kept_at >= KEEP_SECONDS
        if self._path is None or position == self._kept or not due or not has_state(snapshot):
            return
        self._kept_at = monotonic()
        try:
            save_snapshot(self._path, snapshot, full=self._full)
        except OSError as error:
            _log.warning("the cache %s cannot be written: %s", self._path, error)
        else:
            self._kept = position
