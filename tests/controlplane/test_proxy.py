from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.controlplane.proxy import ChaosProxy


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: object) -> None:
        """A reset connection is what these tests are about."""


@pytest.fixture
def proxy() -> Iterator[ChaosProxy]:
    with Server(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            with ChaosProxy(server.server_address[1]) as proxy:
                yield proxy
        finally:
            server.shutdown()
            thread.join()


def connect(proxy: ChaosProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size and (data := connection.recv(65536)):
        received += data
    return received


def test_bytes_pass_both_ways_until_either_side_ends(proxy: ChaosProxy) -> None:
    sent = bytes(range(256)) * 4096
    with connect(proxy) as connection:
        sender = threading.Thread(target=connection.sendall, args=(sent,))
        sender.start()
        assert receive(connection, len(sent)) == sent
        sender.join()
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_cut_connections_are_reset_and_new_ones_work(proxy: ChaosProxy) -> None:
    with connect(proxy) as first, connect(proxy) as second:
        first.sendall(b"a")
        assert receive(first, 1) == b"a"
        second.sendall(b"b")
        assert receive(second, 1) == b"b"
        assert proxy.open_connections == 2
        proxy.cut()
        assert proxy.open_connections == 0
        for connection in (first, second):
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
    with connect(proxy) as third:
        third.sendall(b"c")
        assert receive(third, 1) == b"c"
    assert proxy.accepted == 3


def test_refused_connections_leave_open_ones_alone(proxy: ChaosProxy) -> None:
    with connect(proxy) as connection:
        connection.sendall(b"a")
        assert receive(connection, 1) == b"a"
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        connection.sendall(b"b")
        assert receive(connection, 1) == b"b"
    port = proxy.port
    proxy.accept()
    assert proxy.port == port
    connect(proxy).close()


def test_frozen_bytes_arrive_after_the_thaw(proxy: ChaosProxy) -> None:
    with connect(proxy) as connection:
        proxy.freeze()
        connection.sendall(b"late")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        proxy.thaw()
        connection.settimeout(5)
        assert receive(connection, 4) == b"late"


def test_a_frozen_connection_can_be_cut(proxy: ChaosProxy) -> None:
    with connect(proxy) as connection:
        proxy.freeze()
        connection.sendall(b"lost")
        time.sleep(0.05)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_abandoned_connections_stay_open_and_silent_while_new_ones_work(proxy: ChaosProxy) -> None:
    with connect(proxy) as old:
        old.sendall(b"a")
        assert receive(old, 1) == b"a"
        proxy.abandon()
        old.sendall(b"lost")
        with connect(proxy) as new:
            new.sendall(b"b")
            assert receive(new, 1) == b"b"
        proxy.freeze()
        proxy.thaw()
        old.settimeout(0.2)
        with pytest.raises(TimeoutError):
            old.recv(1)


def test_latency_counts_in_each_direction(proxy: ChaosProxy) -> None:
    with connect(proxy) as connection:
        proxy.latency = 0.1
        before = time.monotonic()
        connection.sendall(b"a")
        assert receive(connection, 1) == b"a"
        assert time.monotonic() - before >= 0.2


def test_a_server_that_is_gone_resets_the_client() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with ChaosProxy(port) as proxy, pytest.raises(ConnectionResetError), connect(proxy) as connection:
        connection.recv(1)
