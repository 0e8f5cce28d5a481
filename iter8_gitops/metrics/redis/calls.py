"""A batch in the form that the script takes: the keys that it may touch, and its arguments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, log

import msgspec

from iter8_gitops.contracts.metric_store import KEPT_TRANSACTIONS
from iter8_gitops.core.histograms import GAMMA
from iter8_gitops.metrics.redis.batches import Batch
from iter8_gitops.metrics.redis.keys import Content, Keys

DAY = 86_400.0
_LOG_GAMMA = log(GAMMA)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every batch of a store. Durations are in seconds.

    A histogram keeps exact values while it has at most `exact_values` distinct ones. A transaction counts once for at
    least `kept_transactions`. `remembered` is for how long the server knows that it has stored a batch; one of
    exposures alone changes nothing the second time, and is remembered only with `mark_all`.
    """

    exact_values: int = 4096
    kept_transactions: float = KEPT_TRANSACTIONS
    remembered: float = 120.0
    mark_all: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the script."""

    keys: tuple[str, ...]
    arguments: tuple[bytes, ...]


def call(batch: Batch, keys: Keys, identifier: str, rules: Rules, now: float, more: Iterable[Content] = ()) -> Call:
    """The call that stores `batch` once, however often it is sent with the same `identifier`.

    `more` are contents beyond those in the batch that its users may be credited in. `now` is in seconds since 1970.
    """
    contents = list({**batch.contents, **dict.fromkeys(more)})
    days = _days(keys, now, rules) if batch.digests else []
    names = [keys.catalog, keys.users, keys.batch(identifier), *days]
    for content in contents:
        names += (keys.sums(content), keys.epochs(content))
    for content in contents:
        for metric in batch.metrics:
            series = keys.series(content, metric)
            names += (series.counts, series.totals, series.order, series.more)
    return Call(tuple(names), (_packed(batch, contents, len(days), rules), bytes(batch.digests)))


def _days(keys: Keys, now: float, rules: Rules) -> list[str]:
    """The keys of transactions: tomorrow's, for machines whose clocks are ahead, today's, and those before.

    One more than `kept_transactions` needs, for machines whose clocks are behind.
    """
    today = int(now // DAY)
    oldest = today - ceil(rules.kept_transactions / DAY) - 1
    return [keys.transactions(day) for day in range(today + 1, oldest - 1, -1)]


def _packed(batch: Batch, contents: list[Content], days: int, rules: Rules) -> bytes:
    listed = {name: None for pairs in batch.listings for pair in pairs for name in pair}
    metrics = list({**batch.metrics, **listed})
    numbers = {name: number for number, name in enumerate(metrics, start=1)}
    return msgspec.msgpack.encode(
        {
            "contents": [content.text for content in contents],
            "days": days,
            "exact_values": rules.exact_values,
            "experiments": batch.experiments,
            "exposed": batch.exposed,
            "fallbacks": batch.fallbacks,
            "kept_ms": round((rules.kept_transactions + 3 * DAY) * 1000),
            "listings": [[(numbers[one], numbers[other]) for one, other in pairs] for pairs in batch.listings],
            "lists": batch.lists,
            "log_gamma": _LOG_GAMMA,
            "marker_ms": round(rules.remembered * 1000) if batch.numbers or rules.mark_all else 0,
            "metrics": metrics,
            "named": batch.named,
            "numbers": batch.numbers,
            "places": list(batch.places),
            "transactions": batch.transactions,
            "users": list(batch.users),
            "valued": len(batch.metrics),
            "writers": batch.writers,
        }
    )
