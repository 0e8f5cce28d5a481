"""Reading what dashboards show: from aggregates alone, all of an application at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from iter8_gitops.core import moments
from iter8_gitops.core.histograms import GAMMA, quantize
from iter8_gitops.core.moments import Moments
from iter8_gitops.metrics.redis.clients import Client
from iter8_gitops.metrics.redis.keys import Content, Keys
from iter8_gitops.metrics.redis.reading import Command, Fields, answers, fields_of
from iter8_gitops.spec.metric import Distribution, MetricReport, VersionMetric

_ROUNDS = 5
"""How often a metric may turn up between a look and the next."""


def read_report(client: Client, keys: Keys, signatures: Mapping[int, str]) -> MetricReport:
    """The metrics of an application's current contents, as `MetricStore.report` defines them."""
    contents = contents_at_random(signatures)
    found: dict[str, list[VersionMetric]] = defaultdict(list)
    for version, reading in _readings(client, keys, contents).items():
        for name, series in reading.series.items():
            found[name].append(series.metric(version, reading.users))
    return {name: tuple(found[name]) for name in sorted(found)}


def read_exposed_users(client: Client, keys: Keys, signatures: Mapping[int, str]) -> Mapping[int, int]:
    """Distinct users per version, as `MetricStore.exposed_users` defines them."""
    contents = contents_at_random(signatures)
    found = answers(client, [("HGET", keys.sums(content), "users") for content in contents.values()])
    counts = dict(zip(contents, found, strict=True))
    return {version: int(counts.get(version) or 0) for version in signatures}


def contents_at_random(signatures: Mapping[int, str]) -> Mapping[int, Content]:
    """Of the versions that have settled, ascending; of the users at random."""
    return {version: Content.of(version, signature) for version, signature in sorted(signatures.items()) if signature}


class _Sums(msgspec.Struct, array_like=True):
    """What the script keeps of a series in the field of its metric."""

    values: int
    sum: float
    sum_low: float
    squares: float
    squares_low: float
    smallest: float
    largest: float
    is_coarse: int
    users: int
    total: float
    total_low: float
    total_squares: float
    total_squares_low: float
    is_coarse_over_users: int


_decode_sums = msgspec.msgpack.Decoder(_Sums).decode


@dataclass(frozen=True, slots=True)
class _Series:
    """What is stored of one metric of one content; `ends` are the smallest and largest total, once it is coarse."""

    sums: _Sums
    counts: Fields
    totals: Fields
    ends: Sequence[bytes]

    def metric(self, version: int, exposed: int) -> VersionMetric:
        """Of the `exposed` users, those who wrote no value count 0."""
        return VersionMetric(version, self._over_transactions(), self._over_users(exposed))

    def _over_transactions(self) -> Distribution:
        sums = self.sums
        known = Moments(sums.values, (sums.sum, sums.sum_low), (sums.squares, sums.squares_low))
        counts = _by_value(self.counts)
        return Distribution(moments.summary(known, sums.smallest, sums.largest), _ascending(counts))

    def _over_users(self, exposed: int) -> Distribution:
        sums = self.sums
        known = Moments(sums.users, (sums.total, sums.total_low), (sums.total_squares, sums.total_squares_low))
        counts = _by_value(self.totals)
        ends = [float(end) for end in self.ends] or [min(counts), max(counts)]
        silent = exposed - sums.users
        if silent:
            counts[0.0] = counts.get(0.0, 0) + silent
        return Distribution(moments.summary(known, ends[0], ends[-1], silent), _ascending(counts))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is stored of one content."""

    users: int
    series: Mapping[str, _Series]


def _readings(client: Client, keys: Keys, contents: Mapping[int, Content]) -> Mapping[int, _Reading]:
    """All contents at one moment. Which metrics there are is seen first, and again with what they hold."""
    if not contents:
        return {}
    wanted: Mapping[int, set[str]] = {version: set() for version in contents}
    readings: Mapping[int, _Reading] = {}
    for _ in range(_ROUNDS):
        sums, readings = _read(client, keys, contents, wanted)
        wanted, before = {version: set(_metrics(fields)) for version, fields in sums.items()}, wanted
        if wanted == before:
            break
    return readings


def _read(
    client: Client, keys: Keys, contents: Mapping[int, Content], wanted: Mapping[int, Iterable[str]]
) -> tuple[Mapping[int, Fields], Mapping[int, _Reading]]:
    """The sums of each content, and what is stored of the metrics that are wanted."""
    asked = [(version, name, keys.series(contents[version], name)) for version in contents for name in wanted[version]]
    commands: list[Command] = [("HGETALL", keys.sums(content)) for content in contents.values()]
    for _, _, series in asked:
        commands += (
            ("HGETALL", series.counts),
            ("HGETALL", series.totals),
            ("ZRANGE", series.order, 0, 0),
            ("ZRANGE", series.order, -1, -1),
        )
    told = answers(client, commands)
    sums = dict(zip(contents, map(fields_of, told[: len(contents)]), strict=True))
    found: dict[int, dict[str, _Series]] = {version: {} for version in contents}
    for index, (version, name, _) in enumerate(asked):
        counts, totals, low, high = told[len(contents) + 4 * index :][:4]
        stored = _decode_sums(sums[version][f"m{name}".encode()])
        found[version][name] = _Series(stored, fields_of(counts), fields_of(totals), [*low, *high])
    return sums, {version: _Reading(int(sums[version].get(b"users", 0)), found[version]) for version in contents}


def _metrics(fields: Fields) -> Iterable[str]:
    return (field[1:].decode() for field in fields if field.startswith(b"m"))


def _by_value(counts: Fields) -> dict[float, int]:
    """The counts per value, or per the value that stands for a bucket."""
    return {_value(field): int(count) for field, count in counts.items() if int(count) > 0}


def _value(field: bytes) -> float:
    if field[:1] not in b"pn":
        return float(field)
    middle = quantize(GAMMA ** (int(field[1:]) - 0.5))
    return middle if field[:1] == b"p" else -middle


def _ascending(counts: Mapping[float, int]) -> tuple[tuple[float, int], ...]:
    return tuple(sorted(counts.items()))
