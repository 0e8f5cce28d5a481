"""The embedded metric store: one SQLite file that many processes write and read at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from iter8_gitops.metrics.connections import Connections
from iter8_gitops.metrics.credits import record_exposures
from iter8_gitops.metrics.reports import read_exposed_users, read_report
from iter8_gitops.metrics.series import add_values
from iter8_gitops.metrics.validation import check
from iter8_gitops.spec.metric import Exposure, MetricReport, MetricValue


class SqliteMetricStore:
    """A `MetricStore` in one file, in write-ahead mode with a sync of the disk at every commit.

    Nothing is opened before the first use, and each process opens its own connections, so a store may be
    made before a fork. `lock_timeout` (seconds) is how long a call waits for writers in other processes;
    `exact_values` is how many distinct values a histogram keeps apart before it counts in 1%-wide buckets.
    """

    def __init__(self, path: Path, *, lock_timeout: float = 10.0, exact_values: int = 4096) -> None:
        self._connections = Connections(path, lock_timeout)
        self._exact_values = exact_values

    def record(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        """See `MetricStore.record`."""
        check(exposures, values)
        if not (exposures or values):
            return
        with self._connections.writing() as connection:
            credited = record_exposures(connection, exposures, values)
            add_values(connection, credited, self._exact_values)

    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        """See `MetricStore.report`."""
        with self._connections.reading() as connection:
            return read_report(connection, application, signatures)

    def exposed_users(self, application: str, signatures: Mapping[int, str]) -> Mapping[int, int]:
        """See `MetricStore.exposed_users`."""
        with self._connections.reading() as connection:
            return read_exposed_users(connection, application, signatures)

    def close(self) -> None:
        """See `MetricStore.close`."""
        self._connections.close()
