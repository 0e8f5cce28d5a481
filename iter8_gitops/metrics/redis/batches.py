"""What `record` is given, per application, with every name as a number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from iter8_gitops.metrics.redis.keys import Content
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue

DIGEST_BYTES = 14


class Numbers(dict[str, int]):
    """Names in the order of their first use, counted from 1 as Lua does."""

    def __missing__(self, name: str) -> int:
        number = self[name] = len(self) + 1
        return number


_Place: TypeAlias = tuple[str, str]
"""An epoch and a content, as texts."""

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""The products that a value lists."""


@dataclass(slots=True)
class Batch:
    """The exposures and values of one application.

    Each exposure is three numbers in a row: user, place, experiment. A value is one number in each of `writers` (its
    user), `named` (its metric), `numbers`, `fallbacks` (a place), `experiments`, `transactions` (which digest in
    `digests`, 0 for none) and `lists` (which of `listings`, 0 for none).
    """

    application: str
    users: Numbers = field(default_factory=Numbers)
    metrics: Numbers = field(default_factory=Numbers)
    places: dict[_Place, int] = field(default_factory=dict)
    contents: dict[Content, None] = field(default_factory=dict)
    exposed: list[int] = field(default_factory=list)
    writers: list[int] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    fallbacks: list[int] = field(default_factory=list)
    experiments: list[int] = field(default_factory=list)
    transactions: list[int] = field(default_factory=list)
    digests: bytearray = field(default_factory=bytearray)
    lists: list[int] = field(default_factory=list)
    listings: dict[Pairs, int] = field(default_factory=dict)
    _arms: dict[Arm, int] = field(default_factory=dict)

    def expose(self, exposure: Exposure) -> None:
        """Add an exposure; they come before the values."""
        self.exposed += (self.users[exposure.user], self._place(exposure.arm), exposure.experiment)

    def add(self, value: MetricValue) -> None:
        """Add a value."""
        self.writers.append(self.users[value.user])
        self.named.append(self.metrics[value.name])
        self.numbers.append(float(value.value) + 0.0)  # -0.0 becomes 0.0, which prints without a sign
        self.fallbacks.append(self._place(value.fallback))
        self.experiments.append(value.experiment)
        self.transactions.append(self._transaction(value) if value.transaction else 0)
        products = value.products
        self.lists.append(self.listings.setdefault(products, len(self.listings) + 1) if products else 0)

    def content(self) -> object:
        """All that is in it, to tell it from others."""
        return [getattr(self, name) for name in self.__slots__ if name not in ("contents", "digests", "_arms")] + [
            self.digests.hex()
        ]

    def _place(self, arm: Arm) -> int:
        number = self._arms.get(arm)
        if number is None:
            content = Content.of_arm(arm)
            self.contents[content] = None
            number = self.places.setdefault((str(arm.epoch), content.text), len(self.places) + 1)
            self._arms[arm] = number
        return number

    def _transaction(self, value: MetricValue) -> int:
        """Of a metric and a transaction, short enough to keep many, too long for two to be the same."""
        named = f"{len(value.name)}:{value.name}{value.transaction}"
        self.digests += hashlib.blake2b(named.encode(), digest_size=DIGEST_BYTES).digest()
        return len(self.digests) // DIGEST_BYTES


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
