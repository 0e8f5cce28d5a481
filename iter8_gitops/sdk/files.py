"""Snapshots in files: one that a client keeps for a start without the server, or one that somebody else puts there."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from iter8_gitops.core.news import news_since
from iter8_gitops.core.wire import decode_news, encode_news
from iter8_gitops.sdk.transport import MAX_BYTES
from iter8_gitops.spec.snapshot import Snapshot

LOOK_SECONDS = 0.5

_log = logging.getLogger("iter8_gitops.sdk")


def load_snapshot(path: Path, heard: float | None = None) -> Snapshot:
    """The snapshot that is kept in `path`; `heard` is when its controller was last heard of, as far as is known.

    Raises `OSError`, and `ValueError` for anything else than a whole snapshot.
    """
    with path.open("rb") as file:
        document = file.read(MAX_BYTES + 1)
    if len(document) > MAX_BYTES:
        message = f"has more than {MAX_BYTES} bytes"
        raise ValueError(message)
    try:
        news = decode_news(document, heard, lambda: time.sleep(0))
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    if not news.complete:
        raise ValueError("holds only what was new since some sequence; save an answer that is complete")
    return news.after(Snapshot())


def save_snapshot(path: Path, snapshot: Snapshot, *, full: bool = False) -> None:
    """Keep `snapshot` in `path`, which holds the old or the new one at any time, never a part; `full` keeps all of it.

    Raises `OSError`.
    """
    document = encode_news(news_since(snapshot), full=full, pause=lambda: time.sleep(0))
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


class FileFollower:
    """Follows the snapshot that somebody keeps at `path`, by rename or in place. See `Follower`.

    A file says nothing of the controller, so its snapshot is as fresh as the file: it counts as up to date as long as
    the file can be read. What cannot be read, or is no snapshot, changes nothing but `trouble`.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.snapshot = Snapshot()
        self.trouble = f"{path} has not been read yet"
        self.confirmed_at: float | None = None
        self.connection = "none"
        self._path = path
        self._clock = clock
        self._seen: tuple[int, int, int] | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Read the file, and follow it in a daemon thread."""
        if self._thread is None:
            self.look()
            self._thread = threading.Thread(target=self._follow, name="iter8-board", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def look(self) -> None:
        """Read the file if it is another one than before, or was changed."""
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                # A snapshot that is being written in place is no JSON yet; the next look finds it changed again.
                self.snapshot = load_snapshot(self._path, status.st_mtime)
                self._seen = seen
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            trouble = f"the snapshot {self._path} cannot be used: {said}"
            if trouble != self.trouble:
                _log.warning("%s", trouble)
            self.trouble, self.connection = trouble, "none"
            return
        self.trouble, self.connection = "", "file"
        self.confirmed_at = self._clock()

    def _follow(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 (a follower that died would leave a client with an old board)
                self.trouble = f"{type(error).__name__}: {error}"
