"""The last good decoding of every routemap, on disk, so that a restart in bad times loses nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from iter8_gitops.core.desired import Declared

_SCHEMA = "CREATE TABLE IF NOT EXISTS declared (application TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID"


class LastGood:
    """A small SQLite file: application -> `Declared` as JSON. One process uses it, the controller."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_SCHEMA)

    def load(self) -> dict[str, Declared]:
        """Everything that was saved. What an older or newer release cannot decode any more is left out."""
        declared: dict[str, Declared] = {}
        for application, document in self._connection.execute("SELECT application, document FROM declared"):
            try:
                declared[application] = msgspec.json.decode(document, type=Declared)
            except msgspec.ValidationError:
                continue
        return declared

    def save(self, changed: Mapping[str, Declared], removed: Collection[str]) -> None:
        """Write what changed, in one transaction."""
        if not changed and not removed:
            return
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO declared VALUES (?, ?)",
                [(application, msgspec.json.encode(entry)) for application, entry in changed.items()],
            )
            self._connection.executemany(
                "DELETE FROM declared WHERE application = ?", [(application,) for application in removed]
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
