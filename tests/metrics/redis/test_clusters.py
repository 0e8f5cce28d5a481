"""Clusters: applications in slots of their own, slots that move, and nodes that die."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

import pytest
from redis import Redis
from redis.crc import key_slot

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.redis.store import RedisMetricStore
from iter8_gitops.spec.metric import Exposure
from tests.metrics.redis.conftest import OpenRedis
from tests.metrics.redis.servers import running_cluster
from tests.metrics.redis.test_access import RIGHTS
from tests.metrics.streams import arm, value

APPLICATIONS = [f"shop/app-{number}" for number in range(12)] + ["", "a}b", "{", "{}x", "é b"]


def ports(cluster_url: str) -> list[int]:
    return [int(address.rpartition(":")[2]) for address in cluster_url.removeprefix("redis+cluster://").split(",")]


def record_everywhere(store: RedisMetricStore, number: float) -> None:
    given = [arm(application=application) for application in APPLICATIONS]
    store.record([Exposure(one, "silent") for one in given], [value(number, fallback=one) for one in given])


def counts(store: RedisMetricStore, application: str) -> tuple[tuple[float, int], ...]:
    (metric,) = store.report(application, {0: "sig"})["sales"]
    return metric.over_transactions.counts


def test_a_batch_over_many_slots_is_stored(cluster_url: str, open_redis: OpenRedis) -> None:
    store = open_redis(f"{cluster_url}?prefix={token_hex(4)}")
    record_everywhere(store, 1)
    record_everywhere(store, 2)
    assert {counts(store, application) for application in APPLICATIONS} == {((1.0, 1), (2.0, 1))}


def test_all_keys_of_an_application_are_in_one_slot(cluster_url: str, open_redis: OpenRedis) -> None:
    prefix = token_hex(4)
    record_everywhere(open_redis(f"{cluster_url}?prefix={prefix}"), 1)
    slots: dict[bytes, set[int]] = {}
    for port in ports(cluster_url):
        with Redis(port=port) as client:
            for key in client.keys(f"{prefix}:*"):
                slots.setdefault(key.split(b"}")[0], set()).add(key_slot(key))
    assert len(slots) == len(APPLICATIONS)
    assert all(len(found) == 1 for found in slots.values())
    assert len(set.union(*slots.values())) > 10


def test_one_known_node_is_enough(cluster_url: str, open_redis: OpenRedis) -> None:
    store = open_redis(f"{cluster_url.partition(',')[0]}?prefix={token_hex(4)}")
    record_everywhere(store, 1)
    assert counts(store, APPLICATIONS[3]) == ((1.0, 1),)


def test_a_user_needs_no_more_rights_than_the_documentation_says(cluster_url: str, open_redis: OpenRedis) -> None:
    for port in ports(cluster_url):
        with Redis(port=port) as client:
            granted = (*RIGHTS.split(), "+cluster|slots", "+command", "+asking")
            client.acl_setuser("iter8", enabled=True, passwords="+s3cret", reset=True)
            client.execute_command("ACL", "SETUSER", "iter8", *granted)
    store = open_redis(cluster_url.replace("://", "://iter8:s3cret@"))
    record_everywhere(store, 1)
    assert {counts(store, application) for application in APPLICATIONS} == {((1.0, 1),)}
    assert store.statistics(APPLICATIONS[0], {0: "sig"})


def test_waiting_for_replicas_that_a_cluster_has_not_is_told(cluster_url: str, open_redis: OpenRedis) -> None:
    url = f"{cluster_url}?prefix={token_hex(4)}"
    store = open_redis(f"{url}&wait=1&wait_timeout=10ms")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="only 0 of 1"):
            record_everywhere(store, 1)
    careless = open_redis(url)
    assert {counts(careless, application) for application in APPLICATIONS} == {((1.0, 1),)}


def test_a_slot_that_moved_is_followed_and_a_batch_that_failed_between_is_completed(
    tmp_path: Path, open_redis: OpenRedis
) -> None:
    with running_cluster(tmp_path) as servers:
        url = "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in servers)
        store = open_redis(f"{url}?timeout=2s")
        record_everywhere(store, 1)
        # An empty slot changes hands; then its first application is written.
        slot = key_slot(b"shop/moved")
        clients = [server.client() for server in servers]
        identifiers = [client.execute_command("CLUSTER", "MYID") for client in clients]
        owner = slot * 3 // 16_384
        heir = (owner + 1) % 3
        for client in (clients[heir], clients[owner], clients[(owner + 2) % 3]):
            client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", identifiers[heir])
        store.record([], [value(1, fallback=arm(application="shop/moved"))])
        assert counts(store, "shop/moved") == ((1.0, 1),)

        servers[heir].freeze()
        with pytest.raises(UnavailableError):
            record_everywhere(store, 2)
        servers[heir].thaw()
        for client in clients:
            client.close()
        for _ in range(50):
            try:
                record_everywhere(store, 2)
            except UnavailableError:
                continue
            break
        assert {counts(store, application) for application in APPLICATIONS} == {((1.0, 1), (2.0, 1))}
