"""What waits for the next transaction, in the order in which it came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeAlias

from iter8_gitops.spec.metric import Arm, Exposure, MetricValue

Exposed: TypeAlias = tuple[Arm, str, int]
"""An exposure as its arm, user and experiment: nothing is made of it on the way of a lookup."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Exposures and values that are stored together or not at all, and the promise to say which."""

    values: tuple[MetricValue, ...]
    exposures: tuple[Exposure, ...] = ()
    done: Future[None] = field(default_factory=Future)


@dataclass(slots=True)
class Batch:
    """What one transaction stores. Nobody waits for those `exposed`; somebody does for those of a submission."""

    exposed: list[Exposed] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)

    @property
    def values(self) -> list[MetricValue]:
        """The values of all submissions."""
        return [value for submission in self.submissions for value in submission.values]

    @property
    def exposures(self) -> list[Exposure]:
        """The exposures that nobody waits for, then those of all submissions."""
        exposures = list(map(Exposure._make, self.exposed))
        for submission in self.submissions:
            exposures += submission.exposures
        return exposures

    @property
    def count(self) -> int:
        """How many `exposures` there are."""
        return len(self.exposed) + sum(len(submission.exposures) for submission in self.submissions)

    @classmethod
    def joined(cls, batches: Iterable[Batch]) -> Batch:
        """Several batches as one, in their order."""
        together = cls()
        for batch in batches:
            together.exposed += batch.exposed
            together.submissions += batch.submissions
        return together

    def halves(self) -> list[Batch]:
        """Two smaller batches, the one to store first first; none when this one cannot be split."""
        middle = (len(self.exposed) + len(self.submissions)) // 2
        if not middle:
            return []
        rest = max(0, middle - len(self.exposed))
        return [
            Batch(self.exposed[:middle], self.submissions[:rest]),
            Batch(self.exposed[middle:], self.submissions[rest:]),
        ]


_Entry: TypeAlias = Exposed | Submission


class Pending:
    """A bounded queue. It is not thread-safe.

    `capacity` bounds the exposures and values that wait, `batch_size` those of a batch (a larger
    submission is a batch of its own).
    """

    def __init__(self, capacity: int, batch_size: int) -> None:
        self._capacity = capacity
        self._batch_size = batch_size
        self._entries: deque[_Entry] = deque()
        self._size = 0
        self._submissions = 0

    def __bool__(self) -> bool:
        return bool(self._entries)

    @property
    def awaited(self) -> bool:
        """True when somebody waits for an answer."""
        return self._submissions > 0

    @property
    def full(self) -> bool:
        """True when there is enough for a whole batch."""
        return self._size >= self._batch_size

    def has_room(self, count: int) -> bool:
        """Whether so many more exposures could be queued."""
        return self._size + count <= self._capacity

    def expose(self, exposed: Sequence[Exposed]) -> Sequence[Exposed]:
        """Queue exposures; returns the last of them, those without room."""
        room = max(0, self._capacity - self._size)
        kept = exposed[:room]
        self._entries.extend(kept)
        self._size += len(kept)
        return exposed[room:]

    def submit(self, submission: Submission) -> bool:
        """Queue a submission; False when there is no room for it.

        An empty queue has room for a submission of any size.
        """
        if self._entries and self._size + _size(submission) > self._capacity:
            return False
        self._entries.append(submission)
        self._size += _size(submission)
        self._submissions += 1
        return True

    def put_back(self, exposed: Sequence[Exposed]) -> Sequence[Exposed]:
        """Queue exposures before everything else, as they came earlier; returns those without room."""
        kept = exposed[: max(0, self._capacity - self._size)]
        self._entries.extendleft(reversed(kept))
        self._size += len(kept)
        return exposed[len(kept) :]

    def take(self) -> Batch:
        """Remove the next batch: what came first, as far as one transaction can hold it in order.

        A transaction stores exposures before values, and those that nobody waits for first; so a batch ends where a
        user is exposed who has a value, or an exposure of a submission, in it already: it would be overtaken.
        """
        batch = Batch()
        room = self._batch_size
        taken: set[tuple[str, str]] = set()
        while self._entries and (_size(self._entries[0]) <= room or room == self._batch_size):
            entry = self._entries[0]
            if taken and not taken.isdisjoint(_users_exposed(entry)):
                break
            if isinstance(entry, Submission):
                batch.submissions.append(entry)
                taken.update(_users_exposed(entry))
                taken.update((value.fallback.application, value.user) for value in entry.values)
                self._submissions -= 1
            else:
                batch.exposed.append(entry)
            self._entries.popleft()
            self._size -= _size(entry)
            room -= _size(entry)
        return batch

    def take_exposures(self) -> list[Exposed]:
        """Remove all that waits, where it is one batch of nothing but exposures: as `take`, at the cost of a copy.

        [] otherwise.
        """
        if self._submissions or self._size > self._batch_size:
            return []
        exposed = list(self._entries)
        self._entries.clear()
        self._size = 0
        return exposed  # type: ignore[return-value]  # there is no submission


def _size(entry: _Entry) -> int:
    return len(entry.values) + len(entry.exposures) if isinstance(entry, Submission) else 1


def _users_exposed(entry: _Entry) -> set[tuple[str, str]]:
    """(application, user) of all that an entry exposes."""
    if isinstance(entry, Submission):
        return {(each.arm.application, each.user) for each in entry.exposures}
    arm, user, _ = entry
    return {(arm.application, user)}
