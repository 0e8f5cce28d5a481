"""Which Events to write so that people see what happens, and the cluster is not flooded. Pure: `now` is given.

The rules are those of Kubernetes' own components. What repeats word for word is counted in one Event; more than ten
different messages of one sort about one object become one Event; and each object has a budget that refills slowly.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

COMBINED = "(combined from similar events): "
LONGEST_MESSAGE = 1024
LONGEST_REASON = 128
_LONGEST_NAME = 253
_REMEMBERED = 4096
_DIFFERENT = 10
_WINDOW = 600.0
_BURST = 25
_REFILL = 300.0

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """The object that an Event is about. `namespace` is "" for cluster-scoped ones, `uid` "" when it is not known."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something happened to `ref`."""

    ref: ObjectRef
    warning: bool
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What is counted in one Event: occurrences with the same words, or (`combined`) of the same sort."""

    ref: ObjectRef
    warning: bool
    reason: str
    message: str = ""
    combined: bool = False


@dataclass(frozen=True, slots=True)
class Posting:
    """One write: the Event `name` is created, or (`created` already) its count, message and last time are renewed.

    `first` and `last` are seconds since 1970.
    """

    key: SeriesKey
    name: str
    message: str
    count: int
    first: float
    last: float
    created: bool


@dataclass(slots=True)
class _Sort:
    """Different messages of one sort, since `last` was less than a window ago."""

    last: float
    messages: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Budget:
    tokens: float
    at: float


@dataclass(slots=True)
class _Series:
    name: str
    count: int
    first: float
    created: bool = False


class Aggregator:
    """Turns occurrences into postings. One thread; it remembers the last few thousand objects and messages."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._sorts: _Recent[SeriesKey, _Sort] = _Recent(remembered)
        self._series: _Recent[SeriesKey, _Series] = _Recent(remembered)
        self._budgets: _Recent[tuple[str, str, str, str], _Budget] = _Recent(remembered)
        self._last_stamp = 0

    def take(self, occurrence: Occurrence, now: float) -> Posting | None:
        """What to write for `occurrence` at `now` (seconds since 1970); None when its object's budget is used up."""
        if not self._spend(occurrence.ref, now):
            return None
        key, message = self._sorted(occurrence, now)
        series = self._series.get(key, lambda: _Series(self._new_name(occurrence.ref, now), 0, now))
        series.count += 1
        first = min(series.first, now)  # the clock may have been set back
        return Posting(key, series.name, message, series.count, first, now, series.created)

    def written(self, posting: Posting) -> None:
        """The Event exists: the next of its series renews it."""
        self._mark(posting, created=True)

    def vanished(self, posting: Posting) -> None:
        """The Event is no longer there (Kubernetes keeps them for an hour): the next of its series creates it."""
        self._mark(posting, created=False)

    def _mark(self, posting: Posting, *, created: bool) -> None:
        series = self._series.peek(posting.key)
        if series is not None and series.name == posting.name:
            series.created = created

    def _spend(self, ref: ObjectRef, now: float) -> bool:
        budget = self._budgets.get((ref.api_version, ref.kind, ref.namespace, ref.name), lambda: _Budget(_BURST, now))
        budget.tokens = min(_BURST, budget.tokens + max(0.0, now - budget.at) / _REFILL)
        budget.at = now
        if budget.tokens < 1:
            return False
        budget.tokens -= 1
        return True

    def _sorted(self, occurrence: Occurrence, now: float) -> tuple[SeriesKey, str]:
        """The series that `occurrence` counts in, and what that Event says."""
        combined = SeriesKey(occurrence.ref, occurrence.warning, occurrence.reason, combined=True)
        sort = self._sorts.get(combined, lambda: _Sort(now))
        if now - sort.last > _WINDOW:
            sort.messages.clear()
        sort.last = now
        message = _cut(occurrence.message)
        if message in sort.messages or len(sort.messages) < _DIFFERENT:
            sort.messages.add(message)
            return SeriesKey(occurrence.ref, occurrence.warning, occurrence.reason, message), message
        return combined, _cut(COMBINED + occurrence.message)

    def _new_name(self, ref: ObjectRef, now: float) -> str:
        """Unique by the time, as Kubernetes' own components name Events."""
        self._last_stamp = max(int(now * 1e9), self._last_stamp + 1)
        suffix = f".{self._last_stamp:x}"
        return ref.name[: _LONGEST_NAME - len(suffix)].rstrip(".-") + suffix


class _Recent(Generic[_Key, _Value]):
    """The values of the keys that were asked for last; the oldest is forgotten when there are more than `size`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[_Key, _Value] = OrderedDict()

    def get(self, key: _Key, make: Callable[[], _Value]) -> _Value:
        """The value of `key`, which is made when it is not remembered."""
        value = self._values.get(key)
        if value is None:
            value = self._values[key] = make()
            if len(self._values) > self._size:
                self._values.popitem(last=False)
        else:
            self._values.move_to_end(key)
        return value

    def peek(self, key: _Key) -> _Value | None:
        """The value of `key` if it is remembered."""
        return self._values.get(key)


def camel_case(reason: str) -> str:
    """`reason` as a CamelCase word of at most 128 letters and digits; "Unknown" when nothing is left."""
    words = re.findall(r"[A-Za-z0-9]+", reason)
    return "".join(word[0].upper() + word[1:] for word in words)[:LONGEST_REASON] or "Unknown"


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
