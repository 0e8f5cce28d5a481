"""Whether a reflector can follow what it should."""

from __future__ import annotations

import time
from collections.abc import Callable

from iter8_gitops.kube.errors import KubeError


class Health:
    """`synced` says whether a first list was complete, `failure` what is wrong at present, since `failing_since`.

    One thread writes, any may read. `on_change` is called after each change.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self.synced = False
        self.failure: KubeError | None = None
        self.failing_since: float | None = None

    def works(self) -> None:
        """A list or a watch was answered."""
        if self.synced and self.failure is None:
            return
        self.synced = True
        self.failure = None
        self.failing_since = None
        self._on_change()

    def failed(self, error: KubeError) -> None:
        """A list or a watch was refused, or not answered."""
        known = self.failure
        if self.failing_since is None:
            self.failing_since = time.time()
        self.failure = error
        if known is None or (type(known), known.message) != (type(error), error.message):
            self._on_change()
