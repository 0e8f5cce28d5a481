"""What waits for the next transaction, in the order in which it came."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeAlias

from iter8_gitops.spec.metric import Arm, Exposure, MetricValue


@dataclass(frozen=True, slots=True)
class Submission:
    """Exposures and values that are stored together or not at all, and the promise to say which."""

    values: tuple[MetricValue, ...]
    exposures: tuple[Exposure, ...] = ()
    done: Future[None] = field(default_factory=Future)


@dataclass(slots=True)
class Batch:
    """What one transaction stores. Nobody waits for `exposures`; somebody does for those of a submission."""

    exposures: list[Exposure] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)

    @property
    def values(self) -> list[MetricValue]:
        """The values of all submissions."""
        return [value for submission in self.submissions for value in submission.values]

    @property
    def all_exposures(self) -> list[Exposure]:
        """The exposures that nobody waits for, then those of all submissions."""
        return [*self.exposures, *(exposure for submission in self.submissions for exposure in submission.exposures)]

    @classmethod
    def joined(cls, batches: Iterable[Batch]) -> Batch:
        """Several batches as one, in their order."""
        together = cls()
        for batch in batches:
            together.exposures += batch.exposures
            together.submissions += batch.submissions
        return together

    def halves(self) -> list[Batch]:
        """Two smaller batches, the one to store first first; none when this one cannot be split."""
        middle = (len(self.exposures) + len(self.submissions)) // 2
        if not middle:
            return []
        rest = max(0, middle - len(self.exposures))
        return [
            Batch(self.exposures[:middle], self.submissions[:rest]),
            Batch(self.exposures[middle:], self.submissions[rest:]),
        ]


_Entry: TypeAlias = Exposure | Submission


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

    def add(self, entry: _Entry) -> bool:
        """Queue an exposure or a submission; False when there is no room for it.

        An empty queue has room for a submission of any size.
        """
        if self._entries and self._size + _size(entry) > self._capacity:
            return False
        self._entries.append(entry)
        self._count(entry, 1)
        return True

    def put_back(self, exposures: Sequence[Exposure]) -> Sequence[Exposure]:
        """Queue exposures before everything else, as they came earlier; returns those without room."""
        kept = exposures[: max(0, self._capacity - self._size)]
        self._entries.extendleft(reversed(kept))
        self._size += len(kept)
        return exposures[len(kept) :]

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
            exposed = {(each.arm.application, each.user) for each in _exposures(entry)}
            if not taken.isdisjoint(exposed):
                break
            if isinstance(entry, Submission):
                batch.submissions.append(entry)
                taken.update(exposed, ((value.fallback.application, value.user) for value in entry.values))
            else:
                batch.exposures.append(entry)
            self._entries.popleft()
            self._count(entry, -1)
            room -= _size(entry)
        return batch

    def _count(self, entry: _Entry, sign: int) -> None:
        self._size += sign * _size(entry)
        self._submissions += sign * isinstance(entry, Submission)


class RecentExposures:
    """The last exposures that are recorded or about to be, as many as `capacity`. It is not thread-safe."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._arms: OrderedDict[tuple[str, str], Arm] = OrderedDict()

    def knows(self, arm: Arm, user: str) -> bool:
        """Whether this is the user's latest exposure."""
        key = (arm.application, user)
        known = self._arms.get(key)
        if known is not arm and known != arm:
            return False
        self._arms.move_to_end(key)
        return True

    def add(self, exposure: Exposure) -> None:
        """This is the user's latest exposure."""
        key = (exposure.arm.application, exposure.user)
        self._arms[key] = exposure.arm
        self._arms.move_to_end(key)
        if len(self._arms) > self._capacity:
            self._arms.popitem(last=False)

    def forget(self, exposure: Exposure) -> None:
        """The exposure was not recorded; a later one of the same user stays."""
        key = (exposure.arm.application, exposure.user)
        if self._arms.get(key) == exposure.arm:
            del self._arms[key]


def _size(entry: _Entry) -> int:
    return len(entry.values) + len(entry.exposures) if isinstance(entry, Submission) else 1


def _exposures(entry: _Entry) -> Sequence[Exposure]:
    return entry.exposures if isinstance(entry, Submission) else (entry,)
