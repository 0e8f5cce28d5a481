"""Rows of `counted`: the transactions that have counted, so that they do not count again."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from iter8_gitops.metrics.catalog import Catalog
from iter8_gitops.metrics.lookups import rows_of
from iter8_gitops.spec.metric import MetricValue

_FORGOTTEN_PER_CALL = 100
_FORGOTTEN_PER_NEW = 2
"""More go than come, so that what is out of date never grows, and no call pays for many others."""


def without_repetitions(
    connection: sqlite3.Connection, catalog: Catalog, values: Sequence[MetricValue], now: float, kept: float
) -> Sequence[MetricValue]:
    """The values that count: without those whose transaction has counted less than `kept` seconds before `now`.

    Those that are returned have counted from now on. Forgets some that are older. `connection` must be the only
    writer.
    """
    if not any(value.transaction for value in values):
        return values
    named: dict[int, set[str]] = defaultdict(set)
    for value in values:
        if value.transaction:
            named[catalog.metric(value.fallback.application, value.name)].add(value.transaction)
    known = {metric: _counted(connection, metric, names, now - kept) for metric, names in named.items()}
    fresh: list[MetricValue] = []
    new: list[tuple[int, str, float]] = []
    for value in values:
        if value.transaction:
            metric = catalog.metric(value.fallback.application, value.name)
            if value.transaction in known[metric]:
                continue
            known[metric].add(value.transaction)
            new.append((metric, value.transaction, now))
        fresh.append(value)
    connection.executemany(
        "INSERT INTO counted (metric, name, at) VALUES (?, ?, ?) "
        "ON CONFLICT (metric, name) DO UPDATE SET at = excluded.at",
        sorted(new),
    )
    _forget(connection, now - kept, _FORGOTTEN_PER_CALL + _FORGOTTEN_PER_NEW * len(new))
    return fresh


def _counted(connection: sqlite3.Connection, metric: int, names: set[str], since: float) -> set[str]:
    statement = "SELECT name FROM counted WHERE metric = ? AND at > ? AND name IN ({keys})"
    return {name for (name,) in rows_of(connection, statement, (metric, since), sorted(names))}


def _forget(connection: sqlite3.Connection, until: float, most: int) -> None:
    connection.execute(
        "DELETE FROM counted WHERE (metric, name) IN "
        "(SELECT metric, name FROM counted WHERE at <= ? ORDER BY at LIMIT ?)",
        (until, most),
    )
