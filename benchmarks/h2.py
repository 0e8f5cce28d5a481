"""A gRPC client that does next to nothing, so that the server is what is measured: HTTP/2 with prepared frames.

It speaks what one method with small messages needs of RFC 9113 and of gRPC's protocol over it, no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from struct import Struct
from typing import cast

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM = _ACK = 1
_END_HEADERS = 4
_INITIAL_WINDOW, _LARGEST_WINDOW = 65_535, 2**31 - 1
_HEADER = Struct(">BHBBI")
_NUMBER = Struct(">I")


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return _HEADER.pack(len(payload) >> 16, len(payload) & 0xFFFF, kind, flags, stream) + payload


def _text(value: str) -> bytes:
    """A string in HPACK (RFC 7541, 5.2), shorter than 127 bytes and without Huffman coding."""
    return bytes([len(value)]) + value.encode()


class UnaryClient(asyncio.Protocol):
    """Keeps `streams` calls of `method` in flight. `message` makes the request of the n-th call, already encoded."""

    def __init__(self, method: str, message: Callable[[int], bytes], streams: int) -> None:
        self.answered = 0
        self._message = message
        self._streams = streams
        self._buffer = b""
        self._window = _INITIAL_WINDOW
        self._asked = self._waiting = self._messages = 0
        # Method POST, scheme http and the names of path, authority and content-type are in HPACK's static table.
        self._head = (
            b"\x83\x86\x04" + _text(method) + b"\x01" + _text("localhost") + b"\x0f\x10" + _text("application/grpc")
        ) + (b"\x00" + _text("te") + _text("trailers"))

    def protocol(self) -> asyncio.Protocol:
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        settings = b"\x00\x04" + _NUMBER.pack(_LARGEST_WINDOW)
        window = _NUMBER.pack(_LARGEST_WINDOW - _INITIAL_WINDOW)
        self._transport.write(_PREFACE + _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW, 0, 0, window))
        self._ask(self._streams)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data
        start = finished = 0
        while len(buffer) - start >= 9:
            high, low, kind, flags, stream = _HEADER.unpack_from(buffer, start)
            end = start + 9 + (high << 16 | low)
            if len(buffer) < end:
                break
            if kind == _HEADERS:
                finished += flags & _END_STREAM
            elif kind == _DATA:
                self._messages += 1
            else:
                self._control(kind, flags, stream, buffer[start + 9 : end])
            start = end
        self._buffer = buffer[start:]
        self.answered += finished
        # A refused call has no message.
        assert self.answered <= self._messages, "a call was refused"
        self._ask(finished)

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        assert kind not in (_RESET, _GOAWAY), "the server ended a call or the connection"
        if kind == _WINDOW and stream == 0:
            self._window += _NUMBER.unpack(payload)[0]
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            self._transport.write(_frame(kind, _ACK, 0, payload if kind == _PING else b""))

    def _ask(self, calls: int) -> None:
        self._waiting += calls
        frames = []
        while self._waiting:
            message = self._message(self._asked)
            body = b"\x00" + _NUMBER.pack(len(message)) + message
            if self._window < len(body):
                break
            self._window -= len(body)
            self._waiting -= 1
            stream = 2 * self._asked + 1
            self._asked += 1
            frames.append(_frame(_HEADERS, _END_HEADERS, stream, self._head))
            frames.append(_frame(_DATA, _END_STREAM, stream, body))
        self._transport.write(b"".join(frames))
