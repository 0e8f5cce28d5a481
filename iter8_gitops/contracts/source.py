"""What every source promises to the reconcile loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from iter8_gitops.spec.tree import SourceFailure, SourceTree


@runtime_checkable
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


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a person asked to read routemaps from; see the options of the CLI.

    `location` is as it was given: a URL, a path, or whatever a plugin knows. `revision` is a branch, a tag or a
    commit, `subpath` a folder in it, `interval` the seconds between two looks; None and "" leave them to the source.
    `cache` is a folder that the source may use, and that survives a restart. `read_before` says that a controller
    ran with this state before, so that a location that is away is no mistake.
    """

    location: str
    name: str
    cache: Path
    revision: str | None = None
    subpath: str = ""
    interval: float | None = None
    read_before: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """A source and what it is good for: `routemaps`, `resources` (it stands for a cluster), or both."""

    source: Source
    routemaps: bool = True
    resources: bool = False
