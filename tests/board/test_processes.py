"""The board between processes: real ones, killed without mercy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.spec.snapshot import RoutemapState

MakeState = Callable[..., RoutemapState]

PUBLISH_PAIRS_FOREVER = """
import itertools, sys
from pathlib import Path
from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.spec.routemap import Origin
from iter8_gitops.spec.snapshot import RoutemapState

publisher = BoardPublisher(Path(sys.argv[1]))
for epoch in itertools.count(1):
    origin = Origin("git", "a", "b")
    states = [RoutemapState("shop", name, origin, (), epoch=epoch) for name in ("left", "right")]
    pair = {state.application: state for state in states}
    print(publisher.publish(pair, (), None, float(epoch)), flush=True)
"""

READ_PAIRS_UNTIL_THE_LAST = """
import sys, time
from pathlib import Path
from iter8_gitops.board.reader import BoardReader

reader, last, seen = BoardReader(Path(sys.argv[1])), int(sys.argv[2]), set()
deadline = time.monotonic() + 60
while not seen or max(seen) < last:
    assert time.monotonic() < deadline, reader.trouble
    if reader.refresh() and reader.snapshot.sequence:
        left, right = (reader.snapshot.routemaps[name].epoch for name in ("shop/left", "shop/right"))
        assert left == right == reader.snapshot.sequence, (left, right, reader.snapshot.sequence)
        seen.add(left)
    if not seen:
        print("waiting", flush=True)
        time.sleep(0.01)
print(len(seen))
"""


def _start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_no_reader_process_ever_sees_half_a_publication(board: Path, make_state: MakeState) -> None:
    readers = [_start(READ_PAIRS_UNTIL_THE_LAST, board, 1000) for _ in range(3)]
    assert [_first_line(each) for each in readers] == ["waiting"] * 3  # they are there before the file is
    publisher = BoardPublisher(board)
    for epoch in range(1, 1001):
        pair = {f"shop/{name}": make_state(name, epoch) for name in ("left", "right")}
        publisher.publish(pair, (), None, now=float(epoch))
    counts = [each.communicate(timeout=60)[0].split()[-1] for each in readers]
    publisher.close()
    assert [each.returncode for each in readers] == [0, 0, 0]
    assert all(int(count) > 1 for count in counts)


def test_what_was_published_survives_kill_9_and_nothing_is_halved(board: Path) -> None:
    process = _start(PUBLISH_PAIRS_FOREVER, board)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(200)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    process.wait()
    process.stdout.close()

    reader = BoardReader(board)
    assert reader.refresh()
    successor = BoardPublisher(board)
    for snapshot in (reader.snapshot, successor.load()):
        assert snapshot.sequence >= acknowledged[-1]
        assert {state.epoch for state in snapshot.routemaps.values()} == {snapshot.sequence}
    reader.close()
    successor.close()


def test_a_board_deleted_without_its_companion_files_starts_anew(board: Path, make_state: MakeState) -> None:
    process = _start(PUBLISH_PAIRS_FOREVER, board)
    _first_line(process)
    reader = BoardReader(board)
    reader.refresh()
    process.kill()
    process.communicate()
    board.unlink()
    assert board.with_name("board.db-wal").exists()
    publisher = BoardPublisher(board)
    publisher.publish({"shop/new": make_state("new")}, (), None, now=1.0)
    assert reader.refresh()
    assert set(reader.snapshot.routemaps) == set(publisher.load().routemaps) == {"shop/new"}
    reader.close()
    publisher.close()


def test_a_second_publisher_is_refused_with_the_process_of_the_first(board: Path) -> None:
    process = _start(PUBLISH_PAIRS_FOREVER, board)
    _first_line(process)
    with pytest.raises(ConfigurationError, match=f"controller already .process {process.pid}."):
        BoardPublisher(board)
    process.kill()
    process.communicate()
    BoardPublisher(board).close()


def test_a_second_publisher_in_the_same_process_is_refused_too(board: Path, publisher: BoardPublisher) -> None:
    with pytest.raises(ConfigurationError, match=f"process {os.getpid()}"):
        BoardPublisher(board)
    publisher.heartbeat(1.0)


def test_a_board_that_was_closed_properly_can_still_be_read(board: Path, make_state: MakeState) -> None:
    publisher = BoardPublisher(board)
    publisher.publish({"shop/web": make_state(epoch=3)}, (), None, now=1.0)
    publisher.close()
    reader = BoardReader(board)
    assert reader.refresh()
    assert reader.snapshot.routemaps["shop/web"].epoch == 3
    reader.close()
