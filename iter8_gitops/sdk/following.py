"""Following the board of a server over HTTP: events say when to ask for news, and polling stands in for them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlencode

import msgspec
import urllib3

from iter8_gitops.core.freshness import has_state
from iter8_gitops.core.wire import CONTROLLER_AGE_HEADER, decode_news
from iter8_gitops.sdk.backoff import Backoff
from iter8_gitops.sdk.errors import TransportError
from iter8_gitops.sdk.events import Event, EventParser
from iter8_gitops.sdk.transport import Answer, Transport
from iter8_gitops.spec.snapshot import Snapshot

POLL_SECONDS = 2.0
STREAM_RETRY_SECONDS = 60.0
"""How long polling stands in where there are no streams, or too many."""

BEHIND_SECONDS = 10.0
"""How long older answers of the same board are taken for those of a process that is behind. After that the board itself
went back, from a backup for instance."""

_CATCH_UP_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between questions after an event, while other processes of the server have not seen yet what it tells of."""

_SNAPSHOT = "/v1/snapshot"
_EVENTS = "/v1/snapshot/events"
_log = logging.getLogger("iter8_gitops.sdk")


class Follower(Protocol):
    """Something that keeps `snapshot` up to date from a thread of its own.

    `snapshot` is swapped whole: reading it takes no lock. `trouble` says why it may be older than it should be, ""
    when all is well; `confirmed_at` is when it was last known to be up to date (seconds since 1970, None for never),
    `connection` how: `stream`, `poll`, `file` or `none`.
    """

    snapshot: Snapshot
    trouble: str
    confirmed_at: float | None
    connection: str

    def start(self) -> None:
        """Begin to follow."""

    def stop(self) -> None:
        """Follow no longer. `snapshot` stays."""


class _PublishedState(msgspec.Struct, rename="camel"):
    """The data of an event."""

    board: str = ""
    sequence: int = -1
    controller_age: float | None = None


class _StreamLostError(Exception):
    """There is no stream, or none any more."""


_event_decoder = msgspec.json.Decoder(_PublishedState)


class HttpFollower:
    """Follows the server that `transport` speaks with, whatever becomes of it. With `full`, it learns all there is.

    `snapshot` is what to go on from. `on_confirmed` is called, in the follower's thread, whenever `snapshot` is known
    to be up to date. A fork leaves the thread behind: a child makes a follower of its own.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        full: bool = False,
        streaming: bool = True,
        poll_seconds: float = POLL_SECONDS,
        snapshot: Snapshot | None = None,
        on_confirmed: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.snapshot = snapshot or Snapshot()
        self.trouble = f"nothing has been received from {transport.base} yet"
        self.confirmed_at: float | None = None
        self.connection = "none"
        self._transport = transport
        self._full = full
        self._streaming = streaming
        self._poll_seconds = poll_seconds
        self._on_confirmed = on_confirmed
        self._clock = clock
        self._etag = ""
        self._told = False
        self._stream_after = 0.0
        self._behind_since: float | None = None
        self._backoff = Backoff()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._open: urllib3.BaseHTTPResponse | None = None

    def start(self) -> None:
        """Begin to follow, in a daemon thread. Does not wait for anything."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="iter8-board", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Follow no longer. Waits for a moment at most: the thread may be in a request that takes longer to end."""
        self._stopped.set()
        opened = self._open
        if opened is not None:
            try:
                opened.shutdown()
            except (OSError, ValueError, RuntimeError):
                _log.debug("the stream had ended by itself")
        if self._thread is not None:
            self._thread.join(1.0)
        self._transport.close()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                self._refresh()
                self._wait_for_news()
            except TransportError as error:
                self._stopped.wait(self._troubled(str(error), error.retry_after))
            except Exception as error:  # noqa: BLE001 (a follower that died would leave a client with an old board)
                _log.error("following %s failed in a way that it should not", self._transport.base, exc_info=error)
                self._stopped.wait(self._troubled(f"{type(error).__name__}: {error}"))

    def _troubled(self, message: str, retry_after: float = 0.0) -> float:
        """Note what is wrong. Returns how long to wait."""
        if self._stopped.is_set():
            return 0.0
        if not self._told:
            self._told = True
            _log.warning("the board is not renewed: %s", message)
        self.trouble = message
        self.connection = "none"
        return self._backoff.next(retry_after)

    def _refresh(self) -> None:
        """Ask for what is new, and take it over. Raises `TransportError`."""
        answer = self._transport.get(self._path(), {"If-None-Match": self._etag} if self._etag else None)
        heard = self._heard(answer)
        if answer.status == 304:
            self._confirm(replace(self.snapshot, controller_at=heard))
        elif answer.status == 200:
            self._take_over(answer, heard)
        else:
            raise answer.trouble(self._transport.base + _SNAPSHOT)

    def _path(self) -> str:
        wanted: dict[str, object] = {"detail": "full"} if self._full else {}
        if self.snapshot.board:
            wanted |= {"since": self.snapshot.sequence, "board": self.snapshot.board}
        return f"{_SNAPSHOT}?{urlencode(wanted)}"

    def _heard(self, answer: Answer) -> float | None:
        """When the controller was last heard of, by the clock here: clocks of two machines are never compared."""
        try:
            age = float(answer.headers[CONTROLLER_AGE_HEADER.lower()])
        except (KeyError, ValueError):
            return None
        return self._clock() - age if 0 <= age < float("inf") else None

    def _take_over(self, answer: Answer, heard: float | None) -> None:
        url = f"{self._transport.base}{_SNAPSHOT}"
        try:
            news = decode_news(answer.body, heard, lambda: time.sleep(0))
        except (ValueError, RecursionError) as error:
            said = " ".join(answer.body[:60].decode("utf-8", "replace").split())
            message = f"{url} answers with something that is no snapshot ({error}): {said}"
            raise TransportError(message) from error
        if not news.complete and (news.since != self.snapshot.sequence or not self.snapshot.board):
            # Whoever is between us has mixed up answers: the next one must not depend on what we have.
            self.snapshot, self._etag = replace(self.snapshot, board=""), ""
            message = f"{url} answers with what is new since {news.since}, which was not asked for"
            raise TransportError(message)
        snapshot = news.after(self.snapshot)
        if not has_state(snapshot):
            message = f"{url} answers with a board on which nothing has been published yet"
            raise TransportError(message)
        if self._is_behind(snapshot):
            return
        self._etag = answer.headers.get("etag", "")
        self._confirm(snapshot)

    def _is_behind(self, snapshot: Snapshot) -> bool:
        """Whether an older answer comes from a process that has not seen what another one of the server has."""
        if snapshot.board != self.snapshot.board or snapshot.sequence >= self.snapshot.sequence:
            self._behind_since = None
            return False
        now = time.monotonic()
        if self._behind_since is None:
            self._behind_since = now
        return now - self._behind_since < BEHIND_SECONDS

    def _confirm(self, snapshot: Snapshot) -> None:
        if self._told:
            self._told = False
            _log.info("the board is renewed again")
        self.snapshot = snapshot
        self.confirmed_at = self._clock()
        self.trouble = ""
        if self.connection == "none":
            self.connection = "poll"
        self._backoff.reset()
        self._on_confirmed()

    def _wait_for_news(self) -> None:
        """Return when it is time to ask again. Raises `TransportError`."""
        if not self._streaming or time.monotonic() < self._stream_after:
            self.connection = "poll"
            self._stopped.wait(self._poll_seconds)
            return
        told = False
        try:
            for event in self._events():
                told = True
                self._hear(event)
        except _StreamLostError as lost:
            # No stream is no trouble while polling works, which is tried at once.
            _log.debug("the stream of events is lost: %s", lost)
            if not told:
                self._stream_after = time.monotonic() + STREAM_RETRY_SECONDS
        finally:
            self._open = None
        # All clients of a server that stops notice it at once.
        self._stopped.wait(self._backoff.next())

    def _events(self) -> Iterator[Event]:
        """The events of one stream, until the server ends it. Raises `_StreamLostError`."""
        parser = EventParser()
        try:
            with self._transport.stream(_EVENTS) as response:
                self._open = response
                if response.status != 200:
                    message = f"{self._transport.base}{_EVENTS} answers {response.status}"
                    raise _StreamLostError(message)
                for chunk in self._transport.chunks(response, _EVENTS):
                    if self._stopped.is_set():
                        return
                    yield from parser.feed(chunk)
        except (TransportError, ValueError) as error:
            raise _StreamLostError(str(error)) from error

    def _hear(self, event: Event) -> None:
        self.connection = "stream"
        if event.name not in {"snapshot", "alive"}:
            return
        try:
            state = _event_decoder.decode(event.data)
        except ValueError as error:
            raise _StreamLostError(str(error)) from error
        if (state.board, state.sequence) != (self.snapshot.board, self.snapshot.sequence):
            self._catch_up(state)
        elif state.controller_age is not None and 0 <= state.controller_age < float("inf"):
            self._confirm(replace(self.snapshot, controller_at=self._clock() - state.controller_age))

    def _catch_up(self, state: _PublishedState) -> None:
        """Ask until what an event tells of is there: the answer may come from a process that has not seen it yet."""
        self._refresh()
        for pause in _CATCH_UP_PAUSES:
            if self.snapshot.board != state.board or self.snapshot.sequence >= state.sequence:
                return
            self._stopped.wait(pause)
            self._refresh()
