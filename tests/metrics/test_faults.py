"""What a store says when its file, its folder or its disk fails it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics import sqlite as sqlite_store
from iter8_gitops.metrics.schema import APPLICATION_ID, VERSION
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.metric import Exposure
from tests.metrics.streams import APPLICATION, arm, value


def refusal(store: SqliteMetricStore) -> str:
    """What every method says of the store; they must agree."""
    said = set()
    for call in (
        lambda: store.record([Exposure(arm(), "ann")], [value(1)]),
        lambda: store.report(APPLICATION, {0: "sig"}),
        lambda: store.exposed_users(APPLICATION, {0: "sig"}),
        lambda: store.statistics(APPLICATION, {0: "sig"}),
    ):
        with pytest.raises(UnavailableError) as caught:
            call()
        said.add(str(caught.value))
    (message,) = said
    return message


def test_a_closed_store_says_so(store: SqliteMetricStore) -> None:
    store.record([], [value(1)])
    store.close()
    assert "closed" in refusal(store)


def test_nothing_is_touched_before_the_first_use(path: Path) -> None:
    SqliteMetricStore(path).close()
    assert not path.parent.exists()


def test_recording_nothing_needs_no_store(path: Path) -> None:
    SqliteMetricStore(path).record([], [])
    assert not path.exists()


def test_a_file_that_is_no_database_is_left_alone(path: Path, store: SqliteMetricStore) -> None:
    path.parent.mkdir()
    path.write_text("dear diary, " * 1000)
    assert "no database" in refusal(store)
    assert path.read_text() == "dear diary, " * 1000


def test_somebody_elses_database_is_left_alone(path: Path, store: SqliteMetricStore) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    connection.close()
    before = path.read_bytes()
    assert "not a metric store" in refusal(store)
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_with_both_numbers(path: Path, store: SqliteMetricStore) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    message = refusal(store)
    assert f"schema {VERSION + 1}" in message
    assert f"only {VERSION}" in message


def test_a_damaged_file_is_reported_not_served(path: Path, store: SqliteMetricStore) -> None:
    store.record([], [value(i, f"user-{i}") for i in range(2000)])
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    damaged = SqliteMetricStore(path)
    with pytest.raises(UnavailableError, match="damaged"):
        damaged.report(APPLICATION, {0: "sig"})
    damaged.close()


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert "folder of the metric store" in refusal(SqliteMetricStore(tmp_path / "state" / "metrics.db"))


def test_a_file_that_is_a_folder_cannot_be_opened(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal(SqliteMetricStore(tmp_path))


def test_a_lock_held_too_long_is_reported_and_the_next_call_works(path: Path) -> None:
    store = SqliteMetricStore(path, lock_timeout=0.05)
    store.record([], [value(1)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match=r"locked for 0\.05 s"):
        store.record([], [value(2)])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_transactions.counts == ((1.0, 1),)
    other.execute("ROLLBACK")
    other.close()
    store.record([], [value(3)])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_transactions.counts == ((1.0, 1), (3.0, 1))
    store.close()


FILLS_ITS_DISK = """
    import resource, sys
    from pathlib import Path
    from iter8_gitops.errors import UnavailableError
    from iter8_gitops.metrics.sqlite import SqliteMetricStore
    from tests.metrics.streams import value

    store = SqliteMetricStore(Path(sys.argv[1]))
    store.record([], [value(1.0, "user-start")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    stored = 1
    try:
        for number in range(1000):
            store.record([], [value(1.0, f"user-{number}-{i}") for i in range(100)])
            stored += 100
    except UnavailableError as error:
        print(stored, error)
"""


def test_a_full_disk_fails_the_write_and_keeps_what_was_stored(path: Path, store: SqliteMetricStore) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", dedent(FILLS_ITS_DISK), str(path)], capture_output=True, text=True, check=True
    )
    stored, message = ran.stdout.split(" ", 1)
    assert "the metric store" in message
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_users.counts == ((1.0, int(stored)),)
    store.record([], [value(1.0, "user-after")])
    assert store.exposed_users(APPLICATION, {0: "sig"}) == {0: int(stored) + 1}


def test_numbers_made_in_a_transaction_that_failed_are_not_used_later(
    store: SqliteMetricStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.record([], [value(1)])

    def fails(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(sqlite_store, "add_values", fails)
        with pytest.raises(RuntimeError):
            store.record([Exposure(arm(1, "lost"), "bob")], [value(2, "bob", arm(1, "lost"), name="lost")])
    other = arm(1, "other")
    store.record([Exposure(other, "cy")], [value(3, "cy", other, name="other")])
    store.record([Exposure(arm(1, "lost"), "bob")], [value(4, "bob", arm(1, "lost"), name="lost")])

    assert store.exposed_users(APPLICATION, {0: "sig", 1: "other"}) == {0: 1, 1: 1}
    assert store.exposed_users(APPLICATION, {1: "lost"}) == {1: 1}
    (lost,) = store.report(APPLICATION, {1: "lost"})["lost"]
    assert lost.over_transactions.counts == ((4.0, 1),)
    assert "other" not in store.report(APPLICATION, {1: "lost"})
