from __future__ import annotations

import socket
import struct
import time

import pytest
from iter8_gitops_plugins.jinja2_template import channel


@pytest.mark.parametrize("message", [b"", b"x", b"x" * 100_000], ids=["empty", "short", "long"])
def test_a_message_arrives_as_it_was_sent(message: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel.send(theirs, message, time.monotonic() + 60)
        assert channel.receive(ours, time.monotonic() + 60) == message


def test_nothing_can_be_sent_to_a_side_that_is_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises(channel.ChannelError):
            channel.send(ours, b"x")


@pytest.mark.parametrize(
    "sent",
    [b"", b"\0", struct.pack(">I", 10) + b"short", struct.pack(">I", 2**32 - 1), struct.pack(">I", 1) + b"ab"],
    ids=["nothing", "part of the length", "part of the message", "too long", "more than was said"],
)
def test_a_message_that_is_not_whole_is_refused(sent: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(sent)
        with pytest.raises(channel.ChannelError):
            channel.receive(ours)


def test_a_message_that_does_not_come_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for deadline in (time.monotonic(), time.monotonic() + 0.05):
            with pytest.raises(TimeoutError):
                channel.receive(ours, deadline)
        with pytest.raises(TimeoutError):
            channel.send(ours, b"x" * 3_000_000, time.monotonic() + 0.05)
        with pytest.raises(channel.ChannelError):
            channel.send(ours, b"x" * channel.MAX_MESSAGE)
