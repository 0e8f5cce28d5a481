"""Server processes for tests: they log to a file, and end with the test process even when that is killed."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_WATCHDOG = 'read -r line; kill -KILL "$0"'
"""A shell that waits for the end of its input, which comes when the test process ends, and then kills."""


class StartError(AssertionError):
    """A server did not start; the message has the end of its log."""


class Server:
    """One process, its output in the file `log`.

    A second process watches over it: it shares a pipe with the test process, so it knows when that ends. (The kernel's
    parent-death signal would be tied to the *thread* that started the server, and tests restart servers from threads.)
    """

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self.name = Path(command[0]).name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                # Ctrl-C is for the test process, which still talks to the servers while it ends.
                process_group=0,
            )
        watchdog = ["sh", "-c", _WATCHDOG, str(self._process.pid)]
        self._watchdog = subprocess.Popen(watchdog, stdin=subprocess.PIPE, process_group=0)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Send SIGKILL and wait for the end; nothing happens when it ended before."""
        self._watchdog.kill()
        self._watchdog.communicate()
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Stop the process where it is; its connections stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self._process.send_signal(signal.SIGCONT)

    def wait_until(self, ready: Callable[[], bool], *, timeout: float = 120) -> None:
        """Wait until `ready` says so; raise StartError after `timeout` seconds or when the process ends before."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running:
                message = f"{self.name} ended with code {self._process.returncode}:\n{self.tail()}"
                raise StartError(message)
            if time.monotonic() > deadline:
                message = f"{self.name} was not ready within {timeout} s:\n{self.tail()}"
                raise StartError(message)
            time.sleep(0.1)

    def tail(self, lines: int = 30) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """Return a free port of the loopback interface.

    It is below the range from which Linux takes the ports of outgoing connections, so that it is still free when
    a server comes back to it.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


def flag_exists(binary: Path, flag: str) -> bool:
    """Tell whether the help of `binary` names `flag`: versions differ in their flags."""
    done = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False, timeout=60)
    return f"{flag} " in done.stdout + done.stderr
