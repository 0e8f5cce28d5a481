"""The tables of the SQLite metric store.

- `content`: a version's content, i.e. (application, version, signature).
- `user`: one row per (application, user), with the content and weight epoch the user was last exposed to;
  `past_exposure` keeps the earlier ones, and `audience` counts who was exposed to what.
- `series`: one `metric` of one content, over transactions or over users, with its extremes; `aggregate` holds
  its running sums.
- `user_total`: the sum of each user's values in a series, and the part of it in the user's present weight
  epoch; `past_total` keeps the parts of earlier epochs.
- `histogram`: counts per value, or per 1%-wide bucket once the series is coarse.

What changes with every value is kept in few rows: a new user costs one row here, and a new total one more with
its entry in an index. In `audience` and `aggregate` a row exists for every weight epoch, and one for all of them
together. A sum is two doubles, see `iter8_gitops.core.moments`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from iter8_gitops.errors import UnavailableError

VERSION = 1
APPLICATION_ID = 0x49386D31
"""Marks the file as ours in its header (`I8m1`)."""

ALL_EPOCHS = -1
"""Stands in the column `epoch` for all weight epochs together; real ones count from 0."""


class Scope(StrEnum):
    """What one entry of a series is."""

    TRANSACTIONS = "transactions"
    USERS = "users"


_TABLES = (
    """CREATE TABLE application (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        users INTEGER NOT NULL
    )""",
    """CREATE TABLE content (
        id INTEGER PRIMARY KEY,
        application INTEGER NOT NULL REFERENCES application,
        version INTEGER NOT NULL,
        signature TEXT NOT NULL,
        UNIQUE (application, version, signature)
    )""",
    # Users are numbered from 1 within their application.
    """CREATE TABLE user (
        application INTEGER NOT NULL REFERENCES application,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        content INTEGER NOT NULL REFERENCES content,
        epoch INTEGER NOT NULL,
        PRIMARY KEY (application, name)
    ) WITHOUT ROWID""",
    """CREATE TABLE past_exposure (
        application INTEGER NOT NULL REFERENCES application,
        user INTEGER NOT NULL,
        content INTEGER NOT NULL REFERENCES content,
        epoch INTEGER NOT NULL,
        PRIMARY KEY (application, user, content, epoch)
    ) WITHOUT ROWID""",
    """CREATE TABLE audience (
        content INTEGER NOT NULL REFERENCES content,
        epoch INTEGER NOT NULL,
        users INTEGER NOT NULL,
        PRIMARY KEY (content, epoch)
    ) WITHOUT ROWID""",
    """CREATE TABLE metric (
        id INTEGER PRIMARY KEY,
        application INTEGER NOT NULL REFERENCES application,
        name TEXT NOT NULL,
        UNIQUE (application, name)
    )""",
    """CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        content INTEGER NOT NULL REFERENCES content,
        metric INTEGER NOT NULL REFERENCES metric,
        scope TEXT NOT NULL,
        minimum REAL,
        maximum REAL,
        coarse INTEGER NOT NULL,
        UNIQUE (content, metric, scope)
    )""",
    """CREATE TABLE aggregate (
        series INTEGER NOT NULL REFERENCES series,
        epoch INTEGER NOT NULL,
        count INTEGER NOT NULL,
        sum REAL NOT NULL,
        sum_low REAL NOT NULL,
        squares REAL NOT NULL,
        squares_low REAL NOT NULL,
        PRIMARY KEY (series, epoch)
    ) WITHOUT ROWID""",
    """CREATE TABLE user_total (
        series INTEGER NOT NULL REFERENCES series,
        user INTEGER NOT NULL,
        total REAL NOT NULL,
        total_low REAL NOT NULL,
        epoch INTEGER NOT NULL,
        part REAL NOT NULL,
        part_low REAL NOT NULL,
        PRIMARY KEY (series, user)
    ) WITHOUT ROWID""",
    # A series' smallest and largest total are its ends in this index.
    "CREATE INDEX user_total_by_size ON user_total (series, total)",
    """CREATE TABLE past_total (
        series INTEGER NOT NULL REFERENCES series,
        user INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        part REAL NOT NULL,
        part_low REAL NOT NULL,
        PRIMARY KEY (series, user, epoch)
    ) WITHOUT ROWID""",
    """CREATE TABLE histogram (
        series INTEGER NOT NULL REFERENCES series,
        value REAL NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (series, value)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Create the tables in an empty file, and refuse one that is not ours to write.

    `connection` must be in autocommit mode. Raises `UnavailableError` that says what to do.
    """
    # Both looks are inside of a transaction: between two statements another process may create everything.
    with _transaction(connection, "DEFERRED"):
        current = _is_current(connection, path)
    if current:
        return
    with _transaction(connection, "IMMEDIATE"):
        if not _is_current(connection, path):
            for statement in _TABLES:
                connection.execute(statement)


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _is_current(connection: sqlite3.Connection, path: str) -> bool:
    """True when the tables are there, False when the file is empty."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if owner == APPLICATION_ID and version == VERSION:
        return True
    if owner == APPLICATION_ID:
        message = (
            f"the metric store {path} has schema {version}, and this release knows only {VERSION}: "
            "run the release that wrote it, or choose another state folder"
        )
        raise UnavailableError(message)
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables or owner:
        message = f"{path} is a database, but not a metric store: move it away, or choose another state folder"
        raise UnavailableError(message)
    return False
