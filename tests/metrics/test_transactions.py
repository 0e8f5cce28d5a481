"""For how long the SQLite store remembers transactions, and what that costs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from iter8_gitops.contracts.metric_store import KEPT_TRANSACTIONS
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from tests.metrics.streams import APPLICATION, value

DAY = 24 * 3600.0


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(path: Path, clock: Clock) -> Iterator[SqliteMetricStore]:
    store = SqliteMetricStore(path, clock=clock)
    yield store
    store.close()


def count(store: SqliteMetricStore) -> int:
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    return metric.over_transactions.summary.count


def remembered(path: Path) -> int:
    connection = sqlite3.connect(path)
    (number,) = connection.execute("SELECT count(*) FROM counted").fetchone()
    connection.close()
    return int(number)


def test_a_transaction_is_kept_for_seven_days_and_then_forgotten(timed: SqliteMetricStore, clock: Clock) -> None:
    assert KEPT_TRANSACTIONS == 7 * DAY
    timed.record([], [value(1, transaction="a")])
    clock.now += 7 * DAY - 1
    timed.record([], [value(1, transaction="a")])
    assert count(timed) == 1
    clock.now += 1
    timed.record([], [value(1, transaction="a")])
    assert count(timed) == 2
    clock.now += 7 * DAY - 1
    timed.record([], [value(1, transaction="a")])
    assert count(timed) == 2


def test_a_store_may_keep_them_for_another_time(path: Path, clock: Clock) -> None:
    store = SqliteMetricStore(path, clock=clock, kept_transactions=60.0)
    for _ in range(3):
        store.record([], [value(1, transaction="a")])
        clock.now += 31
    assert count(store) == 2
    store.close()


def test_a_clock_that_goes_back_forgets_nothing(timed: SqliteMetricStore, clock: Clock) -> None:
    timed.record([], [value(1, transaction="a")])
    clock.now -= 30 * DAY
    timed.record([], [value(1, transaction="a"), value(1, transaction="b")])
    clock.now += 30 * DAY
    timed.record([], [value(1, transaction="a")])
    assert count(timed) == 2


def test_old_transactions_go_little_by_little_and_faster_than_new_ones_come(
    path: Path, timed: SqliteMetricStore, clock: Clock
) -> None:
    for batch in range(10):
        timed.record([], [value(1, transaction=f"old-{batch}-{i}") for i in range(300)])
    clock.now += 8 * DAY
    left = []
    for batch in range(16):
        timed.record([], [value(1, transaction=f"new-{batch}-{i}") for i in range(50)])
        left.append(remembered(path))
    assert left == [*range(2850, 749, -150), 800]


def test_repetitions_alone_also_let_old_ones_go(path: Path, timed: SqliteMetricStore, clock: Clock) -> None:
    timed.record([], [value(1, transaction=f"old-{i}") for i in range(150)])
    clock.now += 8 * DAY
    timed.record([], [value(1, transaction="new")])
    timed.record([], [value(1, transaction="new")])
    assert remembered(path) == 1
