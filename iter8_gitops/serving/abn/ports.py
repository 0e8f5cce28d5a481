"""One gRPC port for several workers, whose kernel spreads the connections among them (SO_REUSEPORT)."""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from iter8_gitops.errors import ConfigurationError

ORPHAN_SECONDS = 3.0
"""How long the port may stay in use: workers whose parent was killed notice it and leave."""

_PAUSE_SECONDS = 0.1


def address_of(host: str, port: int) -> str:
    """`host:port`, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def refused(host: str, port: int) -> ConfigurationError:
    """What to tell when the port cannot be had."""
    message = f"cannot listen on {address_of(host, port)} for gRPC; is the port in use? Choose another with --grpc-port"
    return ConfigurationError(message)


@contextmanager
def shared_port(host: str, port: int, patience: float = ORPHAN_SECONDS) -> Iterator[None]:
    """Keep the port for a group of workers, also while none of them lives, and refuse it to anybody else.

    It is bound and never listens, so it gets no connections. Raises `ConfigurationError` when the port is still in
    use after `patience` seconds, also by another group, and where the system cannot share ports.
    """
    if not sys.platform.startswith("linux"):
        message = "several gRPC workers need Linux, whose kernel spreads connections; leave out --grpc-workers"
        raise ConfigurationError(message)
    with _held(host, port, time.monotonic() + patience):
        yield


def _held(host: str, port: int, deadline: float) -> socket.socket:
    while True:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
            _require_unused(family, host, port)
            held = socket.socket(family, socket.SOCK_STREAM)
            try:
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                held.bind((host, port))
            except BaseException:
                held.close()
                raise
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise refused(host, port) from error
        else:
            return held
        time.sleep(_PAUSE_SECONDS)


def _require_unused(family: int, host: str, port: int) -> None:
    """Raise `OSError` when somebody has the port, also when they share it."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Connections that linger after their server are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
