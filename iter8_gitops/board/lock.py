"""One publisher at a time: a lock that the kernel releases when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from iter8_gitops.errors import ConfigurationError


class PublisherLock:
    """Holds `path` locked (`flock`) until `release`. The file names the holder's process, and stays."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once; raises `ConfigurationError`, naming the holder, when it is taken."""
        self._file = self._taken(path)
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next publisher in. Does nothing the second time."""
        self._file.close()

    @staticmethod
    def _taken(path: Path) -> IO[str]:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(file)
            file.close()
            board = path.with_suffix("")
            message = f"{board} has a controller already ({holder}): stop it, or use another --state-dir"
            raise ConfigurationError(message) from error
        except OSError:
            file.close()
            raise
        return file


def _holder(file: IO[str]) -> str:
    file.seek(0)
    written = file.read(32).strip()
    return f"process {written}" if written.isdigit() else "another process"
