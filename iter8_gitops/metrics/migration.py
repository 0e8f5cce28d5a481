"""Bringing the tables of an older release up to date, with all that they hold.

What version 1 did not note is worked out where its rows allow it: how many users have a positive sum, from their
totals. Who was a newcomer, they do not tell: their epochs have none. Products begin when they are listed.
"""

from __future__ import annotations

import sqlite3

NEW_IN_2 = (
    """CREATE TABLE product (
        content INTEGER NOT NULL REFERENCES content,
        epoch INTEGER NOT NULL,
        numerator INTEGER NOT NULL REFERENCES metric,
        denominator INTEGER NOT NULL REFERENCES metric,
        sum REAL NOT NULL,
        sum_low REAL NOT NULL,
        PRIMARY KEY (content, epoch, numerator, denominator)
    ) WITHOUT ROWID""",
    """CREATE TABLE counted (
        generation INTEGER NOT NULL,
        metric INTEGER NOT NULL REFERENCES metric,
        name TEXT NOT NULL,
        PRIMARY KEY (generation, metric, name)
    ) WITHOUT ROWID""",
)

_FROM_1 = (
    # A constraint cannot be changed in place. The other tables refer to this one by its name.
    """CREATE TABLE content_2 (
        id INTEGER PRIMARY KEY,
        application INTEGER NOT NULL REFERENCES application,
        version INTEGER NOT NULL,
        signature TEXT NOT NULL,
        cohort TEXT NOT NULL,
        UNIQUE (application, version, signature, cohort)
    )""",
    "INSERT INTO content_2 SELECT id, application, version, signature, '' FROM content",
    "DROP TABLE content",
    "ALTER TABLE content_2 RENAME TO content",
    "ALTER TABLE audience ADD COLUMN newcomers INTEGER NOT NULL DEFAULT 0",
    # The new name stops processes of the former release that are still running: they would set `positive` to 0.
    "ALTER TABLE aggregate RENAME TO moments",
    "ALTER TABLE moments ADD COLUMN positive INTEGER NOT NULL DEFAULT 0",
    """UPDATE moments SET positive = (
        SELECT count(*) FROM user_total WHERE user_total.series = moments.series AND total > 0
    ) WHERE epoch = -1""",
    """CREATE TEMPORARY TABLE positive_parts AS
        SELECT series, epoch, count(*) AS users FROM (
            SELECT series, epoch, part FROM user_total
            UNION ALL SELECT series, epoch, part FROM past_total AS past WHERE NOT EXISTS (
                SELECT 1 FROM user_total AS present
                WHERE present.series = past.series AND present.user = past.user AND present.epoch = past.epoch
            )
        ) WHERE part > 0 GROUP BY series, epoch""",
    """UPDATE moments SET positive = coalesce((
        SELECT users FROM positive_parts
        WHERE positive_parts.series = moments.series AND positive_parts.epoch = moments.epoch
    ), 0) WHERE epoch <> -1""",
    "DROP TABLE positive_parts",
    *NEW_IN_2,
)


def migrate_from_1(connection: sqlite3.Connection) -> None:
    """From version 1 to 2, within the transaction of the caller, who is the only writer."""
    for statement in _FROM_1:
        connection.execute(statement)
