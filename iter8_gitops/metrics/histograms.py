"""Rows of `histogram`: counts per value while there are few, per 1%-wide bucket once there are many.

A histogram that has become coarse stays so: its exact values are gone.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping

from iter8_gitops.core.histograms import quantize


def change_counts(connection: sqlite3.Connection, series: int, changes: Mapping[float, int], exact_values: int) -> None:
    """Add `changes` (value -> how many more or fewer) to the histogram of a series.

    When that leaves more than `exact_values` distinct values in an exact histogram, it becomes coarse.
    """
    (coarse,) = connection.execute("SELECT coarse FROM series WHERE id = ?", (series,)).fetchone()
    if coarse:
        _add(connection, series, _quantized(changes))  # few buckets: those that become empty may stay
        return
    _add(connection, series, changes)
    _forget_empty(connection, series, changes)
    if _distinct(connection, series) > exact_values:
        _make_coarse(connection, series)


def read_counts(connection: sqlite3.Connection, series: int) -> dict[float, int]:
    """The counts per value, or per the value that stands for a bucket."""
    rows = connection.execute("SELECT value, count FROM histogram WHERE series = ? AND count > 0", (series,))
    return dict(rows.fetchall())


def _add(connection: sqlite3.Connection, series: int, changes: Mapping[float, int]) -> None:
    moved = sorted((value, change) for value, change in changes.items() if change)
    connection.executemany(
        "INSERT INTO histogram (series, value, count) VALUES (?, ?, ?) "
        "ON CONFLICT (series, value) DO UPDATE SET count = count + excluded.count",
        [(series, value, change) for value, change in moved],
    )


def _forget_empty(connection: sqlite3.Connection, series: int, changes: Mapping[float, int]) -> None:
    connection.executemany(
        "DELETE FROM histogram WHERE series = ? AND value = ? AND count = 0",
        [(series, value) for value, change in sorted(changes.items()) if change < 0],
    )


def _distinct(connection: sqlite3.Connection, series: int) -> int:
    count: int
    (count,) = connection.execute("SELECT count(*) FROM histogram WHERE series = ?", (series,)).fetchone()
    return count


def _make_coarse(connection: sqlite3.Connection, series: int) -> None:
    merged = _quantized(read_counts(connection, series))
    connection.execute("DELETE FROM histogram WHERE series = ?", (series,))
    _add(connection, series, merged)
    connection.execute("UPDATE series SET coarse = 1 WHERE id = ?", (series,))


def _quantized(changes: Mapping[float, int]) -> Mapping[float, int]:
    merged: defaultdict[float, int] = defaultdict(int)
    for value, change in changes.items():
        merged[quantize(value)] += change
    return merged
