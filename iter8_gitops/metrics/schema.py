"""The tables of the SQLite metric store.

- `content`: a version's content, i.e. (application, version, signature), of the users of one cohort.
- `user`: one row per (application, user), with the content and weight epoch the user was last exposed to;
  `past_exposure` keeps the earlier ones, and `audience` counts who was exposed to what, and the newcomers.
- `series`: one `metric` of one content, over transactions or over users, with its extremes; `moments` holds
  its running sums, and how many users' sums are positive.
- `user_total`: the sum of each user's values in a series, and the part of it in the user's present weight
  epoch; `past_total` keeps the parts of earlier epochs.
- `product`: the sum over users of the product of their sums of two metrics, in one content and weight epoch.
- `counted`: the transactions of a metric that have counted, by generations (the second at which each was opened).
- `histogram`: counts per value, or per 1%-wide bucket once the series is coarse.

What changes with every value is kept in few rows: a new user costs one row here, and a new total one more with
its entry in an index. In `audience` and `moments` a row exists for every weight epoch, and one for all of them
together. A sum is two doubles, see `iter8_gitops.core.moments`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.migration import NEW_IN_2, migrate_from_1

VERSION = 2
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
        cohort TEXT NOT NULL,
        UNIQUE (application, version, signature, cohort)
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
        newcomers INTEGER NOT NULL,
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
    """CREATE TABLE moments (
        series INTEGER NOT NULL REFERENCES series,
        epoch INTEGER NOT NULL,
        count INTEGER NOT NULL,
        positive INTEGER NOT NULL,
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
    *NEW_IN_2,
    """CREATE TABLE histogram (
        series INTEGER NOT NULL REFERENCES series,
        value REAL NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (series, value)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION_ID}",
)


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Create the tables in an empty file, bring those of an older release up to date, refuse what is not ours to write.

    `connection` must be in autocommit mode. Raises `UnavailableError` that says what to do.
    """
    # Both looks are inside of a transaction: between two statements another process may create everything.
    with _transaction(connection, "DEFERRED"):
        version = _version(connection, path)
    if version == VERSION:
        return
    with _transaction(connection, "IMMEDIATE"):
        version = _version(connection, path)
        if version == 0:
            for statement in _TABLES:
                connection.execute(statement)
        elif version == 1:
            migrate_from_1(connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, path: str) -> int:
    """The version of the tables that are there, 0 when the file is empty."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if owner == APPLICATION_ID and 1 <= version <= VERSION:
        known: int = version
        return known
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
    return 0
