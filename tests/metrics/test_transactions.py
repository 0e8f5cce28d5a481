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


def test_a_transaction_is_kept_for_seven_days_at_least(timed: SqliteMetricStore, clock: Clock) -> None:
    assert KEPT_TRANSACTIONS == 7 * DAY
    for hour in range(7 * 24):
        timed.record([], [value(1, transaction="a"), value(1, transaction=f"hour-{hour}")])
        clock.now += 3600.0
    timed.record([], [value(1, transaction="a"), value(1, transaction="hour-0")])
    assert count(timed) == 1 + 7 * 24


def test_an_old_transaction_counts_again(path: Path, timed: SqliteMetricStore, clock: Clock) -> None:
    timed.record([], [value(1, transaction="a")])
    for day in range(12):
        clock.now += DAY
        timed.record([], [value(1, transaction=f"day-{day}")])
    assert remembered(path) < 12
    timed.record([], [value(1, transaction="a")])
    assert count(timed) == 14


def test_a_pause_makes_nothing_old_sooner(timed: SqliteMetricStore, clock: Clock) -> None:
    timed.record([], [value(1, transaction="first")])
    clock.now += 3 * DAY
    timed.record([], [value(1, transaction="a")])
    clock.now += 6 * DAY
    for name in ("b", "c", "a"):
        timed.record([], [value(1, transaction=name)])
    assert count(timed) == 4


def test_a_store_may_keep_them_for_another_time(path: Path, clock: Clock) -> None:
    store = SqliteMetricStore(path, clock=clock, kept_transactions=60.0)
    for turn in range(7):
        store.record([], [value(1, transaction="a" if turn in (0, 2, 6) else f"turn-{turn}")])
        clock.now += 29
    assert count(store) == 6
    store.close()


def test_the_time_may_be_changed_between_two_starts(path: Path, clock: Clock) -> None:
    for kept in (60.0, 30 * DAY, 60.0, 7 * DAY):
        store = SqliteMetricStore(path, clock=clock, kept_transactions=kept)
        store.record([], [value(1, transaction="a")])
        assert count(store) == 1
        store.close()
        clock.now += 31


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
    clock.now += 4 * DAY
    timed.record([], [value(1, transaction="next")])
    clock.now += 7 * DAY
    left = []
    for batch in range(16):
        timed.record([], [value(1, transaction=f"new-{batch}-{i}") for i in range(50)])
        left.append(remembered(path))
    assert left == [*range(2851, 750, -150), 801]


def test_repetitions_alone_also_let_old_ones_go(path: Path, timed: SqliteMetricStore, clock: Clock) -> None:
    timed.record([], [value(1, transaction=f"old-{i}") for i in range(150)])
    clock.now += 4 * DAY
    timed.record([], [value(1, transaction="new")])
    clock.now += 7 * DAY
    for _ in range(2):
        timed.record([], [value(1, transaction="new")])
    assert remembered(path) == 1
