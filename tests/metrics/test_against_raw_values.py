"""Random streams: the aggregates say what a recomputation from all raw values says."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iter8_gitops.core.histograms import quantize
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.metric import Arm, Exposure, MetricReport, MetricValue, Summary
from tests.metrics.streams import APPLICATION, RawStream, arm, counted, exact_summary

SIGNATURES = ({0: "s", 1: "s"}, {0: "t", 1: "s", 2: "s"}, {1: "t"})

PAIRS = (("sales", "clicks"), ("clicks", "clicks"))

arms = st.builds(
    arm,
    version=st.integers(0, 1),
    signature=st.sampled_from(["s", "t", ""]),
    epoch=st.integers(0, 2),
    application=st.sampled_from([APPLICATION, "shop/api"]),
    cohort=st.sampled_from(["", "", "override", "rule"]),
)
users = st.sampled_from(["ann", "bob", "c:d", "é"])
experiments = st.integers(0, 2)
products = st.lists(st.sampled_from(PAIRS), max_size=1).map(tuple)
transactions = st.sampled_from(["", "", "a", "b"])


def exposure(given: Arm, user: str, experiment: int) -> Exposure:
    return Exposure(given, user, min(experiment, given.epoch))


def metric_value(known: Exposure, name: str, number: float, transaction: str, pairs: tuple[Any, ...]) -> MetricValue:
    return MetricValue(name, number, known.user, known.arm, transaction, pairs, known.experiment)


some_exposure = st.builds(exposure, arms, users, experiments)
exposures = st.lists(some_exposure, max_size=4)
dyadic = st.integers(-640, 640).map(lambda n: n / 64)
wide = st.floats(-1e100, 1e100).map(lambda x: 0.0 if abs(x) < 1e-100 else x)


def batches(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[list[Exposure], list[MetricValue]]]]:
    names = st.sampled_from(["sales", "clicks"])
    one = st.builds(metric_value, some_exposure, names, numbers, transactions, products)
    values = st.lists(one, max_size=6)
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
            found = store.statistics(APPLICATION, signatures, PAIRS)
            assert found == raw.statistics(APPLICATION, signatures, PAIRS)
        _check_epochs(Path(folder) / "metrics.db", raw)
        store.close()


def _check_epochs(path: Path, raw: RawStream) -> None:
    """The sums of each weight epoch, also those over transactions, and those of other cohorts."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT application.name, version, signature, cohort, epoch, metric.name, scope, count, sum, squares "
        "FROM moments JOIN series ON series.id = moments.series JOIN metric ON metric.id = series.metric "
        "JOIN content ON content.id = series.content JOIN application ON application.id = content.application "
        "WHERE epoch >= 0"
    ).fetchall()
    audience = connection.execute(
        "SELECT application.name, version, signature, cohort, epoch, audience.users, newcomers FROM audience "
        "JOIN content ON content.id = audience.content JOIN application ON application.id = content.application "
        "WHERE epoch >= 0"
    ).fetchall()
    connection.close()
    assert len(rows) == 2 * len({(given, name) for name in raw.credited for given, _, _ in raw.credited[name]})
    for application, version, signature, cohort, epoch, name, scope, count, total, squares in rows:
        place = arm(version, signature, epoch, application, cohort)
        numbers = (
            list(raw.parts(name, place).values())
            if scope == "users"
            else [number for given, _, number in raw.credited[name] if given == place]
        )
        assert count == len(numbers)
        assert total == sum(numbers)
        assert squares == sum(number**2 for number in numbers)
    exposed = {
        arm(version, signature, epoch, name, cohort): counts
        for name, version, signature, cohort, epoch, *counts in audience
    }
    assert exposed == {given: [len(users), raw.newcomers[given]] for given, users in raw.exposed_in_epoch.items()}


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
