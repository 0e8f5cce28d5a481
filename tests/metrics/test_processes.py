"""Several processes on one file, and processes that die."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from iter8_gitops.metrics.sqlite import SqliteMetricStore
from tests.metrics.streams import APPLICATION


def started(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", dedent(script), *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


WRITES_AND_ACKNOWLEDGES = """
    import sys
    from concurrent.futures import ThreadPoolExecutor
    from itertools import count
    from pathlib import Path
    from iter8_gitops.metrics.sqlite import SqliteMetricStore
    from iter8_gitops.metrics.writer import GroupCommitWriter
    from iter8_gitops.spec.metric import Exposure
    from tests.metrics.streams import arm, value

    first = int(sys.argv[2])
    writer = GroupCommitWriter(SqliteMetricStore(Path(sys.argv[1]), exact_values=1_000_000))
    numbers = count(first)

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


@pytest.mark.parametrize("writers", [1, 2])
def test_after_kill_9_under_load_every_acknowledged_value_is_there_exactly_once(path: Path, writers: int) -> None:
    processes = [started(WRITES_AND_ACKNOWLEDGES, str(path), str(1 + n * 1_000_000)) for n in range(writers)]
    acknowledged: set[float] = set()
    for process in processes:
        assert process.stdout is not None
        acknowledged.update(float(process.stdout.readline()) for _ in range(400))
    for process in processes:
        process.send_signal(signal.SIGKILL)
    for process in processes:
        output, errors = process.communicate(timeout=30)
        assert process.returncode == -signal.SIGKILL, errors
        acknowledged.update(float(line) for line in output.splitlines(keepends=True) if line.endswith("\n"))
    store = SqliteMetricStore(path, exact_values=1_000_000)
    stored: dict[float, int] = {}
    for metric in store.report(APPLICATION, {0: "sig", 1: "sig"})["sales"]:
        for number, count in metric.over_transactions.counts:
            stored[number] = stored.get(number, 0) + count
    store.close()
    assert acknowledged <= stored.keys()
    assert set(stored.values()) == {1}


WRITES_BESIDE_OTHERS = """
    import sys
    from pathlib import Path
    from iter8_gitops.metrics.sqlite import SqliteMetricStore
    from iter8_gitops.spec.metric import Exposure
    from tests.metrics.streams import arm, value

    store = SqliteMetricStore(Path(sys.argv[1]))
    for turn in range(40):
        store.record(
            [Exposure(arm(), f"user-{i}") for i in range(10)],
            [value(1.0, f"user-{i}") for i in range(10)] + [value(0.5, f"{sys.argv[2]}-{turn}")],
        )
"""


def test_processes_that_write_at_once_lose_and_repeat_nothing(path: Path) -> None:
    processes = [started(WRITES_BESIDE_OTHERS, str(path), f"own-{n}") for n in range(4)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    store = SqliteMetricStore(path)
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_transactions.counts == ((0.5, 160), (1.0, 1600))
    assert metric.over_users.counts == ((0.5, 160), (160.0, 10))
    assert store.exposed_users(APPLICATION, {0: "sig"}) == {0: 170}
    store.close()


FORKS = """
    import os, sys
    from pathlib import Path
    from iter8_gitops.metrics.sqlite import SqliteMetricStore
    from iter8_gitops.metrics.writer import GroupCommitWriter
    from iter8_gitops.spec.metric import Exposure
    from tests.metrics.streams import arm, value

    store = SqliteMetricStore(Path(sys.argv[1]))
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


def test_a_store_and_a_writer_made_before_a_fork_work_in_every_process(path: Path) -> None:
    process = started(FORKS, str(path))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    store = SqliteMetricStore(path)
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_users.counts == ((0.0, 1), (1.0, 4), (2.0, 1))
    store.close()
