"""The SQLite store keeps the contract of metric stores, and its sums are those of the reference."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from iter8_gitops_plugins.backends import sqlite

from iter8_gitops.contracts.metric_store import MetricStoreRequest
from iter8_gitops.errors import ConfigurationError
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


@pytest.mark.parametrize("file", ["", "other.db"])
def test_a_url_may_say_for_how_long_transactions_are_kept(tmp_path: Path, file: str) -> None:
    embedded = tmp_path / "embedded.db"
    request = MetricStoreRequest(f"sqlite:{tmp_path / file if file else ''}?transactions=0.002s", embedded)
    store = sqlite.open_metric_store(request)
    assert store is not None
    for name in ("a", "b", "a"):
        store.record([], [value(1, transaction=name)])
        time.sleep(1.01)  # A generation is named by its second.
    (metric,) = store.report("shop/web", {0: "sig"})["sales"]
    assert metric.over_transactions.counts == ((1.0, 3),)
    store.close()
    assert embedded.exists() == (not file)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("transactions=30", "duration above 0"),
        ("transactions=0", "duration above 0"),
        ("transactions=-1h", "duration above 0"),
        ("transactions=", "duration above 0"),
        ("transaction=1h", "'transaction' is not an option"),
    ],
)
def test_wrong_options_of_a_url_are_told(tmp_path: Path, query: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        sqlite.open_metric_store(MetricStoreRequest(f"sqlite:?{query}", tmp_path / "metrics.db"))
    assert not list(tmp_path.iterdir())


def test_a_url_may_name_another_file(tmp_path: Path) -> None:
    request = MetricStoreRequest(f"sqlite:{tmp_path / 'other.db'}", tmp_path / "unused.db")
    store = sqlite.open_metric_store(request)
    assert store is not None
    store.record([], [value(1)])
    store.close()
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "unused.db").exists()
