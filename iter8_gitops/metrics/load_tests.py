"""Results of load tests, kept in a small SQLite file of their own.

Few write and few read, so every call opens the file. A rollback journal needs no companions that outlive a call, and
SQLite's locks keep processes apart; with `synchronous = EXTRA` what was stored survives a power loss.
"""

from __future__ import annotations

from pathlib import Path

from iter8_gitops.metrics.own_files import opened

KEPT = 500
"""Of all tests together; those that were stored longest ago are forgotten."""

_HOLDS = "the results of load tests"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS load_test (id INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, "
    "test TEXT NOT NULL, result BLOB NOT NULL, UNIQUE (namespace, test))"
)


class LoadTestStore:
    """The results in the file at `path`, which need not exist yet. For any number of threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, namespace: str, test: str, result: bytes) -> None:
        """Keep `result` in place of what is there of the same test; durable on return. Raises `UnavailableError`."""
        with opened(self._path, "rwc", _HOLDS) as connection:
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            connection.execute(
                "INSERT OR REPLACE INTO load_test (namespace, test, result) VALUES (?, ?, ?)", (namespace, test, result)
            )
            connection.execute(
                "DELETE FROM load_test WHERE id <= (SELECT id FROM load_test ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (KEPT,),
            )
            connection.execute("COMMIT")

    def get(self, namespace: str, test: str) -> bytes | None:
        """What was last put of a test, None when it is not known. Raises `UnavailableError`."""
        if not self._path.exists():
            return None
        with opened(self._path, "ro", _HOLDS) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'load_test'").fetchone():
                return None
            found = connection.execute(
                "SELECT result FROM load_test WHERE namespace = ? AND test = ?", (namespace, test)
            ).fetchone()
        return found[0] if found else None
