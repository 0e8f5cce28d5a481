"""Reading the rows of many keys with few statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

_CHUNK = 512
"""Keys per statement; older SQLite releases allow 999 variables."""


def rows_of(
    connection: sqlite3.Connection, statement: str, fixed: tuple[object, ...], keys: Iterable[object]
) -> list[tuple[Any, ...]]:
    """The rows that `statement` finds for `keys`, in no particular order.

    `statement` ends in `IN ({keys})`, with a `?` before it for each of `fixed`. The last chunk of keys is
    filled up to a power of two by repeating a key, so that SQLite meets few distinct statements and
    keeps them prepared.
    """
    rows: list[tuple[Any, ...]] = []
    wanted = list(keys)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        width = 1 << (len(chunk) - 1).bit_length()
        filled = [*chunk, *(chunk[-1:] * (width - len(chunk)))]
        rows += connection.execute(statement.format(keys=",".join("?" * width)), (*fixed, *filled)).fetchall()
    return rows
