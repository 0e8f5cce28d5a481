"""Reading what verdicts rest on, epoch by epoch, from aggregates alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import msgspec

from iter8_gitops.core.moments import ZERO
from iter8_gitops.metrics.redis.clients import Client
from iter8_gitops.metrics.redis.keys import Keys
from iter8_gitops.metrics.redis.reading import Command, Fields, answers, fields_of
from iter8_gitops.metrics.redis.reports import contents_at_random
from iter8_gitops.spec.metric import ArmStatistics, ExactSum, UserSums


def read_statistics(
    client: Client, keys: Keys, signatures: Mapping[int, str], products: Collection[tuple[str, str]]
) -> tuple[ArmStatistics, ...]:
    """The users at random of an application's current contents, as `MetricStore.statistics` defines them."""
    contents = contents_at_random(signatures)
    names = sorted({name for pair in products for name in pair})
    commands: list[Command] = [("HGETALL", keys.epochs(content)) for content in contents.values()]
    told = answers(client, [*commands, *(("HGET", keys.catalog, f"m:{name}") for name in names)]) if contents else ()
    numbers = {name: int(number) for name, number in zip(names, told[len(contents) :], strict=False) if number}
    found: list[ArmStatistics] = []
    for version, answer in zip(contents, told, strict=False):
        for epoch, kept in sorted(_epochs(fields_of(answer)).items()):
            found.append(kept.statistics(version, epoch, products, numbers))
    return tuple(found)


class _Sums(msgspec.Struct, array_like=True):
    """What the script keeps of a metric in an epoch."""

    count: int
    sum: float
    sum_low: float
    squares: float
    squares_low: float
    positive: int


_decode_sums = msgspec.msgpack.Decoder(_Sums).decode
_decode_pair = msgspec.msgpack.Decoder(tuple[float, float]).decode


@dataclass(slots=True)
class _Epoch:
    """What is stored of one epoch. Products are by the numbers of their metrics, the lower one first."""

    users: int = 0
    newcomers: int = 0
    metrics: dict[str, UserSums] = field(default_factory=dict)
    products: dict[tuple[int, int], ExactSum] = field(default_factory=dict)
    listed: set[tuple[int, int]] = field(default_factory=set)

    def take(self, name: str, value: bytes) -> None:
        """Take in one field, without the epoch in front of its name."""
        if name == "users":
            self.users = int(value)
        elif name == "newcomers":
            self.newcomers = int(value)
        elif name[0] == "m":
            sums = _decode_sums(value)
            of_sums, of_squares = (sums.sum, sums.sum_low), (sums.squares, sums.squares_low)
            self.metrics[name[1:]] = UserSums(sums.count, sums.positive, of_sums, of_squares)
        elif name[0] == "p":
            self.products[_pair(name[1:])] = _decode_pair(value)
        else:
            self.listed.add(_pair(name[1:]))

    def statistics(
        self, version: int, epoch: int, products: Collection[tuple[str, str]], numbers: Mapping[str, int]
    ) -> ArmStatistics:
        """What is known of the epoch, with the `products` that are asked for."""
        sums: dict[tuple[str, str], ExactSum] = {}
        for pair in products:
            if not all(name in self.metrics for name in pair):
                sums[pair] = ZERO
            elif (numbers[pair[0]], numbers[pair[1]]) in self.listed:
                sums[pair] = self._product(pair, numbers)
        metrics = dict(sorted(self.metrics.items()))
        return ArmStatistics(version, epoch, self.users, self.newcomers, metrics, sums)

    def _product(self, pair: tuple[str, str], numbers: Mapping[str, int]) -> ExactSum:
        """Of a metric with itself, the squares are kept already."""
        one, other = pair
        if one == other:
            return self.metrics[one].squares
        lower, higher = sorted((numbers[one], numbers[other]))
        return self.products.get((lower, higher), ZERO)


def _epochs(fields: Fields) -> Mapping[int, _Epoch]:
    found: defaultdict[int, _Epoch] = defaultdict(_Epoch)
    for key, value in fields.items():
        epoch, _, name = key.decode().partition(" ")
        found[int(epoch)].take(name, value)
    return found


def _pair(text: str) -> tuple[int, int]:
    one, _, other = text.partition(":")
    return int(one), int(other)
