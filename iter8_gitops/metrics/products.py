"""Rows of `product`: the sum over users of the product of their sums of two metrics, in one content and weight epoch.

A row begins when a value first lists its pair there, with all that the users have by then; from then on it follows
every value of both metrics.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from iter8_gitops.core.moments import ZERO, add, product_terms
from iter8_gitops.metrics.credits import Listed, Pair
from iter8_gitops.metrics.schema import Scope
from iter8_gitops.metrics.totals import Moved, parts_of
from iter8_gitops.metrics.users import Place
from iter8_gitops.spec.metric import ExactSum

_CHUNK = 10_000


def follow_products(connection: sqlite3.Connection, moved: Moved, listed: Listed) -> None:
    """Bring the products up to date when the users' totals have `moved`; begin those that are `listed` and new."""
    for place in sorted({(content, epoch) for (content, _), parts in moved.items() for epoch in parts}):
        followed = _followed(connection, place)
        for pair, total in followed.items():
            if terms := _changes(connection, place, pair, moved):
                _keep(connection, place, pair, add(total, terms))
        for pair in listed.get(place, set()) - followed.keys():
            _keep(connection, place, pair, _from_totals(connection, place, pair))


def _followed(connection: sqlite3.Connection, place: Place) -> dict[Pair, ExactSum]:
    rows = connection.execute(
        "SELECT numerator, denominator, sum, sum_low FROM product WHERE content = ? AND epoch = ?", place
    )
    return {(numerator, denominator): (total, low) for numerator, denominator, total, low in rows}


def _keep(connection: sqlite3.Connection, place: Place, pair: Pair, total: ExactSum) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO product (content, epoch, numerator, denominator, sum, sum_low) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (*place, *pair, *total),
    )


def _changes(connection: sqlite3.Connection, place: Place, pair: Pair, moved: Moved) -> list[float]:
    """What the users whose totals moved in either metric add to the sum: their products now, less those before."""
    content, epoch = place
    moves = [moved.get((content, metric), {}).get(epoch, ()) for metric in pair]
    users = {user for each in moves for user, _, _ in each}
    before: list[Mapping[int, float]] = []
    after: list[Mapping[int, float]] = []
    for metric, each in zip(pair, moves, strict=True):
        totals = {user: total for user, _, total in each}
        resting = _resting(connection, place, metric, users - totals.keys())
        before.append(resting | {user: total for user, total, _ in each if total is not None})
        after.append(resting | totals)
    left = [-term for term in product_terms(_pairs(users, *before))]
    return [*product_terms(_pairs(users, *after)), *left]


def _pairs(users: Iterable[int], ones: Mapping[int, float], others: Mapping[int, float]) -> list[tuple[float, float]]:
    return [(ones[user], others[user]) for user in users if user in ones and user in others]


def _resting(connection: sqlite3.Connection, place: Place, metric: int, users: set[int]) -> dict[int, float]:
    """The sums of a metric of users who wrote no value of it now."""
    content, epoch = place
    series = _series(connection, content, metric)
    return parts_of(connection, series, epoch, users) if users and series is not None else {}


def _from_totals(connection: sqlite3.Connection, place: Place, pair: Pair) -> ExactSum:
    """The sum from the totals of all users who have both metrics there."""
    content, epoch = place
    numerator, denominator = (_series(connection, content, metric) for metric in pair)
    if numerator is None or denominator is None:
        return ZERO
    rows = connection.execute(_BOTH_PARTS, {"numerator": numerator, "denominator": denominator, "epoch": epoch})
    total = ZERO
    while some := rows.fetchmany(_CHUNK):
        total = add(total, product_terms(some))
    return total


def _series(connection: sqlite3.Connection, content: int, metric: int) -> int | None:
    row = connection.execute(
        "SELECT id FROM series WHERE content = ? AND metric = ? AND scope = ?", (content, metric, Scope.USERS.value)
    ).fetchone()
    return row[0] if row else None


# A part that was put aside, and taken up again since, is still in `past_total` as it was then.
_BOTH_PARTS = """
    WITH one (user, part) AS (
        SELECT user, part FROM user_total WHERE series = :numerator AND epoch = :epoch
        UNION ALL SELECT user, part FROM past_total AS past WHERE series = :numerator AND epoch = :epoch
            AND NOT EXISTS (
                SELECT 1 FROM user_total WHERE series = :numerator AND user = past.user AND epoch = :epoch)
    ),
    other (user, part) AS (
        SELECT user, part FROM user_total WHERE series = :denominator AND epoch = :epoch
        UNION ALL SELECT user, part FROM past_total AS past WHERE series = :denominator AND epoch = :epoch
            AND NOT EXISTS (
                SELECT 1 FROM user_total WHERE series = :denominator AND user = past.user AND epoch = :epoch)
    )
    SELECT one.part, other.part FROM one JOIN other ON other.user = one.user"""
