"""`GET /v1/snapshot`: the board for clients who evaluate by themselves, and for servers that follow this one."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from typing import TypeAlias

import falcon
from falcon.asgi import Request, Response

from iter8_gitops.core.arguments import shown
from iter8_gitops.core.news import news_since
from iter8_gitops.core.wire import CONTROLLER_AGE_HEADER, encode_news
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.http.queries import parameter, whole_number
from iter8_gitops.serving.http.validators import has_answer
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.spec.snapshot import Snapshot

_MOST_KEPT = 32
_GZIP_LEVEL = 6
_SMALL = 1000
"""Bytes; less than that is not worth compressing."""

_NOT_AT_ALL = re.compile(r"q=0(?:\.0*)?")

_Wish: TypeAlias = tuple[int | None, str, bool, bool]
"""Since when, of which board, in full, and compressed."""


class SnapshotResource:
    """The whole board, or what is new since a sequence."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments
        self._documents = _Documents()

    async def on_get(self, req: Request, resp: Response) -> None:
        """304 while nothing has changed. How long ago the controller was heard of travels in a header."""
        since, board = whole_number(req, "since"), parameter(req, "board")
        full = _wants_full(parameter(req, "detail"))
        snapshot = self._experiments.published()
        compressed = _takes_gzip(req.get_header("Accept-Encoding") or "")
        resp.append_header("Vary", "Accept-Encoding")
        # Private caches may keep it, and must ask each time.
        resp.cache_control = ["no-cache"]
        age = self._experiments.controller_age()
        if age is not None:
            resp.set_header(CONTROLLER_AGE_HEADER, f"{age:.3f}")
        if snapshot.board:
            etag = f"{snapshot.board}.{snapshot.sequence}{'.full' if full else ''}{'.gzip' if compressed else ''}"
            resp.etag = etag
            if has_answer(req, etag):
                resp.status = falcon.HTTP_304
                return
        document = await self._documents.of(snapshot, (since, board, full, compressed))
        if compressed and document.startswith(b"\x1f\x8b"):
            resp.set_header("Content-Encoding", "gzip")
        resp.data = document


def _wants_full(detail: str) -> bool:
    if detail not in {"", "full"}:
        message = f"is '{shown(detail)}'; it can be 'full', or left out"
        raise InvalidArgumentError("detail", message)
    return detail == "full"


def _takes_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` (RFC 9110, 12.5.3) names gzip and does not refuse it."""
    for each in header.lower().split(","):
        coding, _, quality = each.partition(";")
        if coding.strip() == "gzip":
            return not _NOT_AT_ALL.fullmatch(quality.replace(" ", ""))
    return False


class _Documents:
    """The answers for one snapshot, each made once, off the event loop, for all who ask for it meanwhile and later."""

    def __init__(self) -> None:
        self._snapshot = Snapshot()
        self._made: dict[_Wish, asyncio.Task[bytes]] = {}

    async def of(self, snapshot: Snapshot, wish: _Wish) -> bytes:
        if snapshot.board != self._snapshot.board or snapshot.sequence != self._snapshot.sequence or not snapshot.board:
            self._snapshot, self._made = snapshot, {}
        task = self._made.get(wish)
        if task is None:
            if len(self._made) >= _MOST_KEPT:
                del self._made[next(iter(self._made))]
            task = self._made[wish] = asyncio.create_task(asyncio.to_thread(_document, snapshot, wish))
        # One client that hangs up must not take the answer away from the others.
        return await asyncio.shield(task)


def _document(snapshot: Snapshot, wish: _Wish) -> bytes:
    since, board, full, compressed = wish
    news = news_since(snapshot, since, board or None)
    # Lookups go on meanwhile: another thread may run whenever this one rests.
    document = encode_news(news, full=full, pause=_rest)
    return gzip.compress(document, _GZIP_LEVEL, mtime=0) if compressed and len(document) >= _SMALL else document


def _rest() -> None:
    time.sleep(0)
