"""The history of applications, in the board's file: written with each publication, read on demand."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec

from iter8_gitops.board.schema import open_to_read
from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.history import HistoryEntry

KEPT_ENTRIES = 1000
"""Of each application; older ones are forgotten."""

_decoder = msgspec.json.Decoder(HistoryEntry)


def append_history(connection: sqlite3.Connection, entries: Sequence[HistoryEntry]) -> None:
    """Add `entries`, in their order, within the caller's transaction."""
    connection.executemany(
        "INSERT INTO history (application, entry) VALUES (?, ?)",
        [(entry.application, msgspec.json.encode(entry)) for entry in entries],
    )
    connection.executemany(
        "DELETE FROM history WHERE application = ?1 AND id <= "
        "(SELECT id FROM history WHERE application = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        [(application, KEPT_ENTRIES) for application in dict.fromkeys(entry.application for entry in entries)],
    )


class HistoryReader:
    """Reads the history from the board at `path`. Safe in any thread; opens the file for each question."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, application: str, limit: int, before: int | None = None) -> tuple[HistoryEntry, ...]:
        """The newest `limit` entries, newest first; with `before`, those with smaller ids than that.

        An application that nobody ever declared has none. Raises `UnavailableError` when the board cannot be read.
        """
        try:
            with closing(open_to_read(self._path)) as connection:
                rows = connection.execute(
                    "SELECT id, entry FROM history WHERE application = ? AND id < ? ORDER BY id DESC LIMIT ?",
                    (application, 2**63 - 1 if before is None else before, limit),
                ).fetchall()
        except sqlite3.Error as error:
            message = f"the history in {self._path.name} cannot be read now: {error}"
            raise UnavailableError(message) from error
        return tuple(replace(_decoder.decode(entry), id=identity) for identity, entry in rows)
