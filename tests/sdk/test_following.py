"""Following a real server: told at once, across restarts and outages, and never without an answer."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.sdk import Client, UnavailableError
from iter8_gitops.spec.state_folder import StateFolder
from tests.sdk.conftest import end, eventually
from tests.serving.boards import make_state, publish
from tests.serving.servers import Server

pytestmark = pytest.mark.slow


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Every process of the server is stopped: it accepts connections, and says nothing."""
    os.killpg(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGCONT)


def only(publisher: BoardPublisher, version: int) -> int:
    """Give everybody `version` of prod/backend. Returns the sequence."""
    weights = (0, 1) if version else (1, 0)
    return publisher.publish({"prod/backend": make_state("prod/backend", weights)}, (), None, time.time())


def is_fresh(client: Client, publisher: BoardPublisher) -> bool:
    """Whether nothing is wrong, of a controller that is alive: one that is silent for 10 s is told as such."""
    publisher.heartbeat(time.time())
    return not client.status.reason


@pytest.mark.parametrize("streaming", [True, False])
def test_changes_arrive_over_events_or_by_polling(
    server: Server, publisher: BoardPublisher, connect: Callable[..., Client], streaming: bool
) -> None:
    client = connect(server.url, streaming=streaming)
    client.wait_until_ready()
    for version in (1, 0, 1):
        only(publisher, version)
        eventually(lambda v=version: client.lookup("prod/backend", "u").version_number == v)  # type: ignore[misc]
    assert client.status.connection == ("stream" if streaming else "poll")
    eventually(lambda: is_fresh(client, publisher))
    assert not client.status.stale


def test_removed_applications_are_gone_for_clients_too(
    server: Server, publisher: BoardPublisher, connect: Callable[..., Client]
) -> None:
    client = connect(server.url)
    client.wait_until_ready()
    publisher.publish({}, ["prod/backend"], None, time.time())
    eventually(lambda: client.status.sequence == 2)
    with pytest.raises(Exception, match="no application 'prod/backend'"):
        client.lookup("prod/backend", "u")


def test_lookups_go_on_while_the_server_is_away_and_follow_it_when_it_is_back(
    start: Callable[..., Server], state: StateFolder, publisher: BoardPublisher, connect: Callable[..., Client]
) -> None:
    server = start(state)
    client = connect(server.url)
    client.wait_until_ready()
    only(publisher, 1)
    eventually(lambda: client.lookup("prod/backend", "u").version_number == 1)

    end(server)
    eventually(lambda: "cannot be reached" in client.status.reason)
    assert client.status.stale
    assert client.status.connection == "none"
    assert client.lookup("prod/backend", "u").version_number == 1
    only(publisher, 0)

    start(state, http_port=server.port)
    eventually(lambda: client.lookup("prod/backend", "u").version_number == 0)
    eventually(lambda: client.status.connection == "stream")
    eventually(lambda: is_fresh(client, publisher))


@pytest.mark.skipif(sys.platform != "linux", reason="stops process groups")
def test_lookups_go_on_while_the_server_is_frozen_and_say_so(
    server: Server, publisher: BoardPublisher, connect: Callable[..., Client]
) -> None:
    client = connect(server.url)
    client.wait_until_ready()
    with frozen(server):
        only(publisher, 1)
        eventually(lambda: client.status.reason)
        for number in range(1000):
            client.lookup("prod/backend", f"user-{number}")
        assert client.status.sequence == 1
        assert client.status.age is not None
    eventually(lambda: client.lookup("prod/backend", "u").version_number == 1)
    eventually(lambda: is_fresh(client, publisher))


def test_a_board_that_starts_anew_at_the_same_sequence_is_taken_over_whole(
    start: Callable[..., Server], tmp_path: Path, connect: Callable[..., Client]
) -> None:
    folder = StateFolder(tmp_path / "first")
    publisher = publish(folder)
    server = start(folder)
    client = connect(server.url)
    client.wait_until_ready()
    before = client.status
    end(server)
    publisher.close()
    shutil.rmtree(folder.root)

    publisher = BoardPublisher(folder.board)
    publisher.publish({"other/app": make_state("other/app")}, (), [], time.time())
    start(folder, http_port=server.port)

    eventually(lambda: client.status.board != before.board)
    assert client.status.sequence == before.sequence
    assert client.lookup("other/app", "u").application == "other/app"
    with pytest.raises(Exception, match="no application 'prod/backend'"):
        client.lookup("prod/backend", "u")
    publisher.close()


def test_a_restarted_controller_costs_only_what_is_new(
    server: Server, state: StateFolder, publisher: BoardPublisher, connect: Callable[..., Client]
) -> None:
    client = connect(server.url)
    client.wait_until_ready()
    before = client.status.board
    kept = client._board.snapshot.routemaps["default/shop-routemap"]
    publisher.close()

    again = BoardPublisher(state.board)
    only(again, 1)
    eventually(lambda: client.lookup("prod/backend", "u").version_number == 1)

    assert client.status.board != before
    assert client._board.snapshot.routemaps["default/shop-routemap"] is kept
    again.close()


def test_a_client_starts_from_its_cache_while_the_server_is_away(
    start: Callable[..., Server],
    state: StateFolder,
    publisher: BoardPublisher,
    connect: Callable[..., Client],
    tmp_path: Path,
) -> None:
    cache = tmp_path / "cache" / "board.json"
    cache.parent.mkdir()
    server = start(state)
    first = connect(server.url, cache=cache)
    first.wait_until_ready()
    expected = first.lookup("prod/backend", "u")
    first.close()
    end(server)

    client = connect(server.url, cache=cache)

    found = client.lookup("prod/backend", "u")
    assert (found.version_number, found.signature, found.stale) == (expected.version_number, expected.signature, True)
    assert (client.status.ready, client.status.stale, client.status.age) == (True, True, None)
    assert list(cache.parent.iterdir()) == [cache]
    only(publisher, 1)
    start(state, http_port=server.port)
    eventually(lambda: client.lookup("prod/backend", "u").version_number == 1)
    assert not client.lookup("prod/backend", "u").stale


def test_before_anything_was_received_the_reason_is_told(connect: Callable[..., Client]) -> None:
    client = connect("http://127.0.0.1:1")

    with pytest.raises(UnavailableError, match=r"http://127.0.0.1:1"):
        client.lookup("prod/backend", "u")
    with pytest.raises(UnavailableError, match="refused"):
        client.wait_until_ready(0.3)
    assert not client.status.ready


def test_a_server_that_has_nothing_yet_is_waited_for(
    start: Callable[..., Server], tmp_path: Path, connect: Callable[..., Client]
) -> None:
    folder = StateFolder(tmp_path / "fresh")
    server = start(folder, ready=False)
    client = connect(server.url)
    eventually(lambda: "nothing has been published yet" in client.status.reason)

    publisher = publish(folder)

    client.wait_until_ready(30)
    publisher.close()
