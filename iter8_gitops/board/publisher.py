"""The writing side of the board: the controller publishes what changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from iter8_gitops.board.history import append_history
from iter8_gitops.board.lock import PublisherLock
from iter8_gitops.board.news import read_news
from iter8_gitops.board.schema import explained, open_to_write, transaction
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.spec.codec import encode_source, encode_state
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot, SourceStatus

KEPT_REMOVALS = 1000
"""Removals are remembered for this many publications; a reader that missed more reads everything again."""


class BoardPublisher:
    """Publishes to the board at `path`, which is created when it does not exist.

    Only one publisher may exist per board, on the whole machine: a second one is refused with a
    `ConfigurationError` that names the process of the first. So is a damaged file. It is not replaced
    by an empty one unasked: sources cannot give back which content had settled, nor the weight
    epochs that stored metrics are filed under.

    Every method may raise `UnavailableError` (locked, disk full), after which nothing was written and
    the same call can be made again. Use from one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = PublisherLock(path.with_name(f"{path.name}.lock"))
        except OSError as error:
            message = f"the board {path} cannot be used: {error.strerror}"
            raise ConfigurationError(message) from error
        try:
            with explained(path):
                self._connection = open_to_write(path)
        except BaseException:
            self._lock.release()
            raise

    def load(self) -> Snapshot:
        """Everything as it was last published. Raises `ConfigurationError` when it cannot be decoded."""
        with explained(self._path):
            return read_news(self._connection, None).after(Snapshot())

    def publish(
        self,
        changed: Mapping[str, RoutemapState],
        removed: Collection[str],
        sources: Sequence[SourceStatus] | None,
        now: float,
        history: Sequence[HistoryEntry] = (),
    ) -> int:
        """Publish new states by application, removals, all source statuses (None: as they were), and what happened.

        Readers see all of it or none. The cost depends on what is given here, not on what is on the
        board. Also counts as a heartbeat at `now` (seconds since 1970). Returns the new sequence.
        """
        states = [(application, encode_state(state)) for application, state in changed.items()]
        statuses = None if sources is None else [encode_source(status) for status in sources]
        with explained(self._path), transaction(self._connection):
            ((sequence,),) = self._connection.execute(
                "UPDATE board SET sequence = sequence + 1, controller_at = ? RETURNING sequence", (now,)
            ).fetchall()
            self._remove(removed, sequence)
            self._write(states, sequence)
            if statuses is not None:
                self._write_sources(statuses, sequence)
            self._forget_removals(sequence - KEPT_REMOVALS)
            append_history(self._connection, history)
        return int(sequence)

    def heartbeat(self, now: float) -> None:
        """Say that the controller is alive at `now` (seconds since 1970). The sequence stays."""
        with explained(self._path):
            self._connection.execute("UPDATE board SET controller_at = ?", (now,))

    def close(self) -> None:
        """Close the file and let another publisher in. What was published stays readable."""
        try:
            self._connection.close()
        finally:
            self._lock.release()

    def _remove(self, applications: Collection[str], sequence: int) -> None:
        self._connection.executemany(
            "UPDATE routemaps SET sequence = ?, state = NULL WHERE application = ? AND state IS NOT NULL",
            [(sequence, application) for application in applications],
        )

    def _write(self, states: Sequence[tuple[str, bytes]], sequence: int) -> None:
        self._connection.executemany(
            "INSERT INTO routemaps VALUES (?, ?, ?) ON CONFLICT (application) "
            "DO UPDATE SET sequence = excluded.sequence, state = excluded.state",
            [(application, sequence, state) for application, state in states],
        )

    def _write_sources(self, statuses: Sequence[bytes], sequence: int) -> None:
        self._connection.execute("DELETE FROM sources")
        self._connection.executemany("INSERT INTO sources VALUES (?, ?)", list(enumerate(statuses)))
        self._connection.execute("UPDATE board SET sources_at = ?", (sequence,))

    def _forget_removals(self, until: int) -> None:
        forgotten: sqlite3.Cursor = self._connection.execute(
            "DELETE FROM routemaps WHERE state IS NULL AND sequence <= ?", (until,)
        )
        if forgotten.rowcount:
            self._connection.execute("UPDATE board SET floor = ?", (until,))
