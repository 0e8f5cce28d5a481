"""The embedded metric store: one SQLite file that many processes write and read at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from time import time

from iter8_gitops.contracts.metric_store import KEPT_TRANSACTIONS
from iter8_gitops.metrics.connections import Connections
from iter8_gitops.metrics.credits import record_exposures
from iter8_gitops.metrics.products import follow_products
from iter8_gitops.metrics.reports import read_exposed_users, read_report
from iter8_gitops.metrics.series import add_values
from iter8_gitops.metrics.statistics import read_statistics
from iter8_gitops.metrics.transactions import without_repetitions
from iter8_gitops.metrics.validation import check
from iter8_gitops.spec.metric import ArmStatistics, Exposure, MetricReport, MetricValue


class SqliteMetricStore:
    """A `MetricStore` in one file, in write-ahead mode with a sync of the disk at every commit.

    Nothing is opened before the first use, and each process opens its own connections, so a store may be
    made before a fork. `lock_timeout` (seconds) is how long a call waits for writers in other processes;
    `exact_values` is how many distinct values a histogram keeps apart before it counts in 1%-wide buckets;
    `kept_transactions` (seconds) is for how long at least a transaction counts only once. `clock` gives seconds
    since 1970.
    """

    def __init__(
        self,
        path: Path,
        *,
        lock_timeout: float = 10.0,
        exact_values: int = 4096,
        kept_transactions: float = KEPT_TRANSACTIONS,
        clock: Callable[[], float] = time,
    ) -> None:
        self._connections = Connections(path, lock_timeout)
        self._exact_values = exact_values
        self._kept_transactions = kept_transactions
        self._clock = clock

    def record(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        """See `MetricStore.record`."""
        check(exposures, values)
        if not (exposures or values):
            return
        with self._connections.writing() as connection:
            catalog = connection.catalog
            values = without_repetitions(connection, catalog, values, self._clock(), self._kept_transactions)
            credited, listed = record_exposures(connection, catalog, exposures, values)
            moved = add_values(connection, credited, self._exact_values)
            follow_products(connection, moved, listed)

    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        """See `MetricStore.report`."""
        with self._connections.reading() as connection:
            return read_report(connection, application, signatures)

    def exposed_users(self, application: str, signatures: Mapping[int, str]) -> Mapping[int, int]:
        """See `MetricStore.exposed_users`."""
        with self._connections.reading() as connection:
            return read_exposed_users(connection, application, signatures)

    def statistics(
        self, application: str, signatures: Mapping[int, str], products: Collection[tuple[str, str]] = ()
    ) -> tuple[ArmStatistics, ...]:
        """See `MetricStore.statistics`."""
        with self._connections.reading() as connection:
            return read_statistics(connection, application, signatures, products)

    def close(self) -> None:
        """See `MetricStore.close`."""
        self._connections.close()
