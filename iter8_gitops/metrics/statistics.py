"""Reading what verdicts rest on, epoch by epoch, from aggregates alone."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping

from iter8_gitops.core.moments import ZERO
from iter8_gitops.metrics.reports import contents_at_random
from iter8_gitops.metrics.schema import ALL_EPOCHS, Scope
from iter8_gitops.spec.metric import ArmStatistics, ExactSum, UserSums


def read_statistics(
    connection: sqlite3.Connection,
    application: str,
    signatures: Mapping[int, str],
    products: Collection[tuple[str, str]],
) -> tuple[ArmStatistics, ...]:
    """The users at random of an application's current contents, as `MetricStore.statistics` defines them."""
    found: list[ArmStatistics] = []
    for version, content in sorted(contents_at_random(connection, application, signatures).items()):
        metrics = _metrics(connection, content)
        known = _products(connection, content) if products else {}
        audience = connection.execute(
            "SELECT epoch, users, newcomers FROM audience WHERE content = ? AND epoch <> ? ORDER BY epoch",
            (content, ALL_EPOCHS),
        )
        for epoch, users, newcomers in audience:
            its_metrics = metrics.get(epoch, {})
            its_products = _asked_for(products, its_metrics, known.get(epoch, {}))
            found.append(ArmStatistics(version, epoch, users, newcomers, its_metrics, its_products))
    return tuple(found)


def _metrics(connection: sqlite3.Connection, content: int) -> dict[int, dict[str, UserSums]]:
    """Epoch -> metric name (ascending) -> its sums over users."""
    rows = connection.execute(
        "SELECT epoch, name, count, positive, sum, sum_low, squares, squares_low "
        "FROM series JOIN metric ON metric.id = series.metric JOIN moments ON moments.series = series.id "
        "WHERE content = ? AND scope = ? AND epoch <> ? ORDER BY name",
        (content, Scope.USERS.value, ALL_EPOCHS),
    )
    found: dict[int, dict[str, UserSums]] = defaultdict(dict)
    for epoch, name, count, positive, total, total_low, squares, squares_low in rows:
        found[epoch][name] = UserSums(count, positive, (total, total_low), (squares, squares_low))
    return found


def _products(connection: sqlite3.Connection, content: int) -> dict[int, dict[tuple[str, str], ExactSum]]:
    """Epoch -> (numerator, denominator) -> the sum."""
    rows = connection.execute(
        "SELECT epoch, one.name, other.name, sum, sum_low FROM product "
        "JOIN metric AS one ON one.id = numerator JOIN metric AS other ON other.id = denominator WHERE content = ?",
        (content,),
    )
    found: dict[int, dict[tuple[str, str], ExactSum]] = defaultdict(dict)
    for epoch, numerator, denominator, total, low in rows:
        found[epoch][numerator, denominator] = (total, low)
    return found


def _asked_for(
    products: Collection[tuple[str, str]],
    metrics: Mapping[str, UserSums],
    known: Mapping[tuple[str, str], ExactSum],
) -> dict[tuple[str, str], ExactSum]:
    """The sums of `products`: 0 where one metric has no values, and none where nobody followed what both have."""
    return {
        pair: known.get(pair, ZERO) for pair in products if pair in known or not all(name in metrics for name in pair)
    }
