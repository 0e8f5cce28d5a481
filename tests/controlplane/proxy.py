"""A TCP proxy between a client and a server that can do to connections what networks do to them."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Self

from tests.controlplane.processes import free_port

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST."""


class ChaosProxy:
    """Forwards connections from `port` to the port `target`, both on 127.0.0.1.

    Bytes pass unchanged, so TLS is end to end. A context manager. Its methods may be called from any thread, and have
    happened when they return. `latency` is how many seconds every piece of data waits, in each direction;
    `accepted` counts connections.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.latency = 0.0
        self.accepted = 0
        self.port = free_port()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._listener: socket.socket | None = None
        self._connections: dict[asyncio.Task[None], tuple[socket.socket, socket.socket]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chaos-proxy", daemon=True)
        self._thread.start()
        self.accept()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return len(self._connections)

    def cut(self) -> None:
        """Reset all connections; new ones are still accepted."""
        self._run(self._cut())

    def refuse(self) -> None:
        """Refuse new connections; open ones stay."""
        self._run(self._refuse())

    def accept(self) -> None:
        """Accept connections (again), always on the same port."""
        self._run(self._accept())

    def freeze(self) -> None:
        """Keep every byte back, of new connections too, without closing any: a network that lost its route."""
        self._run(self._set_flowing(False))

    def thaw(self) -> None:
        """Let the bytes flow again; none is lost."""
        self._run(self._set_flowing(True))

    def abandon(self) -> None:
        """Keep every byte of the open connections back for ever, without closing any; new ones are forwarded.

        A balancer that has forgotten them: nobody is told, and the kernels on both sides see nothing amiss.
        """
        self._run(self._abandon())

    def close(self) -> None:
        """Reset all connections and stop for good."""
        if self._loop.is_closed():
            return
        self._run(self._refuse())
        self._run(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, step: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(timeout=10)

    async def _set_flowing(self, flowing: bool) -> None:
        if flowing:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _abandon(self) -> None:
        self._flowing.clear()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def _accept(self) -> None:
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listener.setblocking(False)
            self._loop.add_reader(self._listener, self._connected, self._listener)

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    async def _cut(self) -> None:
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def _connected(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
        except OSError:  # The client thought better of it.
            return
        server = socket.socket()
        for each in (client, server):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.accepted += 1
        task = self._loop.create_task(self._forward(client, server))
        self._connections[task] = (client, server)
        task.add_done_callback(self._disconnected)

    def _disconnected(self, task: asyncio.Task[None]) -> None:
        """Close the sockets; not in the task, as one that is cut before its first step never does anything."""
        broken = task.cancelled() or task.exception() is not None
        for each in self._connections.pop(task):
            if broken:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            each.close()

    async def _forward(self, client: socket.socket, server: socket.socket) -> None:
        """Carry bytes until both sides have said their last; any error ends both directions."""
        flowing = self._flowing
        await self._loop.sock_connect(server, ("127.0.0.1", self.target))
        async with asyncio.TaskGroup() as directions:
            directions.create_task(self._carry(client, server, flowing))
            directions.create_task(self._carry(server, client, flowing))

    async def _carry(self, source: socket.socket, sink: socket.socket, flowing: asyncio.Event) -> None:
        while data := await self._loop.sock_recv(source, 65536):
            if self.latency:
                await asyncio.sleep(self.latency)
            await flowing.wait()
            await self._loop.sock_sendall(sink, data)
        await flowing.wait()
        sink.shutdown(socket.SHUT_WR)
