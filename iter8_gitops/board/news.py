"""Reading from the board: what has been published since a given sequence."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from iter8_gitops.board.schema import transaction
from iter8_gitops.spec.codec import decode_source, decode_state
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot, SourceStatus


@dataclass(frozen=True, slots=True)
class News:
    """What was published after the sequence that a reader had seen, up to `sequence`.

    When `complete`, `changed` is everything there is, and what the reader had must be forgotten.
    `sources` is None when they were not published anew.
    """

    sequence: int
    controller_at: float | None
    complete: bool
    changed: Mapping[str, RoutemapState]
    removed: tuple[str, ...]
    sources: tuple[SourceStatus, ...] | None

    def after(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot that follows on `snapshot`. A mere heartbeat keeps its routemaps as they are."""
        sources = snapshot.sources if self.sources is None else self.sources
        routemaps = snapshot.routemaps
        if self.complete:
            routemaps = self.changed
        elif self.changed or self.removed:
            merged = {**routemaps, **self.changed}
            for application in self.removed:
                merged.pop(application, None)
            routemaps = merged
        return replace(
            snapshot,
            sequence=self.sequence,
            controller_at=self.controller_at,
            sources=sources,
            routemaps=routemaps,
        )


def read_news(connection: sqlite3.Connection, seen: int | None) -> News:
    """Read what is newer than the sequence `seen` (None: everything), all of one instant.

    Costs as much as there is news. A reader that has fallen behind the floor, or ahead of the board
    (somebody restored an older file), gets everything. Raises `sqlite3.Error`, or `ValueError` for a
    row that cannot be decoded.
    """
    with transaction(connection, "DEFERRED"):
        ((sequence, floor, sources_at, controller_at),) = connection.execute(
            "SELECT sequence, floor, sources_at, controller_at FROM board"
        ).fetchall()
        complete = seen is None or not floor <= seen <= sequence
        since = -1 if seen is None or complete else seen
        rows = connection.execute(
            "SELECT application, state FROM routemaps WHERE sequence > ? ORDER BY sequence", (since,)
        ).fetchall()
        sources = _read_sources(connection) if sources_at > since else None
    return News(
        sequence=sequence,
        controller_at=controller_at,
        complete=complete,
        changed={application: decode_state(state) for application, state in rows if state is not None},
        removed=tuple(application for application, state in rows if state is None),
        sources=sources,
    )


def _read_sources(connection: sqlite3.Connection) -> tuple[SourceStatus, ...]:
    rows = connection.execute("SELECT status FROM sources ORDER BY position")
    return tuple(decode_source(status) for (status,) in rows)
