"""What readers see: the states on the board, and what must be told to it next."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.snapshot import RoutemapState, SourceStatus

_log = logging.getLogger(__name__)


class Published:
    """The states on the board, by application. `is_owed` says that something else is to be published, a status say."""

    def __init__(self, board: BoardPublisher, states: Mapping[str, RoutemapState]) -> None:
        self._board = board
        self._states = dict(states)
        self.is_owed = False

    @property
    def states(self) -> Mapping[str, RoutemapState]:
        """The states that readers see."""
        return self._states

    def publish(
        self,
        changed: Mapping[str, RoutemapState],
        removed: Collection[str],
        sources: Sequence[SourceStatus],
        history: Sequence[HistoryEntry],
        now: float,
    ) -> bool:
        """Publish all of it at once, if there is anything to publish. False when readers cannot see it yet."""
        if not (changed or removed or history or self.is_owed):
            return True
        try:
            self._board.publish(changed, removed, sources, now, history)
        except UnavailableError as error:
            _log.error("nothing is published for now: %s", error)
            self.is_owed = True
            return False
        self.is_owed = False
        self._states.update(changed)
        for application in removed:
            del self._states[application]
        return True

    def beat(self, now: float) -> None:
        """Say that the controller is alive at `now` (seconds since 1970)."""
        try:
            self._board.heartbeat(now)
        except UnavailableError as error:
            _log.warning("no heartbeat: %s", error)
