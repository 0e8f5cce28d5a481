"""A board that is missing, locked, damaged or not a board at all."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot

MakeState = Callable[..., RoutemapState]


def _published(board: Path, state: RoutemapState) -> None:
    publisher = BoardPublisher(board)
    publisher.publish({state.application: state}, (), None, now=1.0)
    publisher.close()


def test_a_reader_that_starts_before_the_file_exists_waits_for_it(
    board: Path, reader: BoardReader, make_state: MakeState
) -> None:
    assert not reader.refresh()
    assert reader.snapshot == Snapshot()
    assert "does not exist" in reader.trouble
    _published(board, make_state())
    assert reader.refresh()
    assert reader.trouble == ""


def test_a_reader_waits_for_a_file_that_is_still_empty(board: Path, reader: BoardReader, make_state: MakeState) -> None:
    board.parent.mkdir()
    board.touch()
    assert not reader.refresh()
    assert "still empty" in reader.trouble
    _published(board, make_state())
    assert reader.refresh()
    assert set(reader.snapshot.routemaps) == {"shop/web"}


def test_a_deleted_board_keeps_the_last_snapshot_until_there_is_a_new_one(
    board: Path, reader: BoardReader, make_state: MakeState
) -> None:
    _published(board, make_state("old"))
    reader.refresh()
    shutil.rmtree(board.parent)
    assert not reader.refresh()
    assert set(reader.snapshot.routemaps) == {"shop/old"}
    assert "does not exist" in reader.trouble
    _published(board, make_state("new"))
    assert reader.refresh()
    assert set(reader.snapshot.routemaps) == {"shop/new"}


def test_a_board_replaced_between_two_refreshes_is_read_anew(
    board: Path, tmp_path: Path, reader: BoardReader, make_state: MakeState
) -> None:
    _published(board, make_state("old"))
    reader.refresh()
    other = tmp_path / "other.db"
    _published(other, make_state("new"))
    other.replace(board)
    assert reader.refresh()
    assert set(reader.snapshot.routemaps) == {"shop/new"}


def test_a_board_deleted_and_made_again_between_two_refreshes_is_read_anew(
    board: Path, reader: BoardReader, make_state: MakeState
) -> None:
    _published(board, make_state("old"))
    reader.refresh()
    shutil.rmtree(board.parent)
    _published(board, make_state("new"))
    assert reader.refresh()
    assert set(reader.snapshot.routemaps) == {"shop/new"}


def test_a_locked_board_keeps_the_last_snapshot_and_recovers_without_a_write(
    board: Path, reader: BoardReader, make_state: MakeState
) -> None:
    _published(board, make_state(epoch=1))
    reader.refresh()
    reader.close()
    held = sqlite3.connect(board, isolation_level=None)
    held.execute("PRAGMA locking_mode = EXCLUSIVE")
    held.execute("UPDATE board SET controller_at = 2")
    assert not reader.refresh()
    assert "locked" in reader.trouble
    assert reader.snapshot.routemaps["shop/web"].epoch == 1
    held.close()
    assert reader.refresh()
    assert reader.trouble == ""


def test_a_board_locked_by_somebody_else_refuses_a_publication_that_can_be_made_again(
    board: Path, publisher: BoardPublisher, make_state: MakeState
) -> None:
    publisher._connection.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(board, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="locked"):
        publisher.publish({"shop/web": make_state()}, (), None, now=1.0)
    with pytest.raises(UnavailableError, match="locked"):
        publisher.heartbeat(1.0)
    other.execute("ROLLBACK")
    other.close()
    assert publisher.publish({"shop/web": make_state()}, (), None, now=1.0) == 1


def test_a_full_disk_refuses_the_publication_whole(publisher: BoardPublisher, make_state: MakeState) -> None:
    publisher.publish({"shop/web": make_state(epoch=1)}, (), None, now=1.0)
    publisher._connection.execute("PRAGMA max_page_count = 20")
    many = {f"shop/{i}-{'x' * 500}": make_state(f"{i}") for i in range(500)}
    with pytest.raises(UnavailableError, match="full"):
        publisher.publish({"shop/web": make_state(epoch=2), **many}, (), None, now=2.0)
    assert publisher.load().routemaps == {"shop/web": make_state(epoch=1)}
    publisher._connection.execute("PRAGMA max_page_count = 100000")
    assert publisher.publish(many, (), None, now=3.0) == 2


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_refused_with_what_to_do(
    board: Path, reader: BoardReader, content: bytes
) -> None:
    board.parent.mkdir()
    board.write_bytes(content)
    with pytest.raises(ConfigurationError, match="move it away"):
        BoardPublisher(board)
    assert board.read_bytes() == content
    assert not reader.refresh()
    assert "cannot be read" in reader.trouble
    board.unlink()
    BoardPublisher(board).close()  # the refusal released the lock


def test_damage_in_the_middle_of_the_file_is_found_at_the_start(board: Path, make_state: MakeState) -> None:
    publisher = BoardPublisher(board)
    publisher.publish({f"shop/{i}": make_state(str(i)) for i in range(500)}, (), None, now=1.0)
    publisher.close()
    content = bytearray(board.read_bytes())
    content[3 * 4096 : 6 * 4096] = b"\xa5" * (3 * 4096)
    board.write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        BoardPublisher(board)


def test_a_row_that_cannot_be_decoded_is_refused_by_the_publisher_and_survived_by_readers(
    board: Path, reader: BoardReader, make_state: MakeState
) -> None:
    _published(board, make_state(epoch=1))
    reader.refresh()
    with sqlite3.connect(board) as connection:
        connection.execute("UPDATE routemaps SET sequence = 9, state = ?", (b'{"namespace": 3}',))
        connection.execute("UPDATE board SET sequence = 9")
    connection.close()
    assert not reader.refresh()
    assert "namespace" in reader.trouble
    assert reader.snapshot.routemaps["shop/web"].epoch == 1
    publisher = BoardPublisher(board)
    with pytest.raises(ConfigurationError, match="namespace"):
        publisher.load()
    publisher.publish({"shop/web": make_state(epoch=2)}, (), None, now=2.0)
    publisher.close()
    assert reader.refresh()
    assert reader.snapshot.routemaps["shop/web"].epoch == 2


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [("PRAGMA user_version = 99", "newer release"), ("CREATE TABLE foreign_data (id)", "not a board")],
)
def test_a_database_of_somebody_else_is_left_alone(
    board: Path, reader: BoardReader, statement: str, complaint: str
) -> None:
    board.parent.mkdir()
    connection = sqlite3.connect(board)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(ConfigurationError, match=complaint):
        BoardPublisher(board)
    assert not reader.refresh()
    assert complaint in reader.trouble


def test_a_folder_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        BoardPublisher(tmp_path / "file" / "board.db")


def test_a_folder_where_the_file_should_be_is_refused_and_survived(board: Path, reader: BoardReader) -> None:
    board.mkdir(parents=True)
    with pytest.raises(UnavailableError, match="unable to open"):
        BoardPublisher(board)
    assert not reader.refresh()
    assert reader.trouble != ""
