from __future__ import annotations

import socket
import threading

import pytest

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.serving.http.listening import listen


def test_a_port_in_use_is_refused_with_what_to_do() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigurationError, match=r"127\.0\.0\.1:\d+ for HTTP: the port is in use.*--port"),
    ):
        listen("127.0.0.1", taken.getsockname()[1], patience=0.0)


def test_a_port_that_is_let_go_of_in_time_is_taken() -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    threading.Timer(0.2, taken.close).start()

    with listen("127.0.0.1", port) as listener:
        assert listener.getsockname()[1] == port


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="--host"):
        listen(host, 0)


def test_ipv6_is_listened_on_where_there_is_any() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listen("::1", 0) as listener:
        assert listener.family == socket.AF_INET6
