"""The history on the board: written with each publication, and read by any process."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.board.history import KEPT_ENTRIES, HistoryReader
from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.history import HistoryEntry


def entry(number: int, application: str = "shop/web") -> HistoryEntry:
    return HistoryEntry(application, float(number), "Changed", f"change {number}", version=number % 2, author="Ada")


def test_what_is_published_together_with_a_state_is_read_newest_first(tmp_path: Path, make_state: Any) -> None:
    board = BoardPublisher(tmp_path / "board.db")
    board.publish({"shop/web": make_state()}, (), None, 1.0, [entry(1), entry(2, "shop/other")])
    board.publish({}, (), None, 2.0, [entry(3)])
    found = HistoryReader(tmp_path / "board.db").entries("shop/web", 10)
    assert [(each.id, each.message, each.version, each.author) for each in found] == [
        (3, "change 3", 1, "Ada"),
        (1, "change 1", 1, "Ada"),
    ]
    board.close()


def test_pages_are_cut_by_limit_and_id(tmp_path: Path) -> None:
    board = BoardPublisher(tmp_path / "board.db")
    board.publish({}, (), None, 1.0, [entry(number) for number in range(5)])
    reader = HistoryReader(tmp_path / "board.db")
    assert [each.id for each in reader.entries("shop/web", 2)] == [5, 4]
    assert [each.id for each in reader.entries("shop/web", 2, before=4)] == [3, 2]
    assert reader.entries("shop/nowhere", 2) == ()
    board.close()


def test_of_each_application_only_the_newest_are_kept(tmp_path: Path) -> None:
    board = BoardPublisher(tmp_path / "board.db")
    board.publish({}, (), None, 1.0, [entry(0, "shop/other"), *(entry(n) for n in range(KEPT_ENTRIES))])
    board.publish({}, (), None, 2.0, [entry(KEPT_ENTRIES)])
    reader = HistoryReader(tmp_path / "board.db")
    kept = reader.entries("shop/web", 2 * KEPT_ENTRIES)
    assert (len(kept), kept[0].message, kept[-1].message) == (KEPT_ENTRIES, f"change {KEPT_ENTRIES}", "change 1")
    assert len(reader.entries("shop/other", 10)) == 1
    board.close()


def test_a_board_of_an_earlier_release_gets_a_history(tmp_path: Path) -> None:
    BoardPublisher(tmp_path / "board.db").close()
    with sqlite3.connect(tmp_path / "board.db") as connection:
        connection.execute("DROP TABLE history")
    connection.close()
    reader = HistoryReader(tmp_path / "board.db")
    with pytest.raises(UnavailableError, match=r"history in board\.db cannot be read now"):
        reader.entries("shop/web", 1)
    board = BoardPublisher(tmp_path / "board.db")
    board.publish({}, (), None, 1.0, [entry(1)])
    assert len(reader.entries("shop/web", 1)) == 1
    board.close()


def test_a_publication_that_fails_leaves_no_trace_in_the_history(tmp_path: Path) -> None:
    board = BoardPublisher(tmp_path / "board.db")
    blocker = sqlite3.connect(tmp_path / "board.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    board._connection.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(UnavailableError):
        board.publish({}, (), None, 1.0, [entry(1)])
    blocker.execute("ROLLBACK")
    blocker.close()
    assert HistoryReader(tmp_path / "board.db").entries("shop/web", 1) == ()
    board.close()
