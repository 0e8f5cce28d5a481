"""`GET /ofrep/v1/events`: tells OpenFeature's providers when to evaluate their flags again."""

from __future__ import annotations

from typing import Any

from falcon.asgi import Request, Response, SSEvent

from iter8_gitops.serving.flags import Flags
from iter8_gitops.serving.http.ofrep_refusals import FLAGS
from iter8_gitops.serving.http.streams import BoardStreams

PATH = "/ofrep/v1/events"
INACTIVITY_SECONDS = 120
"""A page that nobody looks at for so long need not keep its stream."""


def event_streams(root: str) -> list[dict[str, Any]]:
    """The `eventStreams` of an answer, where this API is below the path `root`.

    They have no origin, which only the caller knows for sure when there are proxies between.
    """
    return [{"type": "sse", "endpoint": {"requestUri": f"{root}{PATH}"}, "inactivityDelaySec": INACTIVITY_SECONDS}]


class FlagEventsResource:
    """A stream of events `message`: `{"type": "refetchEvaluation", "etag": ..}`."""

    def __init__(self, flags: Flags, streams: BoardStreams) -> None:
        self._flags = flags
        self._streams = streams

    async def on_get(self, req: Request, resp: Response) -> None:
        """The present state comes at once, unless `Last-Event-ID` names it: it may have changed since it was asked for.

        503 when there are too many streams already.
        """
        told = req.get_header("Last-Event-ID") or ""
        self._streams.open(resp, _Teller(self._flags, told), FLAGS)


class _Teller:
    """What one listener is told."""

    def __init__(self, flags: Flags, told: str) -> None:
        self._flags = flags
        self._told = told

    def __call__(self) -> SSEvent:
        version = self._flags.version()
        if version == self._told:
            return SSEvent(comment="heartbeat")
        self._told = version
        event = {"type": "refetchEvaluation", "etag": f'"{version}"'}
        return SSEvent(event="message", event_id=version, json=event)
