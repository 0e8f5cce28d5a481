"""How experiments went over time, kept in a small SQLite file of its own.

One process writes seldom and few read, so every call opens the file. A power cut may undo the last points: what counts
is in the metric store, and this is what charts show of its past.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from iter8_gitops.core.trends import thinned
from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.trend import TrendPoint

KEPT_EXPERIMENTS = 3
"""Of each application."""

_PATIENCE = 5.0
_TABLE = (
    "CREATE TABLE IF NOT EXISTS trend (application TEXT NOT NULL, experiment INTEGER NOT NULL, at REAL NOT NULL, "
    "point BLOB NOT NULL, PRIMARY KEY (application, experiment, at)) WITHOUT ROWID"
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(TrendPoint).decode


class TrendStore:
    """The trends in the file at `path`, which need not exist yet. For any number of threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, application: str, experiment: int, points: Sequence[TrendPoint]) -> None:
        """Add `points` of the experiment that began at `experiment`; what need not be kept is forgotten.

        Raises `UnavailableError`.
        """
        with self._open("rwc") as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            known = _read(connection, application, experiment)
            kept = thinned(sorted([*known, *points], key=lambda point: point.at), experiment)
            forgotten = {point.at for point in known} - {point.at for point in kept}
            connection.executemany(
                "DELETE FROM trend WHERE application = ? AND experiment = ? AND at = ?",
                [(application, experiment, at) for at in forgotten],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO trend VALUES (?, ?, ?, ?)",
                [(application, experiment, point.at, _encode(point)) for point in kept if point not in known],
            )
            connection.execute(
                "DELETE FROM trend WHERE application = ?1 AND experiment < (SELECT min(experiment) FROM "
                "(SELECT DISTINCT experiment FROM trend WHERE application = ?1 ORDER BY experiment DESC LIMIT ?2))",
                (application, KEPT_EXPERIMENTS),
            )
            connection.execute("COMMIT")

    def read(self, application: str, experiment: int) -> tuple[TrendPoint, ...]:
        """The points that are kept of an experiment, ascending. Raises `UnavailableError`."""
        if not self._path.exists():
            return ()
        with self._open("ro") as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'trend'").fetchone():
                return ()
            return _read(connection, application, experiment)

    def forget(self, before: float) -> None:
        """Forget applications of which nothing was recorded since `before` (seconds since 1970).

        Raises `UnavailableError`.
        """
        if not self._path.exists():
            return
        with self._open("rwc") as connection:
            connection.execute(_TABLE)
            connection.execute(
                "DELETE FROM trend WHERE application IN "
                "(SELECT application FROM trend GROUP BY application HAVING max(at) < ?)",
                (before,),
            )

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        """A connection whose transaction is undone unless the block commits it."""
        try:
            if mode == "rwc":
                self._path.parent.mkdir(parents=True, exist_ok=True)
            address = f"{self._path.absolute().as_uri()}?mode={mode}"
            with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)) as connection:
                yield connection
        except (sqlite3.Error, OSError, ValueError) as error:
            message = f"the trends in {self._path.name} cannot be used now: {error}"
            raise UnavailableError(message) from error


def _read(connection: sqlite3.Connection, application: str, experiment: int) -> tuple[TrendPoint, ...]:
    rows = connection.execute(
        "SELECT point FROM trend WHERE application = ? AND experiment = ? ORDER BY at", (application, experiment)
    )
    return tuple(_decode(point) for (point,) in rows)
