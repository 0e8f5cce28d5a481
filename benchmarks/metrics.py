"""How many metric values become durable per second, and what these, a dashboard and an analysis cost after many."""

from __future__ import annotations

import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from uuid import UUID

from benchmarks.measurement import Measurement, cpu_seconds, seconds
from iter8_gitops.core.dashboard import abn_dashboard
from iter8_gitops.metrics.experiments import analyse_experiment
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.metric import Arm, EpochWeights, MetricValue
from iter8_gitops.spec.routemap import MetricDeclaration, Origin
from iter8_gitops.spec.snapshot import RoutemapState, VersionState

APPLICATION = "modelmesh-serving/backend"
RATIO = ("revenue", "visits")
SIGNATURES = {0: "primary", 1: "candidate"}
FEW, MANY = 1_000, 1_000_000
BATCHES = (500, 2_000)
VALUES_PER_BATCH_SIZE = 60_000
ROUNDS = 5
GROWTH_BATCH = 200
READS = 21
DAY = 86_400.0


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = {"": _as_it_is, " with transactions": _with_transaction, " of ratios": _of_a_ratio}
        rows = [
            row for what, made in kinds.items() for size in BATCHES for row in _write_speed(folder, size, what, made)
        ]
        return [*rows, *_costs_after_many(folder)]


def _write_speed(
    folder: Path, batch_size: int, what: str, made: Callable[[int, MetricValue], MetricValue]
) -> list[Measurement]:
    """The medians of some rounds, each on a file of its own."""
    number = itertools.count()
    batches = [[made(next(number), value) for value in batch] for batch in _batches(VALUES_PER_BATCH_SIZE, batch_size)]
    rounds = [_seconds_to_write(folder / f"write-{batch_size}{what}-{turn}.db", batches) for turn in range(ROUNDS)]
    took, busy = (statistics.median(each) for each in zip(*rounds, strict=True))
    return [
        Measurement(
            f"durable values{what}, {batch_size} a commit", f"{VALUES_PER_BATCH_SIZE / took:,.0f}/s", ">= 30,000/s"
        ),
        Measurement("  by CPU time", f"{VALUES_PER_BATCH_SIZE / busy:,.0f}/s"),
    ]


def _seconds_to_write(path: Path, batches: Iterable[Sequence[MetricValue]]) -> tuple[float, float]:
    """By the wall clock, disk included, and of CPU time."""
    store = SqliteMetricStore(path)
    began, burnt = time.perf_counter(), time.process_time()
    for batch in batches:
        store.record([], batch)
    took = time.perf_counter() - began, time.process_time() - burnt
    store.close()
    return took


def _as_it_is(_number: int, value: MetricValue) -> MetricValue:
    return value


def _with_transaction(number: int, value: MetricValue) -> MetricValue:
    return replace(value, transaction=str(UUID(int=random.Random(number).getrandbits(128))))


def _of_a_ratio(number: int, value: MetricValue) -> MetricValue:
    return replace(value, name=RATIO[number % 2], products=(RATIO,))


def _costs_after_many(folder: Path) -> list[Measurement]:
    few, many = SqliteMetricStore(folder / "few.db"), SqliteMetricStore(folder / "many.db")
    for store, count in ((few, FEW), (many, MANY)):
        for batch in _batches(count, 5_000):
            store.record([], batch)
    state = _state()
    asked: dict[str, Callable[[SqliteMetricStore], object]] = {
        "dashboard": lambda store: abn_dashboard(store.report(APPLICATION, SIGNATURES)),
        "statistics": lambda store: store.statistics(APPLICATION, SIGNATURES, [RATIO]),
        "analysis": lambda store: analyse_experiment(store, state, DAY),
    }
    assert all(analyse_experiment(store, state, DAY).metrics[0].versions[1].comparison for store in (few, many))
    rows = [row for what, ask in asked.items() for row in _compared(what, ask, few, many)]
    rows.append(_write_growth(few, many))
    few.close()
    many.close()
    return rows


def _write_growth(few: SqliteMetricStore, many: SqliteMetricStore) -> Measurement:
    """What a commit costs among many values, by what it costs among few: of users who are there, by CPU time."""
    costs: dict[int, list[float]] = {FEW: [], MANY: []}
    for count, store in ((FEW, few), (MANY, many)):
        for values in islice(_batches(count, GROWTH_BATCH), ROUNDS):
            costs[count].append(cpu_seconds(lambda: store.record([], values)))  # noqa: B023 - called at once
    growth = statistics.median(costs[MANY]) / statistics.median(costs[FEW])
    return Measurement(f"CPU time of a durable value after {MANY:,} values / after {FEW:,}", f"{growth:.2f}")


def _state() -> RoutemapState:
    """Two versions with a metric, half and half since the first epoch."""
    namespace, _, name = APPLICATION.partition("/")
    versions = tuple(
        VersionState(index, f"v{index}", 1, 1, True, True, signature, "Ready", "serves", ())
        for index, signature in SIGNATURES.items()
    )
    origin = Origin("git", "backend.yaml", "0123abc")
    metrics = (MetricDeclaration("revenue"),)
    return RoutemapState(namespace, name, origin, versions, epochs=(EpochWeights(0, (1, 1)),), metrics=metrics)


def _compared(
    what: str, ask: Callable[[SqliteMetricStore], object], few: SqliteMetricStore, many: SqliteMetricStore
) -> list[Measurement]:
    costs: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(READS):
        costs[FEW].append(seconds(lambda: ask(few)))
        costs[MANY].append(seconds(lambda: ask(many)))
    cost_of_few, cost_of_many = statistics.median(costs[FEW]), statistics.median(costs[MANY])
    return [
        Measurement(f"{what} after {FEW:,} values", f"{cost_of_few * 1e3:.2f} ms"),
        Measurement(f"{what} after {MANY:,} values", f"{cost_of_many * 1e3:.2f} ms"),
        Measurement(f"{what} at {MANY:,} values / at {FEW:,}", f"{cost_of_many / cost_of_few:.2f}", "<= 1.5"),
    ]


def _batches(count: int, size: int) -> Iterator[list[MetricValue]]:
    """Values of two versions, four per user, spread as revenue is."""
    draw = random.Random(count)
    arms = [Arm(APPLICATION, version, signature, 0) for version, signature in SIGNATURES.items()]
    for start in range(0, count, size):
        users = [draw.randrange(max(1, count // 4)) for _ in range(min(size, count - start))]
        yield [
            MetricValue("revenue", round(draw.lognormvariate(3, 1), 2), f"user-{user}", arms[user % 2])
            for user in users
        ]


if __name__ == "__main__":
    for row in measure():
        print(f"{row.what:<40} {row.value:>16}  {row.bar}")
