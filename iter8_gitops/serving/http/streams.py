"""`GET /v1/snapshot/events`: server-sent events that tell clients when to ask for news."""

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


class SnapshotEventsResource:
    """Tells of every new sequence, and that the controller is alive."""

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

    async def on_get(self, _req: Request, resp: Response) -> None:
        """The first event comes at once. 503 when there are too many streams already."""
        self._experiments.published()
        if self._streams >= self._limit or self._stopping():
            message = f"this process has {self._limit} streams, the most that it takes; ask for /v1/snapshot instead"
            raise UnavailableError(message)
        resp.cache_control = ["no-store"]
        # Some proxies gather an answer before they pass it on, unless they are told.
        resp.set_header("X-Accel-Buffering", "no")
        resp.sse = self._events()

    async def _events(self) -> AsyncIterator[SSEvent]:
        self._streams += 1
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._wake_regularly())
        told: tuple[str, int] | None = None
        heard: float | None = None
        try:
            while not self._stopping():
                woken, snapshot = self._woken, self._experiments.snapshot
                state = {
                    "board": snapshot.board,
                    "sequence": snapshot.sequence,
                    "controllerAge": self._experiments.controller_age(),
                }
                position = snapshot.board, snapshot.sequence
                if position != told:
                    told = position
                    yield SSEvent(event="snapshot", event_id=f"{snapshot.board}.{snapshot.sequence}", json=state)
                elif snapshot.controller_at != heard:
                    yield SSEvent(event="alive", json=state)
                else:
                    yield SSEvent(comment="heartbeat")
                heard = snapshot.controller_at
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
