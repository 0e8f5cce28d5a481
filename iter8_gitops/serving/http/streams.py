"""Server-sent events about the board: one look at it for all who listen, a bound on their number, and a clean end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from falcon.asgi import Request, Response, SSEvent

from iter8_gitops.errors import UnavailableError
from iter8_gitops.serving.usecases import Experiments

MAX_STREAMS = 500
"""Of one worker; whoever comes later polls."""

HEARTBEAT_SECONDS = 3.0
"""No stream is silent for longer."""

_LOOK_SECONDS = 0.1


class BoardStreams:
    """The streams of one process, whatever they tell."""

    def __init__(
        self, experiments: Experiments, stopping: Callable[[], bool] = lambda: False, limit: int = MAX_STREAMS
    ) -> None:
        """`stopping` says that the process is about to end, and streams with it."""
        self._experiments = experiments
        self._stopping = stopping
        self._limit = limit
        self._streams = 0
        self._woken = asyncio.Event()
        self._waking: asyncio.Task[None] | None = None

    def open(self, resp: Response, tell: Callable[[], SSEvent], instead: str) -> None:
        """Answer with what `tell` says: at once, after every change of the board, and every 3 s.

        Raises `UnavailableError` before the first snapshot, and when there are too many streams already; `instead` is
        what may be asked for then.
        """
        self._experiments.published()
        if self._streams >= self._limit or self._stopping():
            message = f"this process has {self._limit} streams, the most that it takes; ask for {instead} instead"
            raise UnavailableError(message)
        resp.cache_control = ["no-store"]
        # Some proxies gather an answer before they pass it on, unless they are told.
        resp.set_header("X-Accel-Buffering", "no")
        resp.sse = self._events(tell)

    async def _events(self, tell: Callable[[], SSEvent]) -> AsyncIterator[SSEvent]:
        self._streams += 1
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._wake_regularly())
        try:
            while not self._stopping():
                woken = self._woken
                yield tell()
                await woken.wait()
        finally:
            self._streams -= 1

    async def _wake_regularly(self) -> None:
        """One look at the board for all streams, which sleep while there is nothing to tell."""
        told, due = self._position(), 0.0
        while self._streams:
            now, position = time.monotonic(), self._position()
            if position != told or now >= due or self._stopping():
                told, due = position, now + HEARTBEAT_SECONDS
                woken, self._woken = self._woken, asyncio.Event()
                woken.set()
            await asyncio.sleep(_LOOK_SECONDS)

    def _position(self) -> tuple[str, int]:
        snapshot = self._experiments.snapshot
        return snapshot.board, snapshot.sequence


class SnapshotEventsResource:
    """`GET /v1/snapshot/events`: tells of every new sequence, and that the controller is alive."""

    def __init__(self, experiments: Experiments, streams: BoardStreams) -> None:
        self._experiments = experiments
        self._streams = streams

    async def on_get(self, _req: Request, resp: Response) -> None:
        """The first event comes at once. 503 when there are too many streams already."""
        self._streams.open(resp, _SnapshotTeller(self._experiments), "/v1/snapshot")


class _SnapshotTeller:
    """What one listener is told of snapshots."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments
        self._told: tuple[str, int] | None = None
        self._heard: float | None = None

    def __call__(self) -> SSEvent:
        snapshot = self._experiments.snapshot
        position = snapshot.board, snapshot.sequence
        heard, self._heard = self._heard, snapshot.controller_at
        state = {
            "board": snapshot.board,
            "sequence": snapshot.sequence,
            "controllerAge": self._experiments.controller_age(),
        }
        if position != self._told:
            self._told = position
            return SSEvent(event="snapshot", event_id=f"{snapshot.board}.{snapshot.sequence}", json=state)
        if snapshot.controller_at != heard:
            return SSEvent(event="alive", json=state)
        return SSEvent(comment="heartbeat")
