"""Children that do not outlive their parent, even when it is killed without a chance to say goodbye."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
PARENT_VARIABLE = "ITER8_PARENT_PID"
"""Names the supervisor's process id to its children."""


def end_with_parent() -> None:
    """When a supervisor started this process, have the kernel send SIGTERM once the supervisor is gone.

    Linux only (prctl(2), PR_SET_PDEATHSIG); elsewhere a supervisor that is killed leaves its children running.
    """
    parent = os.environ.pop(PARENT_VARIABLE, None)
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        # The parent ended between our start and the call above, so no signal will come.
        os.kill(os.getpid(), signal.SIGTERM)
