from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.spec.routemap import Origin
from iter8_gitops.spec.snapshot import RoutemapState

MakeState = Callable[..., RoutemapState]


@pytest.fixture
def make_state() -> MakeState:
    """A state of `shop/<name>` without versions; `epoch` tells publications apart."""

    def make(name: str = "web", epoch: int = 0) -> RoutemapState:
        return RoutemapState("shop", name, Origin("git", "apps/web.yaml", "abc"), (), epoch=epoch)

    return make


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return tmp_path / "state" / "board.db"


@pytest.fixture
def publisher(board: Path) -> Iterator[BoardPublisher]:
    opened = BoardPublisher(board)
    yield opened
    opened.close()


@pytest.fixture
def reader(board: Path) -> Iterator[BoardReader]:
    opened = BoardReader(board)
    yield opened
    opened.close()
