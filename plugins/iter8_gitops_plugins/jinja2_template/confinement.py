"""What the kernel is asked to refuse to the process that renders.

A second wall: the first one is Jinja2's sandbox, in the same process. Where a system knows a limit by
name only, as macOS does with the one on memory, the limit of time is what remains.
"""

from __future__ import annotations

import contextlib
import resource
import signal
from pathlib import Path

_MEMORY = 64 * 1024 * 1024
"""Bytes that a render may take beyond what the interpreter and its modules hold already."""

_OPEN_FILES = 3
"""Standard input, output and error: with these open, nothing else can be, neither a file nor a socket."""

ALARM_SECONDS = 4.0
"""The parent ends a render that takes too long, and far sooner. This is for one whose parent is gone."""


def confine() -> None:
    """Give up files, sockets, processes and memory, for good. Everything must have been imported."""
    # When memory is short, the kernel shall take this process and not the one that waits for it.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    held = _address_space()
    if held is not None:
        _limit(resource.RLIMIT_AS, held + _MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    # Both may have been left otherwise by whoever started the parent, and would be inherited.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})


def set_alarm() -> None:
    """From now on the kernel ends this process after `ALARM_SECONDS`.

    Not `RLIMIT_CPU`, which counts over the whole life of a process that may serve for months, and not
    `PR_SET_PDEATHSIG`, which would take the end of the thread that started this process for the end of its parent.
    """
    signal.setitimer(signal.ITIMER_REAL, ALARM_SECONDS)


def clear_alarm() -> None:
    """The render is done."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _limit(which: int, value: int) -> None:
    # A lower limit that is set already stays.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(which, (value, value))


def _address_space() -> int | None:
    """Bytes of address space in use; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pages * resource.getpagesize()
