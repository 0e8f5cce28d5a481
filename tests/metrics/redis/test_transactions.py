"""Transactions are remembered by the day, and forgotten."""

from __future__ import annotations

from iter8_gitops.metrics.redis.calls import DAY
from iter8_gitops.metrics.redis.store import RedisMetricStore
from iter8_gitops.metrics.redis.urls import parse
from iter8_gitops.spec.metric import MetricValue
from tests.metrics.redis.servers import RedisServer
from tests.metrics.streams import APPLICATION, value

NOON = 20_000.5 * DAY


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def opened(url: str, clock: Clock) -> RedisMetricStore:
    return RedisMetricStore(parse(url), clock=clock)


def order(number: float = 1.0) -> MetricValue:
    return value(number, transaction="order-1")


def counted(store: RedisMetricStore) -> int:
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    return metric.over_transactions.summary.count


def test_a_transaction_counts_once_for_seven_days_and_may_count_again_after_nine(store_url: str) -> None:
    clock = Clock()
    store = opened(store_url, clock)
    store.record([], [order()])
    for days in (0.4, 0.6, 1, 6, 6.9, 7):
        clock.now = NOON + days * DAY
        store.record([], [order()])
        assert counted(store) == 1
    clock.now = NOON + 9.5 * DAY
    store.record([], [order()])
    assert counted(store) == 2
    store.close()


def test_clocks_may_differ_by_a_day(store_url: str) -> None:
    ahead, behind = Clock(NOON + DAY), Clock(NOON)
    one, other = opened(store_url, ahead), opened(store_url, behind)
    one.record([], [order()])
    other.record([], [order()])
    other.record([], [value(1, transaction="order-2")])
    one.record([], [value(1, transaction="order-2")])
    ahead.now += 7 * DAY
    one.record([], [value(1, transaction="order-2")])
    assert counted(one) == 2
    one.close()
    other.close()


def test_days_are_deleted_when_nothing_in_them_counts_any_more(redis_server: RedisServer, store_url: str) -> None:
    store = opened(store_url, Clock())
    store.record([], [order()])
    store.close()
    prefix = store_url.partition("prefix=")[2]
    with redis_server.client() as client:
        (day,) = client.keys(f"{prefix}:*:transactions:*")
        assert 9 * DAY < client.ttl(day) <= 10 * DAY


def test_how_long_they_are_remembered_is_an_option(store_url: str) -> None:
    clock = Clock()
    store = opened(f"{store_url}&transactions=24h", clock)
    store.record([], [order()])
    clock.now += DAY
    store.record([], [order()])
    assert counted(store) == 1
    clock.now += 2.5 * DAY
    store.record([], [order()])
    assert counted(store) == 2
    store.close()
