"""One process at a time: a lock that the kernel releases when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from iter8_gitops.errors import ConfigurationError


class FileLock:
    """`path` as a lock (`flock`). While it is held, the file names the holder's process; it stays. For one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is held here."""
        return self._file is not None

    def take(self) -> bool:
        """Whether it is held here now; never waits. Raises `OSError` when the file cannot be used."""
        if self._file is not None:
            return True
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        except BlockingIOError:
            file.close()
            return False
        except OSError:
            file.close()
            raise
        self._file = file
        return True

    def holder(self) -> str:
        """Who holds it, in words."""
        written = self._path.read_text(encoding="utf-8")[:32].strip()
        return f"process {written}" if written.isdigit() else "another process"

    def release(self) -> None:
        """Let another process take it. Does nothing while it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None


class PublisherLock:
    """Holds `path` until `release`, so that there is one publisher."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once; raises `ConfigurationError`, naming the holder, when it is taken."""
        self._lock = FileLock(path)
        if not self._lock.take():
            board = path.with_suffix("")
            message = f"{board} has a controller already ({self._lock.holder()}): stop it, or use another --state-dir"
            raise ConfigurationError(message)

    def release(self) -> None:
        """Let the next publisher in. Does nothing the second time."""
        self._lock.release()
