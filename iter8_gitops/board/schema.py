"""The board's SQLite file: its tables, how it is opened, and what is said when it cannot be used.

`board` has one row: the sequence (a count of publications), the floor (removals up to it may have been
forgotten) and the controller's last sign of life. `routemaps` holds the last publication of
each application with its sequence; a NULL state marks a removal. `sources` holds the statuses in order,
`history` what happened to each application. `lineage` has a row for each controller that has started: an identity,
and the sequence that it went on from.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.spec.snapshot import Predecessor

VERSION = 1
_WRITER_PATIENCE = 5.0
_READER_PATIENCE = 0.5

_TABLES = (
    "CREATE TABLE board (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, "
    "floor INTEGER NOT NULL, sources_at INTEGER NOT NULL, controller_at REAL)",
    "INSERT INTO board VALUES (1, 0, 0, 0, NULL)",
    "CREATE TABLE routemaps (application TEXT PRIMARY KEY, sequence INTEGER NOT NULL, state BLOB)",
    "CREATE INDEX routemaps_by_sequence ON routemaps (sequence)",
    "CREATE INDEX removals_by_sequence ON routemaps (sequence) WHERE state IS NULL",
    "CREATE TABLE sources (position INTEGER PRIMARY KEY, status BLOB NOT NULL)",
    f"PRAGMA user_version = {VERSION}",
)

_LATER_TABLES = (
    "CREATE TABLE IF NOT EXISTS history (id INTEGER PRIMARY KEY AUTOINCREMENT, application TEXT NOT NULL, "
    "entry BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS history_by_application ON history (application, id)",
    "CREATE TABLE IF NOT EXISTS lineage (id INTEGER PRIMARY KEY AUTOINCREMENT, board TEXT NOT NULL, "
    "since INTEGER NOT NULL)",
)
"""Added to boards of earlier releases as well; these do not look at them."""


_KEPT_LINEAGE = 100


class WrongFileError(ConfigurationError):
    """The file is not a board that this release can use."""


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the board at `path`, and create it when there is none.

    `synchronous = NORMAL` keeps every publication when a process is killed; a power cut may undo the
    last ones, never half of one. The controller publishes again what it finds changed when it starts,
    so FULL would buy nothing for the price of an fsync before every change is seen.
    """
    if not path.exists():
        # What a deleted board left beside itself must not be taken for a part of the new one.
        for companion in ("-wal", "-shm"):
            path.with_name(path.name + companion).unlink(missing_ok=True)
    connection = sqlite3.connect(path, timeout=_WRITER_PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with transaction(connection):
            _create_if_empty(connection)
            check_version(connection, path)
            for statement in _LATER_TABLES:
                connection.execute(statement)
            _continue_lineage(connection)
        _check_integrity(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the board at `path` for reading. It is not created, and may still be empty."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=_READER_PATIENCE, isolation_level=None, check_same_thread=False)


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `WrongFileError` unless the file is a board of this release's version."""
    found = _version(connection)
    if found > VERSION:
        message = (
            f"{path} is a board of a newer release (version {found}, this one reads {VERSION}): "
            "upgrade iter8-gitops, or use another --state-dir"
        )
        raise WrongFileError(message)
    if found != VERSION:
        message = f"{path} is not a board: use another --state-dir, or move the file away"
        raise WrongFileError(message)


def is_empty(connection: sqlite3.Connection) -> bool:
    """True while the file has been made but nothing is in it yet."""
    return _version(connection) == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def read_lineage(connection: sqlite3.Connection) -> tuple[str, tuple[Predecessor, ...]]:
    """The identity of the board, and what it goes on from; ("", ()) on a board that only earlier releases wrote to.

    Within the caller's transaction.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'lineage'").fetchone():
        return "", ()
    rows = connection.execute("SELECT board, since FROM lineage ORDER BY id").fetchall()
    ended = tuple(Predecessor(board, since) for (board, _), (_, since) in pairwise(rows))
    return (rows[-1][0] if rows else ""), ended


def _continue_lineage(connection: sqlite3.Connection) -> None:
    """Begin a new identity where the board stands now: what readers saw beyond that was undone, and is not here."""
    connection.execute("INSERT INTO lineage (board, since) SELECT ?, sequence FROM board", (uuid4().hex,))
    connection.execute("DELETE FROM lineage WHERE id <= (SELECT max(id) FROM lineage) - ?", (_KEPT_LINEAGE,))


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Everything inside happens, or nothing does. `DEFERRED` is for reading one consistent state."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors, for instance when the disk is full.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ones that say what to do about the board at `path`.

    `UnavailableError` (locked, disk full) may pass by itself; `ConfigurationError` (damaged) will not.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        message = f"the board {path} cannot be used now: {error}"
        raise UnavailableError(message) from error
    except (sqlite3.DatabaseError, ValueError) as error:
        message = (
            f"the board {path} is damaged ({error}): restore it from a backup, or move it away together with "
            f"{path.name}-wal and {path.name}-shm and start again. A new board is filled from the sources; "
            "until then lookups have no state, and signatures and weight epochs start anew"
        )
        raise ConfigurationError(message) from error


def _create_if_empty(connection: sqlite3.Connection) -> None:
    if is_empty(connection):
        for statement in _TABLES:
            connection.execute(statement)


def _check_integrity(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
