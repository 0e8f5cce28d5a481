"""The process that renders, as seen from the one that asks: started on first use, ended when it takes too long."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from iter8_gitops_plugins.jinja2_template.channel import ChannelError, receive, send

_START_SECONDS = 30.0
"""A new interpreter and its imports take a quarter of a second, and far longer on a machine that is busy."""

_PACKAGE = "iter8_gitops_plugins.jinja2_template"
_BOOTSTRAP = f"""
import json, sys, types
path, folder = json.loads(sys.argv[1])
sys.path[:] = path
package = types.ModuleType("{_PACKAGE}")
package.__path__ = [folder]
sys.modules["{_PACKAGE}"] = package
from {_PACKAGE}.child import main
main()
"""
"""Leaves out the package's own `__init__`: it imports the hooks, which would double the time of a start."""

_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What the interpreter may need to find its own libraries. Anything else could be a secret."""


class WorkerTooSlowError(Exception):
    """The answer did not come in time, so the process was ended. Stays inside this package."""


class WorkerEndedError(Exception):
    """The process ended without an answer, or could not be started. Stays inside this package."""


@dataclass(frozen=True, slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    channel: socket.socket


class Worker:
    """One process that answers one question at a time. Threads may share it; they take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Running | None = None

    @property
    def pid(self) -> int | None:
        """The process id, or None while there is no process."""
        running = self._running
        return None if running is None else running.process.pid

    def ask(self, question: bytes, seconds: float) -> bytes:
        """The answer to `question`, which must not take longer than `seconds` (waiting for the turn not counted).

        A process that has served others may have been ended from outside, or have filled up, so when it ends
        the question is put once more to a new one: what ends that one is the question itself. Raises
        `WorkerTooSlowError` and `WorkerEndedError`; the next question finds a new process after either.
        """
        with self._lock:
            if self._running is not None:
                try:
                    return self._exchange(self._running, question, seconds)
                except WorkerEndedError:
                    pass
            return self._exchange(self._start(), question, seconds)

    def close(self) -> None:
        """End the process, if there is one, and wait until it has ended."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """In a forked child: leave the process to the parent, whose it is."""
        # Another thread of the parent may have held the lock, and no thread is left here to release it.
        self._lock = threading.Lock()
        if self._running is not None:
            self._running.channel.close()
            # Nothing here may wait for a process that is not this one's child, or warn that it was not waited for.
            self._running.process.returncode = 0
            self._running = None

    def _exchange(self, running: _Running, question: bytes, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        try:
            send(running.channel, question, deadline)
            return receive(running.channel, deadline)
        except TimeoutError as error:
            self._stop()
            raise WorkerTooSlowError from error
        except ChannelError as error:
            self._stop()
            raise WorkerEndedError("it ended the process that renders") from error
        except BaseException:
            # Interrupted half-way: the rest of the answer must not become the answer to the next question.
            self._stop()
            raise

    def _start(self) -> _Running:
        ours: socket.socket | None = None
        try:
            ours, theirs = socket.socketpair()
            with theirs:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
                    [sys.executable, "-I", "-c", _BOOTSTRAP, json.dumps([_import_path(), str(Path(__file__).parent)])],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
                    cwd="/",
                    # Ctrl-C is for the parent, which then closes the channel.
                    start_new_session=True,
                )
        except OSError as error:
            if ours is not None:
                ours.close()
            message = f"the process that renders cannot be started: {error.strerror}"
            raise WorkerEndedError(message) from error
        self._running = _Running(process, ours)
        try:
            receive(ours, time.monotonic() + _START_SECONDS)
        except (ChannelError, TimeoutError) as error:
            self._stop()
            raise WorkerEndedError("the process that renders does not start") from error
        except BaseException:
            self._stop()
            raise
        return self._running

    def _stop(self) -> None:
        if self._running is not None:
            running, self._running = self._running, None
            running.channel.close()
            running.process.kill()
            running.process.wait()


def _import_path() -> list[str]:
    """Where this process imports from: an isolated interpreter would ignore PYTHONPATH and what was added since."""
    return [str(Path(entry).absolute()) for entry in sys.path if entry]
