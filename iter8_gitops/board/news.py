"""Reading from the board: what has been published since a given sequence."""

from __future__ import annotations

import sqlite3

from iter8_gitops.board.schema import read_lineage, transaction
from iter8_gitops.core.news import News
from iter8_gitops.spec.codec import decode_source, decode_state
from iter8_gitops.spec.snapshot import SourceStatus


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
            "SELECT application, sequence, state FROM routemaps WHERE sequence > ? ORDER BY sequence", (since,)
        ).fetchall()
        sources = _read_sources(connection) if sources_at > since else None
        board, predecessors = read_lineage(connection)
    return News(
        board=board,
        sequence=sequence,
        controller_at=controller_at,
        complete=complete,
        changed={application: decode_state(state) for application, _, state in rows if state is not None},
        removed=tuple(application for application, _, state in rows if state is None),
        sources=sources,
        since=max(0, since),
        floor=floor,
        sources_at=sources_at,
        changed_at={application: at for application, at, _ in rows},
        predecessors=predecessors,
    )


def _read_sources(connection: sqlite3.Connection) -> tuple[SourceStatus, ...]:
    rows = connection.execute("SELECT status FROM sources ORDER BY position")
    return tuple(decode_source(status) for (status,) in rows)
