"""The running aggregates: what one batch of values changes in `series`, `moments` and `histogram`."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from iter8_gitops.core.moments import Change, Moments
from iter8_gitops.metrics.credits import Additions, Credited
from iter8_gitops.metrics.histograms import change_counts
from iter8_gitops.metrics.schema import ALL_EPOCHS, Scope
from iter8_gitops.metrics.totals import Move, Moved, extremes, move_totals


def add_values(connection: sqlite3.Connection, credited: Credited, exact_values: int) -> Moved:
    """Add the values of a batch to every series that they count in, and say how the users' totals moved.

    A histogram keeps exact values while it has at most `exact_values` distinct ones. `connection` must be
    the only writer.
    """
    moved: dict[tuple[int, int], Mapping[int, Sequence[Move]]] = {}
    for (content, metric), additions in credited.items():
        transactions = _series(connection, content, metric, Scope.TRANSACTIONS)
        changes = _add_transactions(connection, transactions, additions)
        change_counts(connection, transactions, changes, exact_values)
        users = _series(connection, content, metric, Scope.USERS)
        wholes, parts = move_totals(connection, users, additions)
        changes = _add_to_users(connection, users, wholes, parts)
        change_counts(connection, users, changes, exact_values)
        moved[content, metric] = parts
    return moved


def _add_transactions(connection: sqlite3.Connection, series: int, additions: Additions) -> Counter[float]:
    """Count each value; returns how often each was added."""
    by_epoch: dict[int, list[float]] = defaultdict(list)
    for addition in additions.values():
        by_epoch[addition.epoch] += addition.values
    for epoch, values in by_epoch.items():
        change = Change.of(values)
        _change_moments(connection, series, epoch, change)
        _change_moments(connection, series, ALL_EPOCHS, change)
    counts = Counter(chain.from_iterable(by_epoch.values()))
    connection.execute(
        "UPDATE series SET minimum = coalesce(min(minimum, ?1), ?1), maximum = coalesce(max(maximum, ?2), ?2) "
        "WHERE id = ?3",
        (min(counts), max(counts), series),
    )
    return counts


def _add_to_users(
    connection: sqlite3.Connection, series: int, wholes: Sequence[Move], parts: Mapping[int, Sequence[Move]]
) -> Counter[float]:
    """Follow the users' totals; returns by how much the number of users at each total changed."""
    joined, left = _joined(wholes), _left(wholes)
    change, positive = Change.of(joined, left), _positive(joined) - _positive(left)
    _change_moments(connection, series, ALL_EPOCHS, change, positive)
    for epoch, moves in parts.items():
        if moves != wholes:
            its_joined, its_left = _joined(moves), _left(moves)
            change, positive = Change.of(its_joined, its_left), _positive(its_joined) - _positive(its_left)
        _change_moments(connection, series, epoch, change, positive)
    connection.execute(
        "UPDATE series SET minimum = ?, maximum = ? WHERE id = ?", (*extremes(connection, series), series)
    )
    counts = Counter(joined)
    counts.subtract(left)
    return counts


def _joined(moves: Sequence[Move]) -> list[float]:
    return [after for _, _, after in moves]


def _left(moves: Sequence[Move]) -> list[float]:
    return [before for _, before, _ in moves if before is not None]


def _positive(totals: Iterable[float]) -> int:
    return sum(total > 0 for total in totals)


def _series(connection: sqlite3.Connection, content: int, metric: int, scope: Scope) -> int:
    """The number of a series; a new one is empty."""
    statement = "SELECT id FROM series WHERE content = ? AND metric = ? AND scope = ?"
    key = (content, metric, scope.value)
    row = connection.execute(statement, key).fetchone()
    if row is None:
        connection.execute("INSERT INTO series (content, metric, scope, coarse) VALUES (?, ?, ?, 0)", key)
        row = connection.execute(statement, key).fetchone()
    number: int = row[0]
    return number


def _change_moments(connection: sqlite3.Connection, series: int, epoch: int, change: Change, positive: int = 0) -> None:
    """Bring the sums of a series in one weight epoch, or in all, up to date; `positive` more are above 0."""
    row = connection.execute(
        "SELECT count, sum, sum_low, squares, squares_low, positive FROM moments WHERE series = ? AND epoch = ?",
        (series, epoch),
    ).fetchone()
    before, were_positive = (Moments(row[0], row[1:3], row[3:5]), row[5]) if row else (Moments(), 0)
    after = before.changed(change)
    connection.execute(
        "INSERT OR REPLACE INTO moments (series, epoch, count, positive, sum, sum_low, squares, squares_low) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (series, epoch, after.count, were_positive + positive, *after.sum, *after.squares),
    )
