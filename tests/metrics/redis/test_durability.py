"""What was acknowledged is there after crashes; what was lost on the way is not counted twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.redis.store import RedisMetricStore
from iter8_gitops.spec.metric import Exposure, MetricValue
from tests.metrics.redis.conftest import OpenRedis
from tests.metrics.redis.doubles import relay
from tests.metrics.redis.servers import RedisServer, eventually, running
from tests.metrics.streams import APPLICATION, arm, value

DURABLE: dict[str, Any] = {"appendonly": "yes", "appendfsync": "always"}


def counts(store: RedisMetricStore, application: str = APPLICATION) -> tuple[tuple[float, int], ...]:
    report = store.report(application, {0: "sig"})
    return report["sales"][0].over_transactions.counts if report else ()


def two_applications(number: float) -> list[MetricValue]:
    return [value(number), value(number, fallback=arm(application="shop/api"))]


def test_an_acknowledged_batch_survives_kill_9_and_is_known_afterwards(tmp_path: Path, open_redis: OpenRedis) -> None:
    with running(tmp_path, **DURABLE) as server:
        store = open_redis(server.url)
        for number in range(20):
            store.record([Exposure(arm(), f"silent-{number}")], [value(1, f"user-{number}", transaction=f"t{number}")])
        before = store.report(APPLICATION, {0: "sig"}), store.statistics(APPLICATION, {0: "sig"})
        server.kill()
        server.start()
        store.record([], [value(1, f"user-{number}", transaction=f"t{number}") for number in range(20)])
        assert (store.report(APPLICATION, {0: "sig"}), store.statistics(APPLICATION, {0: "sig"})) == before
        assert store.exposed_users(APPLICATION, {0: "sig"}) == {0: 40}


def test_a_batch_whose_answer_is_lost_is_stored_once(
    redis_server: RedisServer, open_redis: OpenRedis, store_url: str
) -> None:
    prefix = store_url.partition("?")[2]
    with relay(redis_server.port) as between:
        store = open_redis(f"redis://127.0.0.1:{between.port}?{prefix}")
        store.record([], [value(1)])
        between.answers_to_lose = 1
        store.record([], [value(2)])
        assert between.lost == 1
        assert counts(store) == ((1.0, 1), (2.0, 1))


@pytest.mark.parametrize("lost", [5, 6])
def test_a_batch_that_failed_is_stored_once_when_it_is_recorded_again(
    redis_server: RedisServer, open_redis: OpenRedis, store_url: str, lost: int
) -> None:
    prefix = store_url.partition("?")[2]
    with relay(redis_server.port) as between:
        store = open_redis(f"redis://127.0.0.1:{between.port}?{prefix}")
        store.record([], [value(1)])
        between.answers_to_lose = lost
        for _ in range(lost // 4):
            with pytest.raises(UnavailableError):
                store.record([Exposure(arm(), "bob")], two_applications(2))
        store.record([Exposure(arm(), "bob")], two_applications(2))
        assert between.lost == lost
        assert counts(store) == ((1.0, 1), (2.0, 1))
        assert counts(store, "shop/api") == ((2.0, 1),)
        store.record([Exposure(arm(), "bob")], two_applications(2))
        assert counts(store, "shop/api") == ((2.0, 2),)


def test_equal_batches_that_succeed_all_count(store: RedisMetricStore) -> None:
    for _ in range(3):
        store.record([], [value(1)])
    assert counts(store) == ((1.0, 3),)


def test_a_batch_of_several_applications_is_one_transaction_on_one_server(
    tmp_path: Path, open_redis: OpenRedis
) -> None:
    """The file that a crash leaves has all of it or none: Redis leaves out a transaction that is cut off."""
    with running(tmp_path, **DURABLE, appenddirname="aof", aof_use_rdb_preamble="no") as server:
        store = open_redis(server.url)
        store.record([], two_applications(1))
        (commands,) = (tmp_path / "aof").glob("*.incr.aof")
        whole = commands.read_bytes()
        store.record([], two_applications(2))
        store.close()
        server.kill()
        second = commands.read_bytes()[len(whole) :]
        for length in range(0, len(second), 97):
            commands.write_bytes(whole + second[:length])
            server.start()
            again = open_redis(server.url)
            assert counts(again) == counts(again, "shop/api") == ((1.0, 1),)
            again.close()
            server.kill()


def test_as_many_replicas_as_are_waited_for_have_an_acknowledged_batch(tmp_path: Path, open_redis: OpenRedis) -> None:
    with running(tmp_path / "primary") as primary:
        settings: dict[str, Any] = {"replicaof": f"127.0.0.1 {primary.port}", "repl_diskless_sync_delay": "0"}
        with running(tmp_path / "replica", **settings) as replica:
            with primary.client() as client:
                assert eventually(lambda: client.info("replication")["connected_slaves"] == 1)
                assert eventually(lambda: client.info("replication")["slave0"]["state"] == "online")
            store = open_redis(f"{primary.url}?wait=1&wait_timeout=4s")
            for number in range(5):
                store.record([Exposure(arm(), "bob")], two_applications(number))
            primary.kill()
            there = open_redis(replica.url)
            assert counts(there) == counts(there, "shop/api") == tuple((float(number), 1) for number in range(5))


def test_a_batch_that_too_few_replicas_confirm_is_told_and_not_stored_twice(
    redis_server: RedisServer, open_redis: OpenRedis, store_url: str
) -> None:
    waiting, careless = open_redis(f"{store_url}&wait=1&wait_timeout=20ms"), open_redis(store_url)
    for _ in range(3):
        with pytest.raises(UnavailableError, match="only 0 of 1 replicas have confirmed"):
            waiting.record([Exposure(arm(), "bob")], two_applications(1))
    assert counts(careless) == ((1.0, 1),)
    assert counts(careless, "shop/api") == ((1.0, 1),)


def test_a_batch_that_a_failover_took_away_is_not_confirmed(
    redis_server: RedisServer, open_redis: OpenRedis, store_url: str
) -> None:
    """Here the marker is deleted as a primary that never got it would not have it."""
    store = open_redis(f"{store_url}&wait=1&wait_timeout=20ms")
    with pytest.raises(UnavailableError):
        store.record([], [value(1)])
    prefix = store_url.partition("prefix=")[2]
    with redis_server.client() as client:
        for key in client.keys(f"{prefix}:*"):
            client.delete(key)
    with pytest.raises(UnavailableError, match="only 0 of 1"):
        store.record([], [value(1)])
    assert counts(open_redis(store_url)) == ((1.0, 1),)
