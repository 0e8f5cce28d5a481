"""Several processes on one store, and processes that die."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import TypeAlias

import pytest

from tests.metrics.redis.conftest import OpenRedis
from tests.metrics.redis.servers import running
from tests.metrics.streams import APPLICATION, value

OPENS = """
    import os, random, sys
    from concurrent.futures import ThreadPoolExecutor
    from itertools import count
    from iter8_gitops.metrics.redis.store import RedisMetricStore
    from iter8_gitops.metrics.redis.urls import parse
    from iter8_gitops.metrics.writer import GroupCommitWriter
    from tests.metrics.streams import arm, value

    store = RedisMetricStore(parse(sys.argv[1]))
"""


Start: TypeAlias = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def started() -> Iterator[Start]:
    """Runs a script with arguments; none outlives the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", dedent(OPENS) + dedent(script), *arguments]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=30)


WRITES_AND_ACKNOWLEDGES = """
    writer = GroupCommitWriter(store)
    numbers = count(int(sys.argv[2]))

    def work(_):
        while True:
            group = [next(numbers) for _ in range(3)]
            writer.expose(arm(group[0] % 2), f"user:{group[0] % 50}")
            writer.submit([value(float(n), f"user:{n % 50}") for n in group]).result()
            sys.stdout.write("".join(f"{n}\\n" for n in group))
            sys.stdout.flush()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
"""


@pytest.mark.parametrize("killed", ["writers", "server"])
def test_after_kill_9_under_load_every_acknowledged_value_is_there_exactly_once(
    tmp_path: Path, open_redis: OpenRedis, started: Start, killed: str
) -> None:
    with running(tmp_path, appendonly="yes", appendfsync="always", hash_max_listpack_entries="8") as server:
        writers = [started(WRITES_AND_ACKNOWLEDGES, server.url, str(1 + n * 1_000_000)) for n in range(2)]
        acknowledged: set[float] = set()
        for process in writers:
            assert process.stdout is not None
            acknowledged.update(float(process.stdout.readline()) for _ in range(400))
        if killed == "server":
            server.kill()
            server.start()
        for process in writers:
            process.send_signal(signal.SIGKILL)
        for process in writers:
            output, errors = process.communicate(timeout=30)
            assert process.returncode in (-signal.SIGKILL, 1), errors
            acknowledged.update(float(line) for line in output.splitlines(keepends=True) if line.endswith("\n"))
        stored: dict[float, int] = {}
        for metric in open_redis(server.url).report(APPLICATION, {0: "sig", 1: "sig"})["sales"]:
            assert metric.over_transactions.summary.count < 4096, "too many to be told apart"
            for number, times in metric.over_transactions.counts:
                stored[number] = stored.get(number, 0) + times
        assert acknowledged <= stored.keys()
        assert set(stored.values()) == {1}


WRITES_ORDERS = """
    draw = random.Random(sys.argv[2])
    while True:
        first = draw.randrange(300)
        orders = range(first, min(first + 7, 300))
        store.record([], [value(1.0, f"user-{n % 20}", transaction=f"order-{n}") for n in orders])
        print(first, flush=True)
"""


def test_writers_that_die_at_random_and_try_again_count_every_transaction_once(
    open_redis: OpenRedis, started: Start, store_url: str
) -> None:
    for generation in range(2):
        writers = [started(WRITES_ORDERS, store_url, f"{generation}-{n}") for n in range(2)]
        for process in writers:
            assert process.stdout is not None
            for _ in range(20):
                process.stdout.readline()
            process.kill()
        for process in writers:
            process.communicate(timeout=30)
    store = open_redis(store_url)
    store.record([], [value(1.0, f"user-{n % 20}", transaction=f"order-{n}") for n in range(300)])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_transactions.counts == ((1.0, 300),)
    assert metric.over_users.counts == ((15.0, 20),)


FORKS = """
    writer = GroupCommitWriter(store)
    store.record([], [value(1.0, "before")])
    writer.submit([value(1.0, "parent")]).result()
    children = []
    for n in range(3):
        child = os.fork()
        if not child:
            writer.expose(arm(), "silent")
            writer.submit([value(1.0, f"child-{n}")]).result(20)
            writer.close()
            store.close()
            os._exit(0)
        children.append(child)
    writer.submit([value(1.0, "parent")]).result(20)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    writer.close()
    store.close()
"""


@pytest.mark.parametrize("kind", ["store_url", "cluster_url"])
def test_a_store_and_a_writer_made_before_a_fork_work_in_every_process(
    request: pytest.FixtureRequest, open_redis: OpenRedis, started: Start, kind: str
) -> None:
    url: str = request.getfixturevalue(kind)
    if kind == "cluster_url":
        url += "?prefix=forks"
    process = started(FORKS, url)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    (metric,) = open_redis(url).report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_users.counts == ((0.0, 1), (1.0, 4), (2.0, 1))
