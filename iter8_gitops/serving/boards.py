"""The board that a serving process answers from: the file of a controller beside it, or that of another server."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from urllib.parse import quote

import msgspec

from iter8_gitops import memory
from iter8_gitops.board.history import HistoryReader
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.board.subscription import BoardSubscription
from iter8_gitops.core.freshness import has_state
from iter8_gitops.errors import UnavailableError
from iter8_gitops.sdk.following import HttpFollower
from iter8_gitops.sdk.keeping import Keeper
from iter8_gitops.sdk.transport import Transport
from iter8_gitops.serving.parts import History
from iter8_gitops.serving.settings import ServingSettings
from iter8_gitops.serving.usecases import MAX_HISTORY
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.snapshot import Snapshot


class FollowedBoard(Protocol):
    """A board that is kept up to date by a thread, between `start` and `stop`."""

    history: History

    @property
    def snapshot(self) -> Snapshot:
        """The last snapshot."""

    def start(self) -> None:
        """Begin to follow."""

    def stop(self) -> None:
        """Follow no longer; the last snapshot stays. May be called again."""


def open_board(settings: ServingSettings) -> FollowedBoard:
    """The board that `settings` name. Raises `ConfigurationError` for an address that cannot be used."""
    return _LocalBoard(settings) if settings.board is None else _RemoteBoard(settings, settings.board)


class _LocalBoard:
    def __init__(self, settings: ServingSettings) -> None:
        self.history: History = HistoryReader(settings.state.board)
        self._reader = BoardReader(settings.state.board)
        self._begun = False
        self._subscription = BoardSubscription(self._reader)
        self.start = self._subscription.start
        self.stop = self._subscription.stop

    @property
    def snapshot(self) -> Snapshot:
        return self._reader.snapshot if self._begun else self._begin()

    def _begin(self) -> Snapshot:
        # A process beside this one may already have seen and answered from what this one has not looked for again.
        self._reader.refresh()
        self._begun = has_state(self._reader.snapshot)
        if self._begun:
            memory.settle()
        return self._reader.snapshot


class _RemoteBoard:
    """Keeps the last snapshot in the state folder, so that a restart while the other server is away loses nothing."""

    def __init__(self, settings: ServingSettings, url: str) -> None:
        transport = Transport(url)
        keeper = Keeper(settings.state.followed_board, full=True)
        self.history: History = _RemoteHistory(transport)
        self._follower = follower = HttpFollower(
            transport,
            full=True,
            snapshot=keeper.load(),
            on_confirmed=lambda: keeper.keep(follower.snapshot),
        )
        self.start = follower.start
        self.stop = follower.stop

    @property
    def snapshot(self) -> Snapshot:
        return self._follower.snapshot


class _Entry(msgspec.Struct):
    """One entry as `views.history_view` writes it."""

    id: int
    at: datetime
    reason: str
    message: str
    warning: bool
    version: int | None
    source: str
    revision: str
    author: str


class _Page(msgspec.Struct):
    application: str
    entries: list[_Entry]
    next: int | None


_page_decoder = msgspec.json.Decoder(_Page)


class _RemoteHistory:
    """The history that the followed server keeps."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def entries(self, application: str, limit: int, before: int | None = None) -> tuple[HistoryEntry, ...]:
        """See `History`."""
        page = self._page(application, min(limit, MAX_HISTORY), before)
        if limit > MAX_HISTORY and page.next is not None:
            page.entries += self._page(application, limit - MAX_HISTORY, page.next).entries
        return tuple(
            HistoryEntry(
                page.application,
                entry.at.timestamp(),
                entry.reason,
                entry.message,
                entry.warning,
                entry.version,
                entry.source,
                entry.revision,
                entry.author,
                entry.id,
            )
            for entry in page.entries
        )

    def _page(self, application: str, limit: int, before: int | None) -> _Page:
        path = f"/v1/routemaps/{quote(application)}/history?limit={limit}"
        answer = self._transport.get(path if before is None else f"{path}&before={before}")
        if answer.status == 404:
            return _Page(application, [], None)
        if answer.status != 200:
            raise answer.trouble(self._transport.base + path)
        try:
            return _page_decoder.decode(answer.body)
        except ValueError as error:
            message = f"{self._transport.base}{path} answers with something that is no history: {error}"
            raise UnavailableError(message) from error
