"""What stands between a store and a server, or in the place of one, to make it fail as servers do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Passes everything on to a port. It can lose the answer to a script after the server has run it."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.answers_to_lose = 0
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        """One command at a time: a request, then what the server says to it."""
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            while request := _received(client):
                server.sendall(request)
                answer = _received(server)
                if b"EVAL" in request and self.answers_to_lose and not answer.startswith(b"-NOSCRIPT"):
                    self.answers_to_lose -= 1
                    self.lost += 1
                    return
                client.sendall(answer)


def _received(source: socket.socket) -> bytes:
    """What arrives together; a test's requests and answers are small."""
    source.settimeout(None)
    data = source.recv(1 << 20)
    source.settimeout(0.05)
    with suppress(TimeoutError):
        while data and (more := source.recv(1 << 20)):
            data += more
    return data


@contextmanager
def relay(target: int) -> Iterator[Relay]:
    one = Relay(target)
    try:
        yield one
    finally:
        one.close()


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """The port of a server that says `answer` to whatever it is asked."""

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, suppress(OSError):
                    while client.recv(1 << 20):
                        client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
