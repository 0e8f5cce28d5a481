"""Reading and writing many rows with few statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

_CHUNK = 512
"""Keys per statement."""

_VARIABLES = 999
"""The most of them in one statement of older SQLite releases."""

_FEW = 16


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

    To write a row twice must be the same as to write it once: a statement may be filled up as in `rows_of`. While a
    statement runs, other threads have the interpreter; with one for each row, it would change hands every time.
    """
    start = 0
    while start < len(rows):
        height = _height(len(rows) - start, _VARIABLES // len(rows[0]))
        chunk = list(rows[start : start + height])
        _write(connection, statement, chunk + chunk[-1:] * (height - len(chunk)))
        start += height


def _height(wanted: int, most: int) -> int:
    """How many rows the next statement has: a power of two, with at most an eighth of it to fill up."""
    height = 1 << (min(wanted, most).bit_length() - 1)
    return 2 * height if 2 * height <= most and 8 * wanted >= 14 * height else height


def add_rows(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """As `write_rows`, for few rows, each of which is written once."""
    for start in range(0, len(rows), _FEW):
        _write(connection, statement, rows[start : start + _FEW])


def _write(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    row = f"({','.join('?' * len(rows[0]))})"
    connection.execute(statement.format(rows=",".join([row] * len(rows))), tuple(chain.from_iterable(rows)))
