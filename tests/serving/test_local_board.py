"""A serving process beside its controller."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from iter8_gitops import memory
from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.serving.boards import open_board
from iter8_gitops.serving.settings import ServingSettings
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot
from iter8_gitops.spec.state_folder import StateFolder


def test_the_first_publication_is_seen_at_the_first_question_after_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_snapshot: Callable[..., Snapshot],
    make_state: Callable[..., RoutemapState],
) -> None:
    settled: list[bool] = []
    monkeypatch.setattr(memory, "settle", lambda: settled.append(True))
    published = make_snapshot(make_state("prod/backend"))
    folder = StateFolder(tmp_path)
    publisher = BoardPublisher(folder.board)
    board = open_board(ServingSettings(folder))  # not followed yet, as if its thread got no time
    assert not board.snapshot.routemaps

    unread = tuple(replace(source, read_at=None) for source in published.sources)
    publisher.publish({}, (), unread, time.time())  # the controller is there, and has nothing to show
    assert not board.snapshot.routemaps
    publisher.publish(published.routemaps, (), published.sources, time.time())

    assert board.snapshot.routemaps.keys() == published.routemaps.keys()
    assert settled == [True]  # its memory, once
    board.start()
    board.stop()
    publisher.close()
