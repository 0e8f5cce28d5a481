"""The garbage collector of a process that lives long, holds much, and answers many short requests."""

from __future__ import annotations

import gc

_YOUNG = 10_000


def settle() -> None:
    """Take everything that is there now out of the garbage collector's rounds.

    A round over all objects of a large board takes hundreds of milliseconds, in which nothing else is done. What is
    replaced later is freed all the same, for it is no part of cycles: reference counts see to that.
    """
    gc.collect()
    gc.freeze()


def collect_rarely() -> None:
    """Look for cycles once there are 10,000 new objects, not 700 as by default.

    Requests make and free dozens of objects each, hardly any of them in cycles, and those who are in flight are looked
    through in vain.
    """
    gc.set_threshold(_YOUNG)
