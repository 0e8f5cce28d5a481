"""The SQLite store keeps the contract of metric stores, and its sums are those of the reference."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from iter8_gitops_plugins.backends import sqlite

from iter8_gitops.contracts.metric_store import MetricStoreRequest
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.testing import MetricStoreContract
from tests.metrics.streams import value


class TestSqlite(MetricStoreContract):
    plugin = sqlite

    @pytest.fixture
    def store_request(self, tmp_path: Path) -> MetricStoreRequest:
        return MetricStoreRequest("sqlite:", tmp_path / "state" / "metrics.db")


def test_sums_follow_a_users_total_as_in_the_reference(store: SqliteMetricStore, path: Path) -> None:
    store.record([], [value(12, "a"), value(9, "b"), value(15, "c")])
    store.record([], [value(4, "b")])
    with sqlite3.connect(path) as connection:
        n, total, squares = connection.execute(
            "SELECT count, sum, squares FROM moments JOIN series ON series.id = moments.series "
            "WHERE scope = 'users' AND epoch = 0"
        ).fetchone()
    connection.close()
    shift = 10.0
    about_shift = total - n * shift, squares - 2 * shift * total + n * shift**2
    assert (n, *about_shift) == (3, 10.0, 38.0)


def test_a_url_may_name_another_file(tmp_path: Path) -> None:
    request = MetricStoreRequest(f"sqlite:{tmp_path / 'other.db'}", tmp_path / "unused.db")
    store = sqlite.open_metric_store(request)
    assert store is not None
    store.record([], [value(1)])
    store.close()
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "unused.db").exists()
