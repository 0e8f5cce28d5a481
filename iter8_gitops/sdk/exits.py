"""Ends of processes that `atexit` does not see."""

from __future__ import annotations

import sys
from collections.abc import Callable


def finish_with_a_child_of_multiprocessing(finish: Callable[[], None]) -> None:
    """Have `finish` called when this process ends, if `multiprocessing` made it: it ends without `atexit`.

    To be called in that process once it runs, because what it inherits of this kind is forgotten at first.
    """
    process = sys.modules.get("multiprocessing.process")
    util = sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, finish, exitpriority=10)
