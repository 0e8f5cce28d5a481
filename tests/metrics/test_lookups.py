"""Many rows are read and written with few statements, and each of them once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.metrics.lookups import add_rows, rows_of, write_rows

UPSERT = "INSERT INTO cell VALUES {rows} ON CONFLICT (name) DO UPDATE SET amount = excluded.amount"
ADD = "INSERT INTO cell VALUES {rows} ON CONFLICT (name) DO UPDATE SET amount = amount + excluded.amount"
SIZES = st.one_of(st.integers(0, 40), st.sampled_from((63, 64, 65, 112, 128, 255, 500, 512, 1000)))


class Counting(sqlite3.Connection):
    executed = 0

    def execute(self, *arguments: object) -> sqlite3.Cursor:
        self.executed += 1
        return super().execute(*arguments)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def connection() -> Iterator[Counting]:
    opened = Counting(":memory:")
    opened.execute("CREATE TABLE cell (name TEXT PRIMARY KEY, amount INTEGER)")
    yield opened
    opened.close()


def cells(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT name, amount FROM cell"))


@given(SIZES)
def test_every_row_is_written(connection: Counting, size: int) -> None:
    connection.execute("DELETE FROM cell")
    write_rows(connection, UPSERT, [(f"n{number}", number) for number in range(size)])
    assert cells(connection) == {f"n{number}": number for number in range(size)}


@given(SIZES)
def test_every_row_is_added_once(connection: Counting, size: int) -> None:
    connection.execute("DELETE FROM cell")
    for _ in range(2):
        add_rows(connection, ADD, [(f"n{number}", 1) for number in range(size)])
    assert cells(connection) == {f"n{number}": 2 for number in range(size)}


@given(SIZES)
def test_what_is_asked_for_is_found_and_nothing_else(connection: Counting, size: int) -> None:
    connection.execute("DELETE FROM cell")
    write_rows(connection, UPSERT, [(f"n{number}", number) for number in range(1000)])
    wanted = [f"n{number}" for number in range(0, 2 * size, 2)]
    found = rows_of(connection, "SELECT name FROM cell WHERE amount >= ? AND name IN ({keys})", (0,), wanted)
    assert sorted(name for (name,) in found) == sorted(name for name in wanted if int(name[1:]) < 1000)


def test_a_thousand_rows_take_few_statements(connection: Counting) -> None:
    before = connection.executed
    write_rows(connection, UPSERT, [(f"n{number}", number) for number in range(1000)])
    assert connection.executed - before <= 8
