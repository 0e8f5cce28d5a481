"""What every source promises to the reconcile loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Protocol

from iter8_gitops.spec.tree import SourceFailure, SourceTree


class Source(Protocol):
    """A place that routemaps come from.

    A source is cheap to construct: it touches neither disk nor network before `deliveries` is iterated.
    """

    @property
    def name(self) -> str:
        """The identifier of this source, unique within a process; every delivery carries it."""
        ...

    @property
    def location(self) -> str:
        """Where the source reads from, in words for people. Holds no secret."""
        ...

    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        """Yield the first tree as soon as there is one, then go on until `stop` is set.

        Each look at the source yields exactly one value: a new `SourceTree` after a change, the
        identical object (`is`) when nothing changed, or a `SourceFailure` when the look failed. The
        last tree stays in force during failures; the next tree, even an identical one, ends them.
        Failed looks are repeated with exponential backoff and jitter.

        Blocks between looks. Ends within about a second after `stop` is set, also when a remote hangs.
        """
        ...
