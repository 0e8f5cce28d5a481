"""How experiments went over time, kept in a small SQLite file of its own.

One process writes every few seconds and few read, so every call opens the file, with a rollback journal as for load
tests. A power loss may cost the newest points, never the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec

from iter8_gitops.core.trends import thinned
from iter8_gitops.metrics.own_files import opened
from iter8_gitops.spec.trend import LiftPoint, TrendPoint

KEPT_EXPERIMENTS = 3
"""Of an application, the present one with them."""

MAX_BYTES = 256 * 1024 * 1024
"""Of all experiments together; those that were recorded longest ago are forgotten first."""

_HOLDS = "the trends"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS experiment (id INTEGER PRIMARY KEY AUTOINCREMENT, application TEXT NOT NULL, "
    "experiment INTEGER NOT NULL, first REAL NOT NULL, last REAL NOT NULL, UNIQUE (application, experiment))",
    "CREATE INDEX IF NOT EXISTS experiment_last ON experiment (last)",
    "CREATE TABLE IF NOT EXISTS point (of INTEGER NOT NULL, at REAL NOT NULL, content BLOB NOT NULL, "
    "PRIMARY KEY (of, at)) WITHOUT ROWID",
)

_Lift: TypeAlias = tuple[str, int, float | None, float | None, float | None]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[tuple[int, ...], str, tuple[_Lift, ...]])


@dataclass(frozen=True, slots=True)
class Span:
    """The moments of the first and of the last point of an experiment (seconds since 1970)."""

    first: float
    last: float


class TrendStore:
    """The points in the file at `path`, which need not exist yet. For any number of threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, application: str, experiment: int, points: Iterable[TrendPoint]) -> None:
        """Add `points` (ascending) to what is kept of an experiment. Raises `UnavailableError`."""
        self.record_all((application, experiment, point) for point in points)

    def record_all(self, points: Iterable[tuple[str, int, TrendPoint]]) -> None:
        """Add points to the experiments that they are of (application, and when it began), all of them or none.

        Points of the experiment that are not earlier are forgotten, for a clock was set back. So are those for which
        there is no room (`core.trends`), and former experiments of an application of which a new one begins.
        Raises `UnavailableError`.
        """
        with opened(self._path, "rwc", _HOLDS) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES:
                connection.execute(statement)
            for application, experiment, point in points:
                _add(connection, _number_of(connection, application, experiment, point.at), point)
            _forget_surplus(connection)
            connection.execute("COMMIT")

    def read(self, application: str, experiment: int) -> tuple[TrendPoint, ...]:
        """What is kept of an experiment, ascending by time. Raises `UnavailableError`."""
        with self._reading() as connection:
            if connection is None:
                return ()
            rows = connection.execute(
                "SELECT at, content FROM point JOIN experiment ON of = id WHERE application = ? AND experiment = ? "
                "ORDER BY at",
                (application, experiment),
            )
            return tuple(_decoded(at, content) for at, content in rows)

    def spans(self) -> dict[tuple[str, int], Span]:
        """When each experiment (application, and when it began) was recorded. Raises `UnavailableError`."""
        with self._reading() as connection:
            if connection is None:
                return {}
            rows = connection.execute("SELECT application, experiment, first, last FROM experiment")
            return {(application, experiment): Span(first, last) for application, experiment, first, last in rows}

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """None while nothing was recorded. The file may be written: what a process began that was killed is undone."""
        if not self._path.exists():
            yield None
            return
        with opened(self._path, "rw", _HOLDS) as connection:
            there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'point'").fetchone()
            yield connection if there else None


def _number_of(connection: sqlite3.Connection, application: str, experiment: int, began: float) -> int:
    """The id of an experiment, which begins to be recorded when it was not yet."""
    found = connection.execute(
        "SELECT id FROM experiment WHERE application = ? AND experiment = ?", (application, experiment)
    ).fetchone()
    if found:
        return int(found[0])
    number = connection.execute(
        "INSERT INTO experiment (application, experiment, first, last) VALUES (?, ?, ?, ?) RETURNING id",
        (application, experiment, began, began),
    ).fetchone()[0]
    former = connection.execute(
        "SELECT id FROM experiment WHERE application = ? ORDER BY id DESC LIMIT -1 OFFSET ?",
        (application, KEPT_EXPERIMENTS),
    ).fetchall()
    for (each,) in former:
        _forget(connection, each)
    return int(number)


def _add(connection: sqlite3.Connection, experiment: int, point: TrendPoint) -> None:
    connection.execute("DELETE FROM point WHERE of = ? AND at >= ?", (experiment, point.at))
    before = [at for (at,) in connection.execute("SELECT at FROM point WHERE of = ? ORDER BY at", (experiment,))]
    kept = thinned([*before, point.at])
    dropped = set(before).difference(kept)
    connection.executemany("DELETE FROM point WHERE of = ? AND at = ?", [(experiment, at) for at in dropped])
    connection.execute("INSERT INTO point (of, at, content) VALUES (?, ?, ?)", (experiment, point.at, _encoded(point)))
    connection.execute("UPDATE experiment SET first = ?, last = ? WHERE id = ?", (kept[0], point.at, experiment))


def _forget_surplus(connection: sqlite3.Connection) -> None:
    while _bytes_used(connection) > MAX_BYTES:
        oldest = connection.execute("SELECT id FROM experiment ORDER BY last, id LIMIT 1").fetchone()
        if oldest is None:
            return
        _forget(connection, oldest[0])


def _bytes_used(connection: sqlite3.Connection) -> int:
    size, pages, free = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
    )
    return int(size * (pages - free))


def _forget(connection: sqlite3.Connection, experiment: int) -> None:
    connection.execute("DELETE FROM point WHERE of = ?", (experiment,))
    connection.execute("DELETE FROM experiment WHERE id = ?", (experiment,))


def _encoded(point: TrendPoint) -> bytes:
    lifts = [(each.metric, each.version, each.lift, each.lower, each.upper) for each in point.lifts]
    return _encoder.encode((point.users, point.verdict, lifts))


def _decoded(at: float, content: bytes) -> TrendPoint:
    users, verdict, lifts = _decoder.decode(content)
    return TrendPoint(at, users, verdict, tuple(LiftPoint(*lift) for lift in lifts))
