"""A board with the applications that pages speak of, and servers of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.spec.state_folder import StateFolder
from tests.serving.boards import make_snapshot, make_state
from tests.serving.servers import Server, end, launch, wait_until_ready


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFolder]:
    """A state folder whose board has shop/checkout and shop/banner."""
    folder = StateFolder(tmp_path / "state")
    publisher = BoardPublisher(folder.board)
    published = make_snapshot(make_state("shop/checkout"), make_state("shop/banner"))
    publisher.publish(published.routemaps, (), published.sources, time.time())
    yield folder
    publisher.close()


@pytest.fixture
def server(state: StateFolder, tmp_path: Path) -> Iterator[Server]:
    """Serves HTTP."""
    server = launch("serve_http", state, tmp_path / "http.log", {"http_port": 0, "workers": 1})
    wait_until_ready(server)
    yield server
    end(server.process)


@pytest.fixture
def grpc_server(state: StateFolder, tmp_path: Path) -> Iterator[Server]:
    """Serves gRPC."""
    server = launch("serve_grpc", state, tmp_path / "grpc.log", {"grpc_port": 0})
    yield server
    end(server.process)
