"""Memory of a process that holds much for as long as it lives."""

from __future__ import annotations

import gc


def settle() -> None:
    """Take everything that is there now out of the garbage collector's rounds.

    A round over all objects of a large board takes hundreds of milliseconds, in which nothing else is done. What is
    replaced later is freed all the same, for it is no part of cycles: reference counts see to that.
    """
    gc.collect()
    gc.freeze()
