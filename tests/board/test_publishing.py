"""What a publisher writes is what readers see: whole, incremental, and forgotten only when it is safe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from iter8_gitops.board import publisher as publisher_module
from iter8_gitops.board.news import read_news
from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.board.schema import open_to_read
from iter8_gitops.core.news import news_since
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.snapshot import Predecessor, RoutemapState, Snapshot, SourceStatus

MakeState = Callable[..., RoutemapState]


def test_a_reader_sees_what_was_published(
    publisher: BoardPublisher, reader: BoardReader, make_state: MakeState
) -> None:
    source = SourceStatus("git", "https://example.org/apps.git", "abc", 5.0)
    sequence = publisher.publish({"shop/web": make_state()}, (), [source], now=7.0)
    assert reader.refresh()
    assert reader.trouble == ""
    assert reader.snapshot == Snapshot(sequence, 7.0, (source,), {"shop/web": make_state()})


def test_publishing_nothing_still_tells_that_the_sources_were_read(
    publisher: BoardPublisher, reader: BoardReader
) -> None:
    assert publisher.publish({}, (), [], now=1.0) == 1
    reader.refresh()
    assert reader.snapshot == Snapshot(1, 1.0)


def test_a_new_publisher_loads_what_the_last_one_published(board: Path, make_state: MakeState) -> None:
    first = BoardPublisher(board)
    assert first.load() == Snapshot()
    source = SourceStatus("git", "/repo", problems=(Problem("a.yaml", 1, 2, "no such key"),))
    first.publish({"shop/web": make_state(), "shop/old": make_state("old")}, (), [source], now=1.0)
    first.publish({}, ["shop/old"], None, now=2.0)
    published = first.load()
    first.close()
    second = BoardPublisher(board)
    assert second.load() == published == Snapshot(2, 2.0, (source,), {"shop/web": make_state()})
    assert second.publish({}, (), None, now=3.0) == 3
    second.close()


def test_each_controller_goes_on_from_the_last_one_under_a_new_name(board: Path, make_state: MakeState) -> None:
    names = []
    for _ in range(3):
        publisher = BoardPublisher(board)
        publisher.publish({"shop/web": make_state()}, (), None, now=1.0)
        snapshot = publisher.load()
        names.append(snapshot.board)
        publisher.close()

    assert len(set(names)) == 3
    assert snapshot.log.predecessors == (Predecessor(names[0], 1), Predecessor(names[1], 2))
    assert snapshot.log.changed_at == {"shop/web": 3}


def test_what_a_restored_backup_undid_is_not_taken_for_seen(board: Path, make_state: MakeState) -> None:
    publisher = BoardPublisher(board)
    publisher.publish({"shop/web": make_state(epoch=1)}, (), None, now=1.0)
    publisher.close()
    backup = board.read_bytes()
    publisher = BoardPublisher(board)
    publisher.publish({"shop/web": make_state(epoch=2)}, (), None, now=2.0)
    seen = publisher.load()
    publisher.close()
    board.write_bytes(backup)

    publisher = BoardPublisher(board)
    publisher.publish({"shop/other": make_state("other")}, (), None, now=3.0)
    publisher.publish({"shop/other": make_state("other", epoch=1)}, (), None, now=4.0)
    now = publisher.load()
    publisher.close()

    assert now.sequence > seen.sequence
    assert news_since(now, seen.sequence, seen.board).complete


def test_a_board_that_only_an_earlier_release_wrote_to_is_read_without_a_name(
    board: Path, publisher: BoardPublisher, reader: BoardReader, make_state: MakeState
) -> None:
    publisher.publish({"shop/web": make_state()}, (), None, now=1.0)
    publisher._connection.execute("DROP TABLE lineage")

    assert reader.refresh()

    assert (reader.snapshot.board, list(reader.snapshot.routemaps)) == ("", ["shop/web"])


def test_sources_stay_when_they_are_not_published_anew(publisher: BoardPublisher, reader: BoardReader) -> None:
    one, two = SourceStatus("one", "/one"), SourceStatus("two", "/two")
    publisher.publish({}, (), [one, two], now=1.0)
    reader.refresh()
    publisher.publish({}, (), None, now=2.0)
    reader.refresh()
    assert list(reader.snapshot.sources) == [one, two]
    publisher.publish({}, (), [two], now=3.0)
    reader.refresh()
    assert list(reader.snapshot.sources) == [two]


def test_a_heartbeat_leaves_everything_else_as_it_was(
    publisher: BoardPublisher, reader: BoardReader, make_state: MakeState
) -> None:
    sequence = publisher.publish({"shop/web": make_state()}, (), [], now=1.0)
    reader.refresh()
    before = reader.snapshot
    publisher.heartbeat(9.0)
    assert reader.refresh()
    assert reader.snapshot.controller_at == 9.0
    assert reader.snapshot.sequence == sequence
    assert reader.snapshot.routemaps is before.routemaps


def test_without_news_the_snapshot_is_the_very_same(publisher: BoardPublisher, reader: BoardReader) -> None:
    publisher.publish({}, (), [], now=1.0)
    reader.refresh()
    before = reader.snapshot
    assert not reader.refresh()
    assert reader.snapshot is before


def test_a_snapshot_that_is_in_use_never_changes(
    publisher: BoardPublisher, reader: BoardReader, make_state: MakeState
) -> None:
    publisher.publish({"shop/web": make_state(epoch=1)}, (), None, now=1.0)
    reader.refresh()
    held = reader.snapshot
    publisher.publish({"shop/web": make_state(epoch=2)}, (), None, now=2.0)
    reader.refresh()
    assert held.routemaps["shop/web"].epoch == 1
    assert reader.snapshot.routemaps["shop/web"].epoch == 2


def test_a_removed_application_can_come_back(
    publisher: BoardPublisher, reader: BoardReader, make_state: MakeState
) -> None:
    publisher.publish({"shop/web": make_state()}, (), None, now=1.0)
    reader.refresh()
    publisher.publish({}, ["shop/web", "shop/never-there"], None, now=2.0)
    reader.refresh()
    assert reader.snapshot.routemaps == {}
    publisher.publish({"shop/web": make_state(epoch=5)}, (), None, now=3.0)
    reader.refresh()
    assert reader.snapshot.routemaps["shop/web"].epoch == 5


def test_a_state_that_cannot_be_encoded_publishes_nothing(publisher: BoardPublisher, make_state: MakeState) -> None:
    bad = make_state(epoch=object())
    with pytest.raises(TypeError):
        publisher.publish({"shop/ok": make_state("ok"), "shop/web": bad}, (), None, now=1.0)
    assert publisher.load() == Snapshot()


def test_one_change_among_ten_thousand_touches_one_row_and_no_other_value(
    publisher: BoardPublisher, reader: BoardReader, board: Path, make_state: MakeState
) -> None:
    states = {f"shop/app-{i}": make_state(f"app-{i}") for i in range(10_000)}
    publisher.publish(states, (), None, now=1.0)
    reader.refresh()
    before = reader.snapshot
    rows_before = publisher._connection.total_changes
    sequence = publisher.publish({"shop/app-7": make_state("app-7", epoch=1)}, (), None, now=2.0)
    assert publisher._connection.total_changes - rows_before == 2  # the board's own row, and one routemap
    connection = open_to_read(board)
    news = read_news(connection, sequence - 1)
    connection.close()
    assert set(news.changed) == {"shop/app-7"}
    reader.refresh()
    swapped = [name for name in states if reader.snapshot.routemaps[name] is not before.routemaps[name]]
    assert swapped == ["shop/app-7"]


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (
            "SELECT application, state FROM routemaps WHERE sequence > 5 ORDER BY sequence",
            "routemaps_by_sequence",
        ),
        ("DELETE FROM routemaps WHERE state IS NULL AND sequence <= 5", "removals_by_sequence"),
    ],
)
def test_news_and_old_removals_are_found_by_index(publisher: BoardPublisher, statement: str, index: str) -> None:
    plan = str(publisher._connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())
    assert index in plan


def test_removals_are_forgotten_after_a_while_and_slow_readers_read_everything(
    publisher: BoardPublisher, board: Path, make_state: MakeState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "KEPT_REMOVALS", 3)
    keeping_up, slow = BoardReader(board), BoardReader(board)
    publisher.publish({"shop/web": make_state(), "shop/old": make_state("old")}, (), None, now=1.0)
    keeping_up.refresh()
    slow.refresh()
    publisher.publish({}, ["shop/old"], None, now=2.0)
    for now in range(3, 7):
        publisher.publish({}, (), None, now=float(now))
        keeping_up.refresh()
    assert publisher._connection.execute("SELECT application FROM routemaps").fetchall() == [("shop/web",)]
    slow.refresh()
    assert set(slow.snapshot.routemaps) == set(keeping_up.snapshot.routemaps) == {"shop/web"}
    slow.close()
    keeping_up.close()
