"""How experiments went over time, as it is kept."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import pytest

from iter8_gitops.core.trends import MAX_POINTS
from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.trends import KEPT_EXPERIMENTS, Span, TrendStore
from iter8_gitops.spec.trend import LiftPoint, TrendPoint

WEB = "shop/web"


def point(at: float, users: int = 1) -> TrendPoint:
    lifts = (LiftPoint("revenue", 1, 0.02, -0.5, None), LiftPoint("größe", 2, None, None, None))
    return TrendPoint(at, (users, users), "keep_going", lifts)


@pytest.fixture
def store(tmp_path: Path) -> TrendStore:
    return TrendStore(tmp_path / "new" / "trends.db")


def test_before_anything_is_recorded_nothing_is_known_and_no_file_is_made(store: TrendStore, tmp_path: Path) -> None:
    assert store.read(WEB, 1) == ()
    assert store.spans() == {}
    assert list(tmp_path.iterdir()) == []


def test_what_is_recorded_is_read_as_it_was_also_by_others(store: TrendStore, tmp_path: Path) -> None:
    store.record(WEB, 1, [point(10.5), point(20.75)])
    store.record(WEB, 1, [point(31.0)])
    other = TrendStore(tmp_path / "new" / "trends.db")
    assert other.read(WEB, 1) == (point(10.5), point(20.75), point(31.0))
    assert other.spans() == {(WEB, 1): Span(10.5, 31.0)}
    assert other.read(WEB, 2) == other.read("shop/other", 1) == ()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["trends.db"]


def test_a_long_experiment_is_thinned_as_it_goes_on(store: TrendStore) -> None:
    store.record(WEB, 1, (point(10.0 * number) for number in range(1001)))
    found = [each.at for each in store.read(WEB, 1)]
    assert len(found) <= MAX_POINTS
    assert found == [80.0 * number for number in range(126)]
    assert store.spans()[WEB, 1] == Span(0.0, 10_000.0)


def test_a_clock_that_was_set_back_costs_what_it_had_written_of_the_future(store: TrendStore) -> None:
    store.record(WEB, 1, [point(10.0), point(20.0), point(9000.0)])
    store.record(WEB, 1, [point(20.0, users=2)])
    assert store.read(WEB, 1) == (point(10.0), point(20.0, users=2))
    assert store.spans()[WEB, 1] == Span(10.0, 20.0)
    store.record(WEB, 1, [point(1.0)])
    assert store.read(WEB, 1) == (point(1.0),)
    assert store.spans()[WEB, 1] == Span(1.0, 1.0)


def test_former_experiments_of_an_application_are_forgotten_when_a_new_one_begins(store: TrendStore) -> None:
    store.record("shop/other", 1, [point(1.0)])
    for experiment in (5, 6, 2, 7):  # a backup that was restored may go back
        store.record(WEB, experiment, [point(10.0 + experiment)])
    assert KEPT_EXPERIMENTS == 3
    assert set(store.spans()) == {("shop/other", 1), (WEB, 6), (WEB, 2), (WEB, 7)}
    assert store.read(WEB, 5) == ()
    assert store.read(WEB, 6) == (point(16.0),)


def test_what_was_recorded_longest_ago_is_forgotten_when_all_together_is_too_much(
    store: TrendStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iter8_gitops.metrics.trends.MAX_BYTES", 128 * 1024)
    for number in range(60):
        store.record(f"shop/w{number:02}", 1, (point(1000.0 * number + 10.0 * each) for each in range(100)))
    kept = sorted(application for application, _ in store.spans())
    assert 3 <= len(kept) < 20
    assert kept == [f"shop/w{number:02}" for number in range(60 - len(kept), 60)]
    assert len(store.read(kept[0], 1)) == 100
    assert store.read("shop/w00", 1) == ()
    assert (tmp_path / "new" / "trends.db").stat().st_size < 192 * 1024


def test_points_of_many_applications_are_recorded_together_or_not_at_all(store: TrendStore) -> None:
    store.record_all([(WEB, 1, point(1.0)), ("shop/other", 4, point(1.0))])
    assert set(store.spans()) == {(WEB, 1), ("shop/other", 4)}

    def broken() -> object:
        yield (WEB, 1, point(50.0))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.record_all(broken())  # type: ignore[arg-type]
    assert store.read(WEB, 1) == (point(1.0),)


def test_many_may_record_at_once(tmp_path: Path) -> None:
    path = tmp_path / "trends.db"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: TrendStore(path).record(f"shop/w{number}", 1, [point(1.0)]), range(40)))
    assert len(TrendStore(path).spans()) == 40


@pytest.mark.parametrize("content", [b"no database" * 100, b""], ids=["other", "empty"])
def test_a_file_that_is_no_database_is_unusable_and_left_alone_and_an_empty_one_is_new(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "trends.db"
    path.write_bytes(content)
    store = TrendStore(path)
    if not content:
        assert store.read(WEB, 1) == ()
        store.record(WEB, 1, [point(1.0)])
        assert store.read(WEB, 1) == (point(1.0),)
        return
    for call in (store.spans, lambda: store.read(WEB, 1), lambda: store.record(WEB, 1, [point(1.0)])):
        with pytest.raises(UnavailableError, match=r"trends\.db"):
            call()
    assert path.read_bytes() == content


def test_a_point_that_is_damaged_is_unusable(store: TrendStore, tmp_path: Path) -> None:
    store.record(WEB, 1, [point(1.0)])
    connection = sqlite3.connect(tmp_path / "new" / "trends.db")
    connection.execute("UPDATE point SET content = x'c1'")
    connection.commit()
    connection.close()
    with pytest.raises(UnavailableError, match=r"trends\.db"):
        store.read(WEB, 1)


def test_a_locked_file_is_unusable_for_the_time_and_loses_nothing(
    store: TrendStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.record(WEB, 1, [point(1.0)])
    monkeypatch.setattr("iter8_gitops.metrics.own_files.PATIENCE", 0.01)
    holder = sqlite3.connect(tmp_path / "new" / "trends.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    for call in (store.spans, lambda: store.read(WEB, 1), lambda: store.record(WEB, 1, [point(20.0)])):
        with pytest.raises(UnavailableError, match="locked"):
            call()
    holder.close()
    assert store.read(WEB, 1) == (point(1.0),)


def test_what_a_process_had_begun_that_was_killed_is_undone_by_the_next_reader(
    store: TrendStore, tmp_path: Path
) -> None:
    store.record(WEB, 1, [point(1.0)])
    killed = sqlite3.connect(tmp_path / "new" / "trends.db", isolation_level=None)
    killed.execute("PRAGMA cache_size = 1")
    killed.execute("BEGIN IMMEDIATE")
    killed.execute("DELETE FROM experiment")
    killed.executemany("INSERT INTO point VALUES (9, ?, ?)", [(float(each), b"x" * 500) for each in range(200)])
    copytree(tmp_path / "new", tmp_path / "left")
    killed.close()
    left = TrendStore(tmp_path / "left" / "trends.db")
    assert (tmp_path / "left" / "trends.db-journal").stat().st_size > 0

    assert left.read(WEB, 1) == (point(1.0),)
    assert left.spans() == {(WEB, 1): Span(1.0, 1.0)}


def test_a_folder_that_cannot_be_made_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match=r"trends\.db"):
        TrendStore(tmp_path / "file" / "trends.db").record(WEB, 1, [point(1.0)])
