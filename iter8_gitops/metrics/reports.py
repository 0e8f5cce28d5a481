"""Reading what dashboards show, from aggregates alone."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping

from iter8_gitops.core import moments
from iter8_gitops.core.moments import Moments
from iter8_gitops.metrics.histograms import read_counts
from iter8_gitops.metrics.schema import ALL_EPOCHS, Scope
from iter8_gitops.spec.metric import AT_RANDOM, Distribution, MetricReport, VersionMetric


def read_report(connection: sqlite3.Connection, application: str, signatures: Mapping[int, str]) -> MetricReport:
    """The metrics of an application's current contents, as `MetricStore.report` defines them."""
    found: dict[str, list[VersionMetric]] = defaultdict(list)
    for version, content in sorted(contents_at_random(connection, application, signatures).items()):
        exposed = _exposed(connection, content)
        for name, distributions in _distributions(connection, content, exposed).items():
            over = VersionMetric(version, distributions[Scope.TRANSACTIONS], distributions[Scope.USERS])
            found[name].append(over)
    return {name: tuple(found[name]) for name in sorted(found)}


def read_exposed_users(
    connection: sqlite3.Connection, application: str, signatures: Mapping[int, str]
) -> Mapping[int, int]:
    """Distinct users per version, as `MetricStore.exposed_users` defines them."""
    contents = contents_at_random(connection, application, signatures)
    return {version: _exposed(connection, contents[version]) if version in contents else 0 for version in signatures}


def contents_at_random(
    connection: sqlite3.Connection, application: str, signatures: Mapping[int, str]
) -> dict[int, int]:
    """The number of each version's current content, where it is known and has settled, for users at random."""
    contents: dict[int, int] = {}
    for version, signature in signatures.items():
        row = connection.execute(
            "SELECT content.id FROM content JOIN application ON application.id = content.application "
            "WHERE application.name = ? AND version = ? AND signature = ? AND signature <> '' AND cohort = ?",
            (application, version, signature, AT_RANDOM),
        ).fetchone()
        if row is not None:
            contents[version] = row[0]
    return contents


def _exposed(connection: sqlite3.Connection, content: int) -> int:
    row = connection.execute(
        "SELECT users FROM audience WHERE content = ? AND epoch = ?", (content, ALL_EPOCHS)
    ).fetchone()
    return row[0] if row else 0


def _distributions(connection: sqlite3.Connection, content: int, exposed: int) -> dict[str, dict[Scope, Distribution]]:
    """Metric name -> its distribution over transactions and over users.

    Of the `exposed` users, those who wrote no value of a metric count 0 in it.
    """
    rows = connection.execute(
        "SELECT name, scope, series.id, count, sum, sum_low, squares, squares_low, minimum, maximum "
        "FROM series JOIN metric ON metric.id = series.metric JOIN moments ON moments.series = series.id "
        "WHERE content = ? AND epoch = ?",
        (content, ALL_EPOCHS),
    ).fetchall()
    found: dict[str, dict[Scope, Distribution]] = defaultdict(dict)
    for name, scope, series, count, total, total_low, squares, squares_low, minimum, maximum in rows:
        known = Moments(count, (total, total_low), (squares, squares_low))
        counts = read_counts(connection, series)
        silent = exposed - count if scope == Scope.USERS else 0
        if silent:
            counts[0.0] = counts.get(0.0, 0) + silent
        summary = moments.summary(known, minimum, maximum, silent)
        found[name][Scope(scope)] = Distribution(summary, tuple(sorted(counts.items())))
    return found
