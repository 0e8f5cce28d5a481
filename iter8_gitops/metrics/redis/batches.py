"""What `record` is given, per application, in the form that the script takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import TypeAlias

import msgspec

from iter8_gitops.core.histograms import GAMMA
from iter8_gitops.metrics.redis.keys import Content, Keys
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue

_LOG_GAMMA = log(GAMMA)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every batch of a store, see `RedisMetricStore`.

    `remembered` (seconds) is how long the server knows that it has stored a batch.
    """

    exact_values: int = 4096
    remembered: float = 600.0


class _Numbers(dict[str, int]):
    """Names in the order of their first use, counted from 1 as Lua does."""

    def __missing__(self, name: str) -> int:
        number = self[name] = len(self) + 1
        return number


_Place: TypeAlias = tuple[str, str]
"""An epoch and a content, as texts."""


@dataclass(slots=True)
class Batch:
    """The exposures and values of one application, with every name as a number."""

    application: str
    users: _Numbers = field(default_factory=_Numbers)
    metrics: _Numbers = field(default_factory=_Numbers)
    places: dict[_Place, int] = field(default_factory=dict)
    contents: dict[Content, None] = field(default_factory=dict)
    exposed: list[int] = field(default_factory=list)
    writers: list[int] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    fallbacks: list[int] = field(default_factory=list)
    _arms: dict[Arm, int] = field(default_factory=dict)

    def expose(self, exposure: Exposure) -> None:
        """Add an exposure; they come before the values."""
        self.exposed += (self.users[exposure.user], self._place(exposure.arm))

    def add(self, value: MetricValue) -> None:
        """Add a value."""
        self.writers.append(self.users[value.user])
        self.named.append(self.metrics[value.name])
        self.numbers.append(float(value.value) + 0.0)  # -0.0 becomes 0.0, which prints without a sign
        self.fallbacks.append(self._place(value.fallback))

    def content(self) -> object:
        """All that is in it, to tell it from others."""
        named = self.application, list(self.users), list(self.metrics), list(self.places)
        return named, self.exposed, self.writers, self.named, self.numbers, self.fallbacks

    def _place(self, arm: Arm) -> int:
        number = self._arms.get(arm)
        if number is None:
            content = Content.of_arm(arm)
            self.contents[content] = None
            number = self.places.setdefault((str(arm.epoch), content.text), len(self.places) + 1)
            self._arms[arm] = number
        return number


def batches_of(exposures: Iterable[Exposure], values: Iterable[MetricValue]) -> Sequence[Batch]:
    """One batch per application, ascending by its name: a repeated `record` goes the same way."""
    found: dict[str, Batch] = {}
    for exposure in exposures:
        _of(found, exposure.arm.application).expose(exposure)
    for value in values:
        _of(found, value.fallback.application).add(value)
    return [batch for _, batch in sorted(found.items())]


def _of(found: dict[str, Batch], application: str) -> Batch:
    batch = found.get(application)
    if batch is None:
        batch = found[application] = Batch(application)
    return batch


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the script: its keys and its arguments."""

    keys: tuple[str, ...]
    arguments: tuple[bytes, ...]


def call(batch: Batch, keys: Keys, identifier: str, rules: Rules, more: Iterable[Content] = ()) -> Call:
    """The call that stores `batch` once, however often it is sent with the same `identifier`.

    `more` are contents beyond those in the batch that its users may be credited in.
    """
    contents = list({**batch.contents, **dict.fromkeys(more)})
    names = [keys.catalog, keys.users, keys.batch(identifier)]
    for content in contents:
        names += (keys.sums(content), keys.epochs(content))
    for content in contents:
        for metric in batch.metrics:
            series = keys.series(content, metric)
            names += (series.counts, series.totals, series.order, series.more)
    packed: Mapping[str, object] = {
        "contents": [content.text for content in contents],
        "exact_values": rules.exact_values,
        "exposed": batch.exposed,
        "fallbacks": batch.fallbacks,
        "log_gamma": _LOG_GAMMA,
        "marker_ms": round(rules.remembered * 1000),
        "metrics": list(batch.metrics),
        "named": batch.named,
        "numbers": batch.numbers,
        "places": list(batch.places),
        "slices": 0,
        "users": list(batch.users),
        "writers": batch.writers,
    }
    return Call(tuple(names), (msgspec.msgpack.encode(packed), b""))
