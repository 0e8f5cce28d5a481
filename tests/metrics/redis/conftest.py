from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from secrets import token_hex
from typing import TypeAlias

import pytest

from iter8_gitops.metrics.redis.calls import Rules
from iter8_gitops.metrics.redis.store import RedisMetricStore
from iter8_gitops.metrics.redis.urls import parse
from tests.metrics.redis.servers import RedisServer, running, running_cluster

OpenRedis: TypeAlias = Callable[..., RedisMetricStore]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server that many tests share, each with a prefix of its own."""
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster that many tests share, each with a prefix of its own."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as servers:
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in servers)


@pytest.fixture
def store_url(redis_server: RedisServer) -> str:
    """An empty store on the shared server."""
    return f"{redis_server.url}?prefix={token_hex(4)}"


@pytest.fixture
def open_redis() -> Iterator[OpenRedis]:
    """Opens the store of a URL, and closes it in the end."""
    with ExitStack() as stack:

        def opened(url: str, rules: Rules | None = None) -> RedisMetricStore:
            store = RedisMetricStore(parse(url), rules)
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture
def store(open_redis: OpenRedis, store_url: str) -> RedisMetricStore:
    return open_redis(store_url)
