"""What the use-cases are given: a board, what happened, how experiments went, and somewhere to write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol

from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue
from iter8_gitops.spec.snapshot import Snapshot
from iter8_gitops.spec.trend import TrendPoint


class Board(Protocol):
    """Where the current snapshot is read."""

    @property
    def snapshot(self) -> Snapshot:
        """The last published snapshot; its sequence is 0 before the first."""


class History(Protocol):
    """Where what happened to applications is read."""

    def entries(self, application: str, limit: int, before: int | None = None) -> tuple[HistoryEntry, ...]:
        """The newest `limit` entries (older than the id `before`), newest first. Raises `UnavailableError`."""


class Trends(Protocol):
    """Where it is read how experiments went."""

    def read(self, application: str, experiment: int) -> tuple[TrendPoint, ...]:
        """What is kept of an experiment, ascending by time. Raises `UnavailableError`."""


class Writer(Protocol):
    """Where exposures and metric values go. Neither call waits for the disk."""

    def expose(self, arm: Arm, user: str, experiment: int) -> None:
        """Remember, soon, that a user was given a version."""

    def expose_all(self, given: Iterable[tuple[Arm, str, int]]) -> None:
        """Remember, soon, that users were given versions; each is an arm, a user and an experiment."""

    def is_behind(self, count: int) -> bool:
        """Whether `count` more exposures have no room now, and would have some in a moment."""

    def submit(self, values: Sequence[MetricValue], exposures: Sequence[Exposure] = ()) -> Future[None]:
        """Store all of `exposures` and `values`, or none; the future resolves once they are durable."""
