"""Random streams: the aggregates say what a recomputation from all raw values says."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iter8_gitops.core.histograms import quantize
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.metric import Exposure, MetricReport, MetricValue, Summary
from tests.metrics.streams import APPLICATION, RawStream, arm, counted, exact_summary

SIGNATURES = ({0: "s", 1: "s"}, {0: "t", 1: "s", 2: "s"}, {1: "t"})

arms = st.builds(
    arm,
    version=st.integers(0, 1),
    signature=st.sampled_from(["s", "t", ""]),
    epoch=st.integers(0, 2),
    application=st.sampled_from([APPLICATION, "shop/api"]),
)
users = st.sampled_from(["ann", "bob", "c:d", "é"])
exposures = st.lists(st.builds(Exposure, arms, users), max_size=4)
dyadic = st.integers(-640, 640).map(lambda n: n / 64)
wide = st.floats(-1e100, 1e100).map(lambda x: 0.0 if abs(x) < 1e-100 else x)


def batches(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[list[Exposure], list[MetricValue]]]]:
    values = st.lists(st.builds(MetricValue, st.sampled_from(["sales", "clicks"]), numbers, users, arms), max_size=6)
    return st.lists(st.tuples(exposures, values), max_size=8)


@settings(deadline=None, max_examples=60)
@given(batches(dyadic))
def test_exact_series_equal_the_recomputation(stream: list[tuple[list[Exposure], list[MetricValue]]]) -> None:
    raw = RawStream()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteMetricStore(Path(folder) / "metrics.db")
        for some_exposures, some_values in stream:
            store.record(some_exposures, some_values)
            raw.record(some_exposures, some_values)
        for signatures in SIGNATURES:
            expected = raw.report(APPLICATION, signatures)
            report = store.report(APPLICATION, signatures)
            assert list(report) == list(expected)
            for name, versions in expected.items():
                for metric, (version, transactions, totals) in zip(report[name], versions, strict=True):
                    assert metric.version == version
                    assert metric.over_transactions.counts == counted(transactions)
                    assert metric.over_users.counts == counted(totals)
                    assert metric.over_transactions.summary == exact_summary(transactions)
                    assert metric.over_users.summary == exact_summary(totals)
            assert store.exposed_users(APPLICATION, signatures) == {
                version: len(raw.exposed[APPLICATION, version, signature]) for version, signature in signatures.items()
            }
        _check_epochs(Path(folder) / "metrics.db", raw)
        store.close()


def _check_epochs(path: Path, raw: RawStream) -> None:
    """Statistics need the sums of each weight epoch apart, though no report shows them yet."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT application.name, version, signature, epoch, metric.name, scope, count, sum, squares "
        "FROM aggregate JOIN series ON series.id = aggregate.series JOIN metric ON metric.id = series.metric "
        "JOIN content ON content.id = series.content JOIN application ON application.id = content.application "
        "WHERE epoch >= 0"
    ).fetchall()
    audience = connection.execute(
        "SELECT application.name, version, signature, epoch, audience.users FROM audience "
        "JOIN content ON content.id = audience.content JOIN application ON application.id = content.application "
        "WHERE epoch >= 0"
    ).fetchall()
    connection.close()
    assert len(rows) == 2 * len({(given, name) for name in raw.credited for given, _, _ in raw.credited[name]})
    for application, version, signature, epoch, name, scope, count, total, squares in rows:
        place = arm(version, signature, epoch, application)
        numbers = (
            raw.parts(name, place)
            if scope == "users"
            else [number for given, _, number in raw.credited[name] if given == place]
        )
        assert count == len(numbers)
        assert total == sum(numbers)
        assert squares == sum(number**2 for number in numbers)
    exposed = {(*place, users) for *place, users in audience}
    assert exposed == {
        (given.application, given.version, given.signature, given.epoch, len(users))
        for given, users in raw.exposed_in_epoch.items()
    }


@settings(deadline=None, max_examples=40)
@given(batches(wide), st.sampled_from([0, 3]))
def test_coarse_series_keep_exact_summaries_and_counts_within_one_percent(
    stream: list[tuple[list[Exposure], list[MetricValue]]], exact_values: int
) -> None:
    raw = RawStream()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteMetricStore(Path(folder) / "metrics.db", exact_values=exact_values)
        for some_exposures, some_values in stream:
            store.record(some_exposures, some_values)
            raw.record(some_exposures, some_values)
        report: MetricReport = store.report(APPLICATION, SIGNATURES[0])
        for name, versions in raw.report(APPLICATION, SIGNATURES[0]).items():
            for metric, (_, transactions, totals) in zip(report[name], versions, strict=True):
                for distribution, numbers in (
                    (metric.over_transactions, transactions),
                    (metric.over_users, totals),
                ):
                    _check_close(distribution.summary, exact_summary(numbers))
                    in_buckets: Counter[float] = Counter()
                    for representative, count in distribution.counts:
                        in_buckets[quantize(representative)] += count
                    assert in_buckets == Counter(quantize(number) for number in numbers)
        store.close()


def _check_close(found: Summary, expected: Summary) -> None:
    scale = max(abs(expected.minimum), abs(expected.maximum))
    assert found.count == expected.count
    assert found.minimum == expected.minimum
    assert found.maximum == expected.maximum
    assert found.mean == pytest.approx(expected.mean, rel=1e-15, abs=1e-15 * scale)
    assert found.standard_deviation == pytest.approx(expected.standard_deviation, rel=1e-9, abs=1e-15 * scale)


def test_a_series_turns_coarse_when_it_has_too_many_distinct_values(store: SqliteMetricStore) -> None:
    numbers = [float(i) for i in range(1, 9001)]
    values = [MetricValue("sales", number, f"user-{number}", arm()) for number in numbers]
    store.record([], values[:4096])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_transactions.counts == counted(numbers[:4096])
    store.record([], values[4096:])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_transactions.counts == counted(map(quantize, numbers))
    assert metric.over_users.counts == counted(map(quantize, numbers))
    assert metric.over_users.summary == exact_summary(numbers)


def test_a_coarse_series_forgets_old_totals(store: SqliteMetricStore) -> None:
    users = [f"user-{i}" for i in range(5000)]
    store.record([], [MetricValue("sales", i + 0.5, user, arm()) for i, user in enumerate(users)])
    store.record([], [MetricValue("sales", -i - 0.5, user, arm()) for i, user in enumerate(users)])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_users.counts == ((0.0, 5000),)
    assert metric.over_users.summary == Summary(5000, 0.0, 0.0, 0.0, 0.0)
