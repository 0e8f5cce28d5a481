"""Changes an application while somebody watches it, and measures how soon all is right after a disturbance."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle

from tests.e2e.chaos_shops import ChangingShop
from tests.e2e.chaos_watcher import Watcher
from tests.e2e.system import System, eventually

RECOVERY_SECONDS = 5.0
"""How long after the end of a disturbance something may still be wrong."""
CALM_SECONDS = 1.0
"""How long a change takes at most on an idle machine, from its request until lookups and routes show it. Where it takes
longer although nothing disturbs it, a recovery may take longer by the same factor."""
_PATIENCE = 90.0


class Trial:
    """An application with two versions of weight 1, and the watchers of one system or several."""

    def __init__(self, shop: ChangingShop, watchers: list[Watcher]) -> None:
        self.shop = shop
        self.watchers = watchers
        self.weights: tuple[int, ...] = (1, 1)
        self._coming = cycle((9, 0, 3, 20, 1))

    def announce(self, *weights: int) -> None:
        """Tell the watchers which weights come next."""
        self.weights = weights
        for watcher in self.watchers:
            watcher.changes_to(*weights)

    def change(self) -> None:
        """Give the candidate another weight, which moves users."""
        weight = next(self._coming)
        self.announce(1, weight)
        self.shop.weigh(1, weight)

    def await_right(self) -> None:
        """Wait until lookups and the route show the newest weights, and nothing is stale."""
        for watcher in self.watchers:
            watcher.await_settled(_PATIENCE)
        self.shop.await_routed(*self.weights, seconds=_PATIENCE)

    def calm_seconds(self) -> float:
        """How long a change takes now that nothing disturbs it."""
        began = time.monotonic()
        self.change()
        self.await_right()
        return time.monotonic() - began

    @property
    def stale(self) -> int:
        """How many answers said that they may be out of date."""
        return sum(watcher.stale for watcher in self.watchers)

    def await_stale(self) -> None:
        """Wait until answers say that they may be out of date."""
        eventually(lambda: self.stale, "answers that say that they may be stale", _PATIENCE)


@contextmanager
def watched(shop: ChangingShop, *systems: System) -> Iterator[Trial]:
    """Watch an application with weights 1 and 1; fails at the end when any answer was wrong."""
    with ExitStack() as stack:
        watchers = [stack.enter_context(Watcher(system, shop.application, 1, 1)) for system in systems]
        yield Trial(shop, watchers)


class Recovery:
    """Measures one: make it before the disturbance, `begin` it when that is over, and `check` it after changes."""

    def __init__(self, what: str, *trials: Trial, allowed: float = RECOVERY_SECONDS) -> None:
        self._what = what
        self._trials = trials
        self._allowed = allowed
        self._calm = trials[0].calm_seconds()
        self._began: float | None = None
        self._took: float | None = None

    def begin(self) -> None:
        """The disturbance is over."""
        self._began = time.monotonic()

    def await_right(self) -> None:
        """Wait until all is right again."""
        assert self._began is not None
        for trial in self._trials:
            trial.await_right()
        self._took = time.monotonic() - self._began

    def check(self) -> None:
        """See that it took no longer than it may; waits before if nobody has waited yet."""
        if self._took is None:
            self.await_right()
        took = self._took or 0.0
        calm = max(self._calm, self._trials[0].calm_seconds())
        allowed = self._allowed * max(1.0, calm / CALM_SECONDS)
        print(f"{self._what}: right after {took:.1f} s; a change in calm took {calm:.1f} s")  # noqa: T201 (pytest -rP)
        assert took <= allowed, f"{self._what}: {took:.1f} s; {allowed:.1f} s are allowed at this machine's pace"
