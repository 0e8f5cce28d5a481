"""The last good decoding of every routemap, on disk, so that a restart in bad times loses nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from iter8_gitops.core.desired import Declared
from iter8_gitops.spec.files import DecodedResource

_SCHEMA = """
CREATE TABLE IF NOT EXISTS declared (application TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (path TEXT PRIMARY KEY, objects BLOB NOT NULL) WITHOUT ROWID;
"""


class LastGood:
    """A small SQLite file that one process uses, the controller."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)

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

    def load_held(self) -> dict[str, tuple[DecodedResource, ...]]:
        """The objects, by path, of the files of a manifests cluster that were broken last."""
        held: dict[str, tuple[DecodedResource, ...]] = {}
        for path, objects in self._connection.execute("SELECT path, objects FROM held"):
            try:
                held[path] = msgspec.json.decode(objects, type=tuple[DecodedResource, ...])
            except msgspec.ValidationError:
                continue
        return held

    def save_held(self, held: Mapping[str, Sequence[DecodedResource]]) -> None:
        """Remember these objects, and no others."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM held")
            rows = [(path, msgspec.json.encode(list(objects))) for path, objects in held.items()]
            self._connection.executemany("INSERT INTO held VALUES (?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
