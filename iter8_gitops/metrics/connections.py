"""SQLite connections that several threads and forked processes may use, and their errors in plain words."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics import schema
from iter8_gitops.metrics.catalog import CatalogedConnection

_WAL_PAGES = 4000
_CACHE_KIB = 65_536
_RETRY_SECONDS = 0.01
_NOT_THE_FILES_FAULT = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError)


class Connections:
    """A pool of connections to one file, each opened when a process first needs it.

    SQLite forbids the use of a connection across a fork, and even closing it there; so a child leaves its
    parent's connections alone and opens its own. `lock_timeout` (seconds) is how long a
    transaction waits for other processes.
    """

    def __init__(self, path: Path, lock_timeout: float) -> None:
        self._path = path
        self._lock_timeout = lock_timeout
        self._idle: dict[int, list[CatalogedConnection]] = {}
        self._closed = False

    def reading(self) -> AbstractContextManager[CatalogedConnection]:
        """One consistent view of the file for the duration of the block."""
        return self._transaction("BEGIN")

    def writing(self) -> AbstractContextManager[CatalogedConnection]:
        """The only writer for the duration of the block; on the disk when it ends well, else undone."""
        return self._transaction("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Close the idle connections now, and those in use when their transaction ends."""
        self._closed = True
        self._close_idle()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[CatalogedConnection]:
        connection: CatalogedConnection | None = None
        try:
            connection = self._take()
            connection.execute(begin)
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection is not None:
                # And not rolled back: it might be what went wrong, and its catalog may have numbers that are none.
                with suppress(sqlite3.Error):
                    connection.close()
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, _NOT_THE_FILES_FAULT):
                raise UnavailableError(self._explained(error)) from error
            raise
        self._give_back(connection)

    def _take(self) -> CatalogedConnection:
        if self._closed:
            message = f"the metric store {self._path} is closed"
            raise UnavailableError(message)
        with suppress(IndexError):
            return self._own_idle().pop()
        return self._open()

    def _give_back(self, connection: CatalogedConnection) -> None:
        self._own_idle().append(connection)
        if self._closed:
            self._close_idle()

    def _close_idle(self) -> None:
        idle = self._own_idle()
        with suppress(IndexError):
            while True:
                idle.pop().close()

    def _own_idle(self) -> list[CatalogedConnection]:
        """This process' idle connections. `setdefault`, `pop` and `append` are atomic, so no lock can be
        left held by a fork."""
        return self._idle.setdefault(os.getpid(), [])

    def _open(self) -> CatalogedConnection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder of the metric store {self._path} cannot be made: {error.strerror}"
            raise UnavailableError(message) from error
        connection = CatalogedConnection(
            self._path, timeout=self._lock_timeout, isolation_level=None, check_same_thread=False
        )
        try:
            schema.prepare(connection, str(self._path))
            self._switch_to_wal(connection)
            # Every commit waits until the disk has it: an acknowledged value survives a power loss.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        """SQLite does not wait for a lock here when several processes open a new file at once; so we do."""
        deadline = time.monotonic() + self._lock_timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return

    def _explained(self, error: sqlite3.DatabaseError) -> str:
        advice = {
            sqlite3.SQLITE_BUSY: f"another process has kept it locked for {self._lock_timeout:g} s; try again",
            sqlite3.SQLITE_FULL: "the disk is full; free some space and try again",
            sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a backup, or move it away",
            sqlite3.SQLITE_NOTADB: "the file is no database; move it away, or choose another state folder",
            sqlite3.SQLITE_READONLY: "the file or its folder cannot be written; check their owner and mode",
            sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; check its folder, owner and mode",
        }
        what = advice.get(_code(error), "it cannot be used now")
        return f"the metric store {self._path}: {what} (SQLite says: {error})"


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code, -1 when the error came from elsewhere."""
    extended: int = getattr(error, "sqlite_errorcode", -1)
    return extended & 0xFF if extended >= 0 else -1
