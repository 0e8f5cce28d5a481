"""The same random streams in both stores: they say the same, to the last digit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.metrics.redis.calls import Rules
from iter8_gitops.metrics.redis.store import RedisMetricStore
from iter8_gitops.metrics.redis.urls import parse
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.metric import Exposure, MetricValue, Summary
from tests.metrics.redis.servers import RedisServer
from tests.metrics.streams import APPLICATION, arm, value
from tests.metrics.test_against_raw_values import PAIRS, SIGNATURES, batches, dyadic, wide

decimal = st.integers(-10_000, 10_000).map(lambda n: n / 100)
Stream = list[tuple[list[Exposure], list[MetricValue]]]
APPLICATIONS = (APPLICATION, "shop/api")


def said(store: MetricStore) -> list[object]:
    """All that a store says."""
    answers: list[object] = []
    for application in APPLICATIONS:
        for signatures in SIGNATURES:
            answers.append(dict(store.report(application, signatures)))
            answers.append(dict(store.exposed_users(application, signatures)))
            answers.append(store.statistics(application, signatures, PAIRS))
    return answers


def both(server: RedisServer, folder: Path, exact_values: int, stream: Stream) -> tuple[MetricStore, MetricStore]:
    """The stores, with a stream in each."""
    options = parse(f"{server.url}?prefix={token_hex(6)}")
    redis = RedisMetricStore(options, Rules(exact_values=exact_values))
    sqlite = SqliteMetricStore(folder / "metrics.db", exact_values=exact_values)
    for exposures, values in stream:
        redis.record(exposures, values)
        sqlite.record(exposures, values)
    return redis, sqlite


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches(st.one_of(dyadic, decimal)), st.sampled_from([0, 3, 4096]))
def test_all_that_the_stores_say_is_equal(redis_server: RedisServer, stream: Stream, exact_values: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        redis, sqlite = both(redis_server, Path(folder), exact_values, stream)
        with closing(redis), closing(sqlite):
            assert said(redis) == said(sqlite)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches(wide), st.sampled_from([0, 3, 4096]))
def test_numbers_of_any_size_are_summarised_alike(redis_server: RedisServer, stream: Stream, exact_values: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        redis, sqlite = both(redis_server, Path(folder), exact_values, stream)
        with closing(redis), closing(sqlite):
            for application in APPLICATIONS:
                for signatures in SIGNATURES:
                    mine, others = summaries(redis, application, signatures), summaries(sqlite, application, signatures)
                    assert mine.keys() == others.keys()
                    for which, summary in mine.items():
                        check_close(summary, others[which])


def summaries(store: MetricStore, application: str, signatures: dict[int, str]) -> dict[tuple[str, int, str], Summary]:
    found: dict[tuple[str, int, str], Summary] = {}
    for name, versions in store.report(application, signatures).items():
        for metric in versions:
            found[name, metric.version, "transactions"] = metric.over_transactions.summary
            found[name, metric.version, "users"] = metric.over_users.summary
    return found


def check_close(found: Summary, expected: Summary) -> None:
    scale = max(abs(expected.minimum), abs(expected.maximum))
    assert found.count == expected.count
    assert found.minimum == pytest.approx(expected.minimum, rel=1e-15, abs=1e-30 * scale)
    assert found.maximum == pytest.approx(expected.maximum, rel=1e-15, abs=1e-30 * scale)
    assert found.mean == pytest.approx(expected.mean, rel=1e-12, abs=1e-15 * scale)
    assert found.standard_deviation == pytest.approx(expected.standard_deviation, rel=1e-9, abs=1e-15 * scale)


def test_many_users_with_totals_that_change_are_summarised_alike(redis_server: RedisServer, tmp_path: Path) -> None:
    """Coarse from the 21st distinct total on; the extremes come, go and are shared."""
    batches_of_values = [
        [value(round((i * 7919 + turn * 104_729) % 9973 / 7 - 500, 2), f"user-{i}") for i in range(0, 400, 1 + turn)]
        for turn in range(6)
    ]
    back = [value(-number.value, number.user) for some in batches_of_values for number in some]
    redis, sqlite = both(redis_server, tmp_path, 20, [])
    with closing(redis), closing(sqlite):
        for some in (*batches_of_values, back[:700], back[700:]):
            redis.record([], some)
            sqlite.record([], some)
            assert redis.report(APPLICATION, {0: "sig"}) == sqlite.report(APPLICATION, {0: "sig"})
        (metric,) = redis.report(APPLICATION, {0: "sig"})["sales"]
        assert (metric.over_users.summary.minimum, metric.over_users.summary.maximum) == (0.0, 0.0)


def test_users_who_go_back_to_earlier_epochs_are_summarised_alike(redis_server: RedisServer, tmp_path: Path) -> None:
    def turn(epoch: int) -> tuple[list[Exposure], list[MetricValue]]:
        given = arm(0, "s", epoch)
        users: Iterable[str] = [f"user-{i}" for i in range(30)]
        return [Exposure(given, user, epoch // 3) for user in users], [
            value(0.1 * i + epoch, f"user-{i}", given, products=PAIRS[:1]) for i in range(30)
        ] + [value(1, f"user-{i}", given, "clicks") for i in range(0, 30, 2)]

    redis, sqlite = both(redis_server, tmp_path, 4096, [turn(epoch) for epoch in (0, 1, 4, 1, 0, 5, 4)])
    with closing(redis), closing(sqlite):
        assert redis.report(APPLICATION, {0: "s"}) == sqlite.report(APPLICATION, {0: "s"})
        assert redis.statistics(APPLICATION, {0: "s"}, PAIRS) == sqlite.statistics(APPLICATION, {0: "s"}, PAIRS)
