"""What has been published since somebody last looked: told from a snapshot, and added to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from iter8_gitops.spec.snapshot import ChangeLog, Predecessor, RoutemapState, Snapshot, SourceStatus


@dataclass(frozen=True, slots=True)
class News:
    """What `board` published after the sequence `since`, up to `sequence`.

    When `complete`, `changed` is everything there is, and what the reader had must be forgotten. `changed_at` has the
    sequences of `changed` and `removed`. `sources` is None when they were not published anew.
    """

    board: str
    sequence: int
    controller_at: float | None
    complete: bool
    changed: Mapping[str, RoutemapState]
    removed: tuple[str, ...]
    sources: tuple[SourceStatus, ...] | None
    since: int = 0
    floor: int = 0
    sources_at: int = 0
    changed_at: Mapping[str, int] = field(default_factory=dict)
    predecessors: tuple[Predecessor, ...] = ()

    def after(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot that follows on `snapshot`. A mere heartbeat keeps its routemaps as they are."""
        routemaps, changed_at = snapshot.routemaps, snapshot.log.changed_at
        if self.complete:
            routemaps, changed_at = self.changed, self.changed_at
        elif self.changed or self.removed:
            merged = {**routemaps, **self.changed}
            for application in self.removed:
                merged.pop(application, None)
            routemaps, changed_at = merged, {**changed_at, **self.changed_at}
        if self.floor > snapshot.log.floor:
            changed_at = {name: at for name, at in changed_at.items() if name in routemaps or at > self.floor}
        return replace(
            snapshot,
            sequence=self.sequence,
            controller_at=self.controller_at,
            sources=snapshot.sources if self.sources is None else self.sources,
            routemaps=routemaps,
            board=self.board,
            log=ChangeLog(self.floor, self.sources_at, changed_at, self.predecessors),
        )


def news_since(snapshot: Snapshot, since: int | None = None, board: str | None = None) -> News:
    """What somebody lacks who has seen `board` (None: the same one) at the sequence `since` (None: nothing).

    Complete for a reader whose removals may have been forgotten, who is ahead of the board, or who saw something that
    the present board does not go on from: another board, or publications that a restored backup or a power cut undid.
    """
    log = snapshot.log
    if since is None or not log.floor <= since <= _common(snapshot, board):
        since = None
    after = -1 if since is None else since
    changed_at = {name: at for name, at in log.changed_at.items() if at > after}
    unknown = {name: snapshot.sequence for name in snapshot.routemaps if name not in log.changed_at}
    changed_at |= unknown
    return News(
        board=snapshot.board,
        sequence=snapshot.sequence,
        controller_at=snapshot.controller_at,
        complete=since is None,
        changed={name: snapshot.routemaps[name] for name in changed_at if name in snapshot.routemaps},
        removed=tuple(name for name in changed_at if name not in snapshot.routemaps),
        sources=snapshot.sources if log.sources_at > after else None,
        since=max(0, after),
        floor=log.floor,
        sources_at=log.sources_at,
        changed_at=changed_at,
        predecessors=log.predecessors,
    )


def _common(snapshot: Snapshot, board: str | None) -> int:
    """The last sequence at which `board` was what `snapshot` goes on from; -1 when it never was."""
    if not snapshot.board:
        return -1
    if board is None or board == snapshot.board:
        return snapshot.sequence
    return next((before.until for before in snapshot.log.predecessors if before.board == board), -1)
