"""Messages over a socket: four bytes of length, then as many bytes."""

from __future__ import annotations

import socket
import struct
import time

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes, with the length. The limits of `rendering` and `sandbox` keep every honest message below it."""

_HEADER = struct.Struct(">I")
_CHUNK = 64 * 1024


class ChannelError(Exception):
    """The other side is gone, or does not keep to the format. Stays inside this package."""


def send(channel: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send one message.

    `deadline` is on the clock `time.monotonic`; None waits for ever. Raises `TimeoutError` and `ChannelError`.
    """
    if len(message) + _HEADER.size > MAX_MESSAGE:
        raise ChannelError("the message is too long")
    try:
        channel.settimeout(_remaining(deadline))
        channel.sendall(_HEADER.pack(len(message)) + message)
    except TimeoutError:
        raise
    except OSError as error:
        raise ChannelError("the other side is gone") from error


def receive(channel: socket.socket, deadline: float | None = None) -> bytes:
    """Wait for one message; `deadline` and errors are as for `send`. Nothing may follow it before it is answered."""
    received = bytearray()
    length = _HEADER.size
    while len(received) < length:
        received += _some(channel, deadline)
        if len(received) >= _HEADER.size:
            length = _HEADER.size + _HEADER.unpack_from(received)[0]
        if length > MAX_MESSAGE or len(received) > length:
            raise ChannelError("the message is too long")
    return bytes(received[_HEADER.size :])


def _some(channel: socket.socket, deadline: float | None) -> bytes:
    try:
        channel.settimeout(_remaining(deadline))
        part = channel.recv(_CHUNK)
    except TimeoutError:
        raise
    except OSError as error:
        raise ChannelError("the other side is gone") from error
    if not part:
        raise ChannelError("the other side is gone")
    return part


def _remaining(deadline: float | None) -> float | None:
    """Seconds until the deadline. Raises `TimeoutError` when it has passed."""
    if deadline is None:
        return None
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
