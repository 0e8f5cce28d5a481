"""Rows of `counted`: the transactions that have counted, so that they do not count again.

They are kept in generations, each open for half of the time for which a transaction is kept. A generation is of no more
use when the next one has been there for all of that time. So nothing is needed to find old rows, they go from
neighbouring pages, and few generations are there to look in.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from iter8_gitops.metrics.catalog import Catalog
from iter8_gitops.metrics.lookups import rows_of
from iter8_gitops.spec.metric import MetricValue

_FORGOTTEN_PER_CALL = 100
_FORGOTTEN_PER_NEW = 2
"""More go than come, so that what is out of date never grows, and no call pays for many others."""


def without_repetitions(
    connection: sqlite3.Connection, catalog: Catalog, values: Sequence[MetricValue], now: float, kept: float
) -> Sequence[MetricValue]:
    """The values that count: without those whose transaction has counted in the last `kept` seconds, or little before.

    Those that are returned have counted from now on. Forgets some that are old. `connection` must be the only
    writer; `now` is in seconds since 1970.
    """
    if not any(value.transaction for value in values):
        return values
    generations = _generations(connection)
    old = [generation for generation, following in pairwise(generations) if following <= now - kept]
    known = _known(connection, catalog, values, generations[len(old) :])
    fresh: list[MetricValue] = []
    new: list[tuple[int, str]] = []
    for value in values:
        if value.transaction:
            metric = catalog.metric(value.fallback.application, value.name)
            if value.transaction in known[metric]:
                continue
            known[metric].add(value.transaction)
            new.append((metric, value.transaction))
        fresh.append(value)
    current = generations[-1] if generations and now - generations[-1] < kept / 2 else int(now)
    connection.executemany(
        "INSERT INTO counted (generation, metric, name) VALUES (?, ?, ?)",
        [(current, metric, name) for metric, name in sorted(new)],
    )
    _forget(connection, old, _FORGOTTEN_PER_CALL + _FORGOTTEN_PER_NEW * len(new))
    return fresh


def _generations(connection: sqlite3.Connection) -> list[int]:
    """When each generation was opened, ascending. One look at the index for each."""
    rows = connection.execute(
        "WITH RECURSIVE opened (at) AS ("
        "SELECT min(generation) FROM counted UNION ALL "
        "SELECT (SELECT min(generation) FROM counted WHERE generation > at) FROM opened WHERE at IS NOT NULL"
        ") SELECT at FROM opened WHERE at IS NOT NULL"
    )
    return [generation for (generation,) in rows]


def _known(
    connection: sqlite3.Connection, catalog: Catalog, values: Sequence[MetricValue], generations: Sequence[int]
) -> dict[int, set[str]]:
    """Metric number -> those of the transactions of `values` that have counted."""
    named: dict[int, set[str]] = defaultdict(set)
    for value in values:
        if value.transaction:
            named[catalog.metric(value.fallback.application, value.name)].add(value.transaction)
    known: dict[int, set[str]] = {metric: set() for metric in named}
    statement = "SELECT name FROM counted WHERE generation = ? AND metric = ? AND name IN ({keys})"
    for metric, names in named.items():
        for generation in generations:
            known[metric].update(
                name for (name,) in rows_of(connection, statement, (generation, metric), sorted(names))
            )
    return known


def _forget(connection: sqlite3.Connection, generations: Sequence[int], most: int) -> None:
    for generation in generations:
        done = connection.execute(
            "DELETE FROM counted WHERE (generation, metric, name) IN "
            "(SELECT generation, metric, name FROM counted WHERE generation = ? LIMIT ?)",
            (generation, most),
        )
        most -= done.rowcount
