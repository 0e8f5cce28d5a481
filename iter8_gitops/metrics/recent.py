"""Which exposures are recorded already, so that a user who comes again costs no transaction."""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias

from iter8_gitops.metrics.pending import Exposed
from iter8_gitops.spec.metric import Arm

_Latest: TypeAlias = defaultdict[str, dict[str, Arm]]
"""Application -> user -> the arm that the user was last exposed to."""


class RecentExposures:
    """The latest exposures that are recorded or about to be, of the last `capacity` users at least. Not thread-safe.

    They are in two generations. Who comes is put into the young one; when that is full, it becomes the old one, and
    what was in the old one is forgotten. To keep all users in the order in which they came takes longer.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._young: _Latest = defaultdict(dict)
        self._old: _Latest = defaultdict(dict)
        self._size = 0

    def learns(self, exposed: Exposed) -> bool:
        """Whether this is news; from now on, it is the user's latest exposure."""
        arm, user, _ = exposed
        users = self._young[arm.application]
        known = users.get(user)
        if known is arm:
            return False
        if known is None:
            if self._size >= self._capacity:
                self._grow_old()
                users = self._young[arm.application]
            self._size += 1
            known = self._old[arm.application].get(user)
        users[user] = arm
        return known is None or known != arm

    def _grow_old(self) -> None:
        self._old, self._young, self._size = self._young, defaultdict(dict), 0

    def forget(self, arm: Arm, user: str) -> None:
        """The exposure was not recorded; a later one of the same user stays."""
        if self._young[arm.application].get(user) == arm:
            del self._young[arm.application][user]
            self._size -= 1
        elif user in self._young[arm.application]:
            return
        if self._old[arm.application].get(user) == arm:
            del self._old[arm.application][user]
