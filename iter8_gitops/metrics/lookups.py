"""Reading and writing many rows with few statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

_CHUNK = 512
"""Keys per statement; older SQLite releases allow 999 variables."""

_ROWS = 64
"""Rows per statement, of at most 15 columns."""


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


def write_rows(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Write `rows`, of one width each, where `statement` has `VALUES {rows}`.

    To write a row twice must be the same as to write it once: the last statement is filled up as in `rows_of`. While a
    statement runs, other threads have the interpreter; with one for each row, it would change hands every time.
    """
    for start in range(0, len(rows), _ROWS):
        chunk = list(rows[start : start + _ROWS])
        height = 1 << (len(chunk) - 1).bit_length()
        chunk += chunk[-1:] * (height - len(chunk))
        places = ",".join([f"({','.join('?' * len(chunk[0]))})"] * height)
        connection.execute(statement.format(rows=places), tuple(chain.from_iterable(chunk)))
