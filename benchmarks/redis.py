"""The metric store on Redis beside that on SQLite: durable values per second, the cost of reports, memory per user."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measurement import Measurement, seconds
from benchmarks.metrics import APPLICATION, BATCHES, SIGNATURES, VALUES_PER_BATCH_SIZE, _batches
from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.core.dashboard import abn_dashboard
from iter8_gitops.metrics.redis.store import RedisMetricStore
from iter8_gitops.metrics.redis.urls import parse
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue
from tests.metrics.redis.servers import RedisServer, running

FEW, MANY = 1_000, 300_000
REPORTS = 21
USERS = 100_000
CHUNK = 5_000
ARM = Arm(APPLICATION, 0, SIGNATURES[0], 0)


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [row for size in BATCHES for row in _write_speed(folder, size)]
        with running(folder / "memory") as server:
            return [*rows, *_costs_of_reports(server), *_memory(server)]


def _write_speed(folder: Path, size: int) -> list[Measurement]:
    sqlite = _rate(SqliteMetricStore(folder / f"{size}.db"), size)
    rows = [Measurement(f"SQLite, {size} values a transaction", f"{sqlite:,.0f}/s")]
    for fsync in ("always", "everysec"):
        with running(folder / f"{fsync}-{size}", appendonly="yes", appendfsync=fsync) as server:
            rate = _rate(RedisMetricStore(parse(server.url)), size)
        bar = ">= 30,000/s" if size == BATCHES[-1] else ""
        rows.append(Measurement(f"Redis, appendfsync {fsync}, {size} values a script", f"{rate:,.0f}/s", bar))
        rows.append(Measurement("  ratio to SQLite", f"{rate / sqlite:.2f}"))
    return rows


def _rate(store: MetricStore, size: int) -> float:
    batches = list(_batches(VALUES_PER_BATCH_SIZE, size))
    began = time.perf_counter()
    for batch in batches:
        store.record([], batch)
    rate = VALUES_PER_BATCH_SIZE / (time.perf_counter() - began)
    store.close()
    return rate


def _costs_of_reports(server: RedisServer) -> list[Measurement]:
    stores = {count: RedisMetricStore(parse(f"{server.url}?prefix=after-{count}")) for count in (FEW, MANY)}
    for count, store in stores.items():
        for batch in _batches(count, CHUNK):
            store.record([], batch)
    rows: list[Measurement] = []
    for what, work in (
        ("dashboard", lambda store: abn_dashboard(store.report(APPLICATION, SIGNATURES))),
        ("statistics", lambda store: store.statistics(APPLICATION, SIGNATURES)),
    ):
        rows += _ratio(what, stores, work)
    for store in stores.values():
        store.close()
    return rows


def _ratio(
    what: str, stores: dict[int, RedisMetricStore], work: Callable[[RedisMetricStore], object]
) -> list[Measurement]:
    costs: dict[int, list[float]] = {count: [] for count in stores}
    for _ in range(REPORTS):
        for count, store in stores.items():
            costs[count].append(seconds(lambda store=store: work(store)))  # type: ignore[misc]  # bound at once
    few, many = (statistics.median(costs[count]) for count in (FEW, MANY))
    return [
        Measurement(f"{what} after {FEW:,} values", f"{few * 1e3:.2f} ms"),
        Measurement(f"{what} after {MANY:,} values", f"{many * 1e3:.2f} ms"),
        Measurement(f"  {what} on Redis, ratio of these", f"{many / few:.2f}", "<= 1.5"),
    ]


def _memory(server: RedisServer) -> list[Measurement]:
    """What each step adds, for each user."""
    store = RedisMetricStore(parse(f"{server.url}?prefix=memory"))

    def expose(user: str, _: int) -> None:
        exposures.append(Exposure(ARM, user))

    def click(user: str, number: int) -> None:
        values.append(MetricValue("clicks", number % 5, user, ARM))

    def pay(user: str, number: int) -> None:
        values.append(MetricValue("revenue", number / 100, user, ARM))

    def order(user: str, number: int) -> None:
        values.append(MetricValue("clicks", 1, user, ARM, transaction=f"order-{number}"))

    steps = {
        "memory per exposed user": expose,
        "  + a count each, such as clicks": click,
        "  + an amount each, all different": pay,
        "  + a second amount each": pay,
        "  + a transaction's identifier each": order,
    }
    rows: list[Measurement] = []
    before = _used(server)
    for what, give in steps.items():
        for start in range(0, USERS, CHUNK):
            exposures: list[Exposure] = []
            values: list[MetricValue] = []
            for number in range(start, start + CHUNK):
                give(f"user-{number:08}", number)
            store.record(exposures, values)
        after = _used(server)
        rows.append(Measurement(what, f"{(after - before) / USERS:.0f} bytes"))
        before = after
    store.close()
    return rows


def _used(server: RedisServer) -> int:
    with server.client() as client:
        used: int = client.info("memory")["used_memory_dataset"]
        return used
