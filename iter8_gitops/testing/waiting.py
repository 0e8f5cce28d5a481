"""Waiting for what happens in the background."""

from __future__ import annotations

import time
from collections.abc import Callable

from iter8_gitops.testing.checks import check


def eventually(condition: Callable[[], object], timeout: float = 10.0, what: str = "it") -> None:
    """Wait until `condition` holds; fail the running test after `timeout` seconds, saying `what` never happened."""
    __tracebackhide__ = True
    deadline = time.monotonic() + timeout
    while not condition():
        check(time.monotonic() < deadline, f"{what} did not happen within {timeout:g} seconds")
        time.sleep(0.02)
