"""Runs the parts of `iter8-gitops up` as child processes: restarts one that dies, stops all together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from iter8_gitops.runtime.lineage import PARENT_VARIABLE

_log = logging.getLogger(__name__)
CONFIGURATION_EXIT = 2
"""The exit code of a part that cannot be set up; starting it again would not help."""
_FIRST_RESTART_SECONDS = 0.5
_LONGEST_RESTART_SECONDS = 15.0
_HEALTHY_SECONDS = 30.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Part:
    """A child process: a name for people, the command that runs it, and additions to its environment.

    What may hold a secret goes into the environment: everybody on the machine can read command lines.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Child:
    part: Part
    process: subprocess.Popen[bytes]
    started_at: float
    restarts: int = 0
    due_at: float | None = field(default=None)


class Supervisor:
    """Keeps every part running until it is told to stop. Use it from the main thread."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        self._children: list[_Child] = []

    def run(self, stopped: Callable[[], bool], tick_seconds: float = 0.1) -> int:
        """Run the parts until `stopped()`, or until one says that it cannot be set up. Returns an exit code."""
        self._children = [_Child(part, _start(part), time.monotonic()) for part in self._parts]
        try:
            while not stopped():
                for child in self._children:
                    if self._tend(child) == CONFIGURATION_EXIT:
                        return CONFIGURATION_EXIT
                time.sleep(tick_seconds)
            return 0
        finally:
            self.stop()

    def stop(self) -> None:
        """Ask all parts to stop, the last started first, and end those that do not within 15 s."""
        running = [child for child in reversed(self._children) if child.process.poll() is None]
        for child in running:
            child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for child in running:
            try:
                child.process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                _log.warning("%s did not stop in time and is ended", child.part.name)
                child.process.kill()
                child.process.wait()

    def _tend(self, child: _Child) -> int | None:
        """Start a dead child again when its time has come. Returns the exit code of one that just died."""
        now = time.monotonic()
        if child.due_at is not None:
            if now >= child.due_at:
                child.process, child.started_at, child.due_at = _start(child.part), now, None
            return None
        code = child.process.poll()
        if code is None or code == CONFIGURATION_EXIT:
            return code
        child.restarts = 0 if now - child.started_at > _HEALTHY_SECONDS else child.restarts + 1
        wait = min(_FIRST_RESTART_SECONDS * 2**child.restarts, _LONGEST_RESTART_SECONDS)
        _log.error("%s ended (%s); it is started again in %.1f s", child.part.name, _cause(code), wait)
        child.due_at = now + wait
        return code


def _start(part: Part) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops the parts in order.
    environment = {**os.environ, **part.environment, PARENT_VARIABLE: str(os.getpid())}
    return subprocess.Popen(part.command, env=environment, start_new_session=True)  # noqa: S603 (our own command)


def _cause(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
