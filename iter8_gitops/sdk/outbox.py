"""What a client has to tell the server, in the order in which it happened, until it is told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from iter8_gitops.core.cohorts import Outcome
from iter8_gitops.sdk.errors import OutboxFullError

MOST_ITEMS = 1_000
MOST_BYTES = 2 * 1024 * 1024
"""Of one request; a server takes twice as much."""


class ExposureReport(Struct, frozen=True):
    """An exposure as `POST /v1/exposures` takes it."""

    application: str
    user: str
    version: int
    signature: str
    epoch: int
    experiment: int
    cohort: str


class ValueReport(Struct, frozen=True):
    """A metric value as `POST /v1/metrics` takes it."""

    application: str
    user: str
    name: str
    value: float
    transaction: str


@dataclass(frozen=True, slots=True)
class Item:
    """One report, encoded once, however often it is sent."""

    application: str
    document: bytes


@dataclass(slots=True)
class Batch:
    """What is sent next: all exposures, and then the values."""

    exposures: list[Item] = field(default_factory=list)
    values: list[Item] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.exposures) + len(self.values)


class Outbox:
    """A bounded queue of exposures and values. Adding takes no lock, and may be done in any thread.

    At most `capacity` wait, of which exposures fill no more than half, so that many users leave room for values.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        # Appending to a deque, and taking from its other end, are atomic.
        self._entries: deque[tuple[Outcome, str] | ValueReport] = deque()
        self.dropped_exposures = 0

    def __len__(self) -> int:
        return len(self._entries)

    def expose(self, outcome: Outcome, user: str) -> bool:
        """Take an exposure; False, and it is counted, when there is no room."""
        if len(self._entries) >= self._capacity // 2:
            self.dropped_exposures += 1
            return False
        self._entries.append((outcome, user))
        return True

    def write(self, value: ValueReport) -> None:
        """Take a value. Raises `OutboxFullError` when there is no room."""
        if len(self._entries) >= self._capacity:
            message = f"{self._capacity} exposures and values wait to be sent, the most that are kept; try again later"
            raise OutboxFullError(message)
        self._entries.append(value)

    def take(self) -> Batch:
        """Remove what is sent next: what came first, as far as one batch keeps its order.

        Exposures are sent before values, so a batch ends where a user is exposed who has a value in it already: the
        server credits a value to the last exposure that it knows of.
        """
        batch, size = Batch(), 0
        wrote: set[tuple[str, str]] = set()
        while self._entries and len(batch) < MOST_ITEMS and size < MOST_BYTES:
            entry = self._entries[0]
            if isinstance(entry, ValueReport):
                wrote.add((entry.application, entry.user))
                item = Item(entry.application, msgspec.json.encode(entry))
                batch.values.append(item)
            else:
                report = _report(*entry)
                if (report.application, report.user) in wrote:
                    break
                item = Item(report.application, msgspec.json.encode(report))
                batch.exposures.append(item)
            size += len(item.document)
            self._entries.popleft()
        return batch


def _report(outcome: Outcome, user: str) -> ExposureReport:
    arm = outcome.arm
    return ExposureReport(arm.application, user, arm.version, arm.signature, arm.epoch, outcome.experiment, arm.cohort)
