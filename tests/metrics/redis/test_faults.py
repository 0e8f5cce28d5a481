"""What the store says when the server, or the way to it, fails, and that it goes on by itself."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.redis.store import RedisMetricStore
from iter8_gitops.spec.metric import Exposure
from tests.metrics.redis.conftest import OpenRedis
from tests.metrics.redis.doubles import answering
from tests.metrics.redis.servers import RedisServer, eventually, running
from tests.metrics.streams import APPLICATION, arm, value

DURABLE: dict[str, Any] = {"appendonly": "yes", "appendfsync": "always"}


def refusal(store: RedisMetricStore, *, reads: bool = True) -> str:
    """What the store says to a write, and, if they fail too, to all reads."""
    calls: list[Callable[[], object]] = [lambda: store.record([Exposure(arm(), "ann")], [value(1)])]
    if reads:
        calls += [
            lambda: store.report(APPLICATION, {0: "sig"}),
            lambda: store.exposed_users(APPLICATION, {0: "sig"}),
            lambda: store.statistics(APPLICATION, {0: "sig"}),
        ]
    said = set()
    for call in calls:
        with pytest.raises(UnavailableError) as caught:
            call()
        said.add(str(caught.value).partition(" (it says")[0])
    (message,) = said
    return message


def counts(store: RedisMetricStore) -> tuple[tuple[float, int], ...]:
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    return metric.over_transactions.counts


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_nothing_is_connected_before_the_first_use(open_redis: OpenRedis) -> None:
    open_redis(f"redis://127.0.0.1:{free_port()}").record([], [])


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_a_server_that_is_not_there_is_named(open_redis: OpenRedis, scheme: str) -> None:
    port = free_port()
    message = refusal(open_redis(f"{scheme}://127.0.0.1:{port}"))
    assert f"{scheme}://127.0.0.1:{port}" in message


def test_a_server_that_starts_again_is_used_again(tmp_path: Path, open_redis: OpenRedis) -> None:
    with running(tmp_path, **DURABLE) as server:
        store = open_redis(server.url)
        store.record([], [value(1)])
        server.kill()
        assert "cannot be reached" in refusal(store)
        server.start()
        store.record([], [value(2)])
        assert counts(store) == ((1.0, 1), (2.0, 1))


def test_connections_that_died_unnoticed_are_replaced(redis_server: RedisServer, store: RedisMetricStore) -> None:
    store.record([], [value(1)])
    with redis_server.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal")
    store.record([], [value(2)])
    assert counts(store) == ((1.0, 1), (2.0, 1))


def test_a_server_that_hangs_is_given_up_in_time_and_its_batch_is_not_stored_twice(
    tmp_path: Path, open_redis: OpenRedis
) -> None:
    with running(tmp_path) as server:
        store = open_redis(f"{server.url}?timeout=300ms")
        store.record([], [value(1)])
        server.freeze()
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"no answer within 0\.3 s"):
            store.record([], [value(2)])
        assert time.monotonic() - began < 10
        server.thaw()
        assert eventually(lambda: _succeeds(lambda: store.record([], [value(2)])))
        assert counts(store) == ((1.0, 1), (2.0, 1))


def _succeeds(call: Callable[[], object]) -> bool:
    try:
        call()
    except UnavailableError:
        return False
    return True


def test_a_replica_is_not_written(redis_server: RedisServer, tmp_path: Path, open_redis: OpenRedis) -> None:
    with running(tmp_path, replicaof=f"127.0.0.1 {redis_server.port}") as replica:
        assert "it is a replica" in refusal(open_redis(replica.url), reads=False)


def test_a_replica_that_becomes_the_primary_is_written_at_the_next_try(
    redis_server: RedisServer, tmp_path: Path, open_redis: OpenRedis
) -> None:
    with running(tmp_path, replicaof=f"127.0.0.1 {redis_server.port}") as replica:
        store = open_redis(f"{replica.url}?prefix=promoted")
        assert "it is a replica" in refusal(store, reads=False)
        with replica.client() as client:
            client.execute_command("REPLICAOF", "NO", "ONE")
        store.record([Exposure(arm(), "ann")], [value(1)])
        assert counts(store) == ((1.0, 1),)


def test_a_server_without_memory_refuses_a_batch_as_a_whole(tmp_path: Path, open_redis: OpenRedis) -> None:
    with running(tmp_path) as server, server.client() as client:
        store = open_redis(server.url)
        store.record([Exposure(arm(), "bob")], [value(1)])
        client.config_set("maxmemory", "1mb")
        assert "no memory left" in refusal(store, reads=False)
        assert counts(store) == ((1.0, 1),)
        client.config_set("maxmemory", "0")
        store.record([Exposure(arm(), "ann")], [value(1)])
        assert counts(store) == ((1.0, 2),)


def test_too_few_replicas_are_named(tmp_path: Path, open_redis: OpenRedis) -> None:
    with running(tmp_path, min_replicas_to_write="1") as server:
        assert "too few replicas" in refusal(open_redis(server.url), reads=False)


@pytest.mark.parametrize("login", ["ann:wrong@", ":wrong@", ""])
def test_a_wrong_password_is_refused_without_being_shown(tmp_path: Path, open_redis: OpenRedis, login: str) -> None:
    with running(tmp_path, requirepass="s3cret") as server:
        message = refusal(open_redis(f"redis://{login}127.0.0.1:{server.port}"))
        assert "password" in message
        assert "wrong" not in message
        assert "s3cret" not in message
        open_redis(f"redis://:s3cret@127.0.0.1:{server.port}").record([], [value(1)])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", "loading its data"),
        (b"-MASTERDOWN Link with MASTER is down\r\n", "lost its primary"),
        (b"-MISCONF Errors writing to the AOF file\r\n", "cannot save to its disk"),
        (b"-BUSY Redis is busy running a script\r\n", "a script keeps it busy"),
        (b"-MOVED 1 127.0.0.1:1\r\n", "redis+cluster://"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not answer as Redis does"),
        (b"-ERR unknown command 'EVALSHA'\r\n", "too old"),
    ],
)
def test_what_servers_answer_is_told_in_words(open_redis: OpenRedis, answer: bytes, said: str) -> None:
    with answering(answer) as port:
        with pytest.raises(UnavailableError) as caught:
            open_redis(f"redis://127.0.0.1:{port}").record([], [value(1)])
        assert said in str(caught.value)


def test_a_server_that_is_no_cluster_says_so(redis_server: RedisServer, open_redis: OpenRedis) -> None:
    assert "not part of a cluster" in refusal(open_redis(f"redis+cluster://127.0.0.1:{redis_server.port}"))


def test_a_node_of_a_cluster_says_so(cluster_url: str, open_redis: OpenRedis) -> None:
    urls = [f"redis://{address}" for address in cluster_url.removeprefix("redis+cluster://").split(",")]
    said = {refusal(open_redis(url)).partition(": ")[2] for url in urls if not _succeeds_on(open_redis(url))}
    (message,) = said
    assert "redis+cluster://" in message


def _succeeds_on(store: RedisMetricStore) -> bool:
    """The node that has the slot of the application answers."""
    return _succeeds(lambda: store.record([], [value(1)]))


def test_a_database_that_is_not_there_is_told(redis_server: RedisServer, open_redis: OpenRedis) -> None:
    assert "no such database" in refusal(open_redis(f"{redis_server.url}/99"))


def test_databases_and_prefixes_keep_stores_apart(redis_server: RedisServer, open_redis: OpenRedis) -> None:
    stores = [open_redis(f"{redis_server.url}{rest}") for rest in ("/1?prefix=apart", "/2?prefix=apart", "/2?prefix=b")]
    for number, store in enumerate(stores):
        store.record([], [value(number)])
    assert [counts(store) for store in stores] == [((0.0, 1),), ((1.0, 1),), ((2.0, 1),)]


def test_keys_of_another_release_are_left_alone(redis_server: RedisServer, open_redis: OpenRedis) -> None:
    store = open_redis(f"{redis_server.url}?prefix=newer")
    store.record([], [value(1)])
    with redis_server.client() as client:
        client.hset("newer:{shop/web}:catalog", "format", "2")
        before = client.dbsize()
        assert "another release" in refusal(store, reads=False)
        assert client.dbsize() == before


def test_keys_of_another_kind_are_left_alone(redis_server: RedisServer, open_redis: OpenRedis) -> None:
    with redis_server.client() as client:
        client.set("taken:{shop/web}:users", "mine")
        assert "choose another one with prefix" in refusal(open_redis(f"{redis_server.url}?prefix=taken"), reads=False)
        assert client.keys("taken:*") == [b"taken:{shop/web}:users"]
