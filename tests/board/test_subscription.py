from __future__ import annotations

import threading
import time
from collections.abc import Callable

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.board.subscription import BoardSubscription
from iter8_gitops.spec.snapshot import RoutemapState

MakeState = Callable[..., RoutemapState]


def _await_sequence(reader: BoardReader, sequence: int) -> None:
    deadline = time.monotonic() + 10
    while reader.snapshot.sequence != sequence and time.monotonic() < deadline:
        time.sleep(0.005)
    assert reader.snapshot.sequence == sequence


def test_the_snapshot_is_there_when_start_returns_and_follows_the_board(
    publisher: BoardPublisher, reader: BoardReader, make_state: MakeState
) -> None:
    publisher.publish({"shop/web": make_state()}, (), None, now=1.0)
    with BoardSubscription(reader, interval=0.01):
        assert set(reader.snapshot.routemaps) == {"shop/web"}
        publisher.publish({}, ["shop/web"], None, now=2.0)
        _await_sequence(reader, 2)
        assert reader.snapshot.routemaps == {}


def test_it_survives_a_missing_board_and_sees_it_appear(reader: BoardReader, make_state: MakeState) -> None:
    with BoardSubscription(reader, interval=0.01):
        publisher = BoardPublisher(reader._path)
        publisher.publish({"shop/web": make_state()}, (), None, now=1.0)
        _await_sequence(reader, 1)
        publisher.close()


def test_after_stop_nothing_runs_and_the_last_snapshot_stays(publisher: BoardPublisher, reader: BoardReader) -> None:
    subscription = BoardSubscription(reader, interval=0.01)
    subscription.stop()
    subscription.start()
    subscription.start()
    publisher.publish({}, (), [], now=1.0)
    _await_sequence(reader, 1)
    subscription.stop()
    publisher.publish({}, (), [], now=2.0)
    assert "board-subscription" not in {thread.name for thread in threading.enumerate()}
    assert reader.snapshot.sequence == 1
    subscription.start()
    assert reader.snapshot.sequence == 2
    subscription.stop()
