"""Taking the HTTP port, before gunicorn starts and would try again and again."""

from __future__ import annotations

import errno
import socket
import time

from iter8_gitops.errors import ConfigurationError

ORPHAN_SECONDS = 3.0
"""How long a port may stay in use: workers whose gunicorn was killed notice it within a second and leave."""

_BACKLOG = 2048
_PAUSE_SECONDS = 0.1


def listen(host: str, port: int, patience: float = ORPHAN_SECONDS) -> socket.socket:
    """A listening TCP socket. Raises `ConfigurationError` that says what to do when there can be none."""
    deadline = time.monotonic() + patience
    while True:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
            return socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                message = f"cannot listen on {host}:{port} for HTTP: {_explained(error)}"
                raise ConfigurationError(message) from error
        time.sleep(_PAUSE_SECONDS)


def _explained(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use. Stop what uses it, or choose another with --port"
    if error.errno == errno.EACCES:
        return "permission denied. Choose a port above 1023 with --port"
    return f"{error.strerror}. Choose another address with --host"
