"""Fields that somebody else holds: whether to take them back, and who keeps taking them. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence

from iter8_gitops.kube.errors import FieldConflict

FORCE_HINT = (
    "set forceConflicts: true on the routing template to take these fields over, or remove them from one of the two"
)
_NAMED_FIELDS = 5
_REMEMBERED = 1_000


def is_drift(conflicts: Sequence[FieldConflict]) -> bool:
    """Whether the fields were only edited in place: nobody declares them elsewhere."""
    return bool(conflicts) and all(each.operation == "Update" for each in conflicts)


def managers(conflicts: Sequence[FieldConflict]) -> tuple[str, ...]:
    """Who holds the fields, each once. In order, because the API server lists them in another one every time."""
    return tuple(sorted({each.manager for each in conflicts}))


def holders(conflicts: Sequence[FieldConflict]) -> str:
    """Who holds what, in words."""
    return "; ".join(f"{manager!r} holds {fields(conflicts, manager)}" for manager in managers(conflicts))


def fields(conflicts: Sequence[FieldConflict], manager: str) -> str:
    """The fields that `manager` holds, in words and in order."""
    held = sorted({each.field for each in conflicts if each.manager == manager})
    more = f" and {len(held) - _NAMED_FIELDS} more" if len(held) > _NAMED_FIELDS else ""
    return ", ".join(held[:_NAMED_FIELDS]) + more


class Fights:
    """Counts how often something was put right that somebody else had changed. Times are in seconds.

    More than `limit` times within `window` is a fight, which nobody wins.
    """

    def __init__(self, *, limit: int = 3, window: float = 60.0) -> None:
        self._limit = limit
        self._window = window
        self._healed: dict[Hashable, deque[float]] = {}

    def note(self, what: Hashable, now: float) -> None:
        """`what` was put right."""
        self._healed.setdefault(what, deque(maxlen=self._limit)).append(now)
        if len(self._healed) > _REMEMBERED:
            self._healed = {each: times for each, times in self._healed.items() if now - times[-1] < self._window}

    def is_fight(self, what: Hashable, now: float) -> bool:
        """Whether to put `what` right once more would be too much."""
        times = self._healed.get(what)
        return times is not None and len(times) == self._limit and now - times[0] < self._window

    def clear(self) -> None:
        """Forget everything."""
        self._healed.clear()
