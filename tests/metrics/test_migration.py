"""A file of an older release is taken over with all that it holds."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.schema import VERSION
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.metric import ArmStatistics, Exposure
from tests.metrics import version_1
from tests.metrics.streams import RawStream, arm, counted, exact_summary, value
from tests.metrics.test_processes import started

APPLICATIONS = ("shop/web", "shop/api")
SIGNATURES = ({0: "s", 1: "s"}, {0: "t", 1: "t"})
RATIO = ("sales", "visits")


@pytest.fixture
def raw() -> RawStream:
    """What the older release was given."""
    known = RawStream()
    for exposures, values in version_1.batches():
        known.record(exposures, values)
    known.newcomers.clear()
    return known


@pytest.fixture
def old(path: Path) -> Path:
    version_1.unpack(path)
    return path


def agree(store: SqliteMetricStore, raw: RawStream) -> None:
    for application in APPLICATIONS:
        for signatures in SIGNATURES:
            expected = raw.report(application, signatures)
            report = store.report(application, signatures)
            assert list(report) == list(expected)
            for name, versions in expected.items():
                for metric, (version, transactions, totals) in zip(report[name], versions, strict=True):
                    assert metric.version == version
                    assert metric.over_transactions.counts == counted(transactions)
                    assert metric.over_users.counts == counted(totals)
                    assert metric.over_users.summary == exact_summary(totals)
            found = store.statistics(application, signatures, [RATIO])
            assert found == raw.statistics(application, signatures, [RATIO])


def test_the_file_was_written_by_the_older_release(old: Path) -> None:
    connection = sqlite3.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM past_total").fetchone() > (20,)
    connection.close()


def test_everything_is_there_and_no_newcomer_is_made_up(old: Path, store: SqliteMetricStore, raw: RawStream) -> None:
    agree(store, raw)
    arms = [arm for signatures in SIGNATURES for arm in store.statistics("shop/web", signatures)]
    assert any(0 < sums.positive < sums.count for each in arms for sums in each.metrics.values())
    assert {each.newcomers for each in arms} == {0}
    with sqlite3.connect(old) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_what_comes_after_it_continues_what_was_there(old: Path, store: SqliteMetricStore, raw: RawStream) -> None:
    for exposures, values in version_1.batches():
        after = [replace(each, products=(RATIO,)) for each in values]
        after += [value(-0.25, each.user, each.fallback, transaction="once") for each in values[:2]]
        for recorded in (store, raw):
            recorded.record(exposures, after)
    agree(store, raw)


def test_old_and_new_users_are_newcomers_where_the_next_experiment_begins(old: Path, store: SqliteMetricStore) -> None:
    store.record([Exposure(arm(0, "u", 9), user, 9) for user in ("user-1", "new")], [])
    (found,) = store.statistics("shop/web", {0: "u"})
    assert found == ArmStatistics(0, 9, 2, 2, {}, {})


def test_the_tables_are_those_of_a_new_file(old: Path, store: SqliteMetricStore, tmp_path: Path) -> None:
    new = SqliteMetricStore(tmp_path / "new.db")
    described = []
    for opened, path in ((store, old), (new, tmp_path / "new.db")):
        opened.record([], [value(1)])
        opened.close()
        connection = sqlite3.connect(path)
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {
            table: {row[1:4] + row[5:] for row in connection.execute(f"PRAGMA table_info({table})")} for table in tables
        }
        indexes = set(connection.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql <> ''"))
        foreign = {
            table: {row[2:5] for row in connection.execute(f"PRAGMA foreign_key_list({table})")} for table in tables
        }
        described.append((columns, indexes, foreign))
        connection.close()
    assert described[0] == described[1]


OPENS_AND_WRITES = """
    import sys
    from pathlib import Path
    from iter8_gitops.metrics.sqlite import SqliteMetricStore
    from tests.metrics.streams import arm, value

    store = SqliteMetricStore(Path(sys.argv[1]))
    sys.stdin.readline()
    store.record([], [value(1.0, sys.argv[2], arm(0, "s"))])
    store.close()
"""


def test_many_processes_may_open_it_at_once(old: Path, store: SqliteMetricStore, raw: RawStream) -> None:
    processes = [started(OPENS_AND_WRITES, str(old), f"process-{n}") for n in range(4)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for number, process in enumerate(processes):
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        raw.record([], [value(1.0, f"process-{number}", arm(0, "s"))])
    assert raw.newcomers == {arm(0, "s", 0): len(processes)}
    agree(store, raw)


def test_threads_may_open_it_at_once(old: Path, raw: RawStream) -> None:
    stores = [SqliteMetricStore(old) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert len(set(map(str, pool.map(lambda one: one.report("shop/web", SIGNATURES[0]), stores)))) == 1
    agree(stores[0], raw)
    for one in stores:
        one.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(old: Path, store: SqliteMetricStore, raw: RawStream) -> None:
    with sqlite3.connect(old) as connection:
        connection.execute("CREATE TABLE counted (somebody TEXT)")
    connection.close()
    with pytest.raises(UnavailableError, match="counted"):
        store.report("shop/web", SIGNATURES[0])
    connection = sqlite3.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM aggregate").fetchone() > (20,)
    connection.execute("DROP TABLE counted")
    connection.commit()
    connection.close()
    agree(store, raw)
