"""The reading side of the board: any number of processes keep the last published snapshot in memory."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from iter8_gitops.board.news import read_news
from iter8_gitops.board.schema import WrongFileError, check_version, is_empty, open_to_read
from iter8_gitops.spec.snapshot import Snapshot

_FileId = tuple[int, int]


class BoardReader:
    """Follows the board at `path`, which need not exist yet and may be replaced by another at any time.

    `snapshot` is the current one; empty, with sequence 0, until something could be read. It is
    swapped whole by `refresh`: reading it takes no lock and touches no disk. Make the
    first `refresh` after a fork: an open SQLite file must not be carried into a child process. The
    reader must be allowed to write to the folder, where SQLite keeps the memory that processes share.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.snapshot = Snapshot()
        self._trouble = "the board has not been read yet"
        self._refreshing = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: _FileId | None = None
        self._seen_commits: int | None = None
        self._seen_sequence: int | None = None

    @property
    def trouble(self) -> str:
        """Why the last `refresh` could not read the board, so that `snapshot` is older; "" when it could."""
        return self._trouble

    def refresh(self) -> bool:
        """Look for news. True when `snapshot` was swapped, even for nothing but a heartbeat.

        Never raises for the state of the file: missing, locked, damaged or replaced, the last
        snapshot stays and `trouble` says why. Without news it costs microseconds. Safe in any thread.
        """
        with self._refreshing:
            try:
                self._follow_file()
                return self._read()
            except FileNotFoundError:
                self.close()
                self._trouble = f"the board {self._path} does not exist: is the controller running?"
            except (sqlite3.OperationalError, OSError) as error:
                # Often passes by itself, so the next call tries again even if nothing is written meanwhile.
                self._seen_commits = None
                self._trouble = f"the board {self._path} cannot be read now: {error}"
            except (sqlite3.DatabaseError, WrongFileError, ValueError) as error:
                self._trouble = f"the board {self._path} cannot be read: {error}"
            return False

    def close(self) -> None:
        """Let go of the file. `snapshot` stays, and another `refresh` opens the file again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._file = self._seen_commits = self._seen_sequence = None

    def _follow_file(self) -> None:
        """Make sure that the open file is the one at the path now."""
        if self._connection is not None and self._file == self._file_id():
            return
        self.close()
        # Identified before it is opened: if it is replaced in between, the next call notices. While it
        # is open its inode cannot be given to another file.
        self._file = self._file_id()
        self._connection = open_to_read(self._path)

    def _file_id(self) -> _FileId:
        status = self._path.stat()
        return status.st_dev, status.st_ino

    def _read(self) -> bool:
        if self._connection is None:
            return False
        (commits,) = self._connection.execute("PRAGMA data_version").fetchone()
        if commits == self._seen_commits:
            return False
        # Noted before reading, so that a commit during the read is news to the next call; and kept when
        # the content cannot be decoded, so that it is not tried again before somebody writes.
        self._seen_commits = commits
        if is_empty(self._connection):
            self._trouble = f"the board {self._path} is still empty: the controller is just starting"
            return False
        check_version(self._connection, self._path)
        news = read_news(self._connection, self._seen_sequence)
        self.snapshot = news.after(self.snapshot)
        self._seen_sequence = news.sequence
        self._trouble = ""
        return True
