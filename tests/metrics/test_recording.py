"""What is credited to whom, and what a report says of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.metric import MAX_MAGNITUDE, Arm, Exposure, MetricValue, Summary
from tests.metrics.streams import APPLICATION, arm, exact_summary, value

ROOT_OF_TWO_THIRDS = 0.816496580927726


def test_the_sqlite_store_is_a_metric_store(store: SqliteMetricStore) -> None:
    as_protocol: MetricStore = store
    assert as_protocol.report(APPLICATION, {0: "sig"}) == {}


def test_values_are_summarised_over_transactions_and_over_users(store: SqliteMetricStore) -> None:
    store.record([], [value(1), value(2, "bob"), value(3)])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.version == 0
    assert metric.over_transactions.summary == Summary(3, 2.0, ROOT_OF_TWO_THIRDS, 1.0, 3.0)
    assert metric.over_transactions.counts == ((1.0, 1), (2.0, 1), (3.0, 1))
    assert metric.over_users.summary == Summary(2, 3.0, 1.0, 2.0, 4.0)
    assert metric.over_users.counts == ((2.0, 1), (4.0, 1))


def test_sums_follow_a_users_total_as_in_the_reference(store: SqliteMetricStore, path: Path) -> None:
    store.record([], [value(12, "a"), value(9, "b"), value(15, "c")])
    store.record([], [value(4, "b")])
    with sqlite3.connect(path) as connection:
        n, total, squares = connection.execute(
            "SELECT count, sum, squares FROM aggregate JOIN series ON series.id = aggregate.series "
            "WHERE scope = 'users' AND epoch = 0"
        ).fetchone()
    connection.close()
    shift = 10.0
    about_shift = total - n * shift, squares - 2 * shift * total + n * shift**2
    assert (n, *about_shift) == (3, 10.0, 38.0)


def test_a_value_is_credited_to_the_last_exposure(store: SqliteMetricStore) -> None:
    store.record([Exposure(arm(1), "ann")], [])
    store.record([], [value(5, "ann", arm(0))])
    assert [metric.version for metric in store.report(APPLICATION, {0: "sig", 1: "sig"})["sales"]] == [1]


def test_exposures_of_the_same_call_come_first(store: SqliteMetricStore) -> None:
    store.record([Exposure(arm(1), "ann"), Exposure(arm(2), "ann")], [value(5, "ann", arm(0))])
    signatures = {0: "sig", 1: "sig", 2: "sig"}
    assert [metric.version for metric in store.report(APPLICATION, signatures)["sales"]] == [2]
    assert store.exposed_users(APPLICATION, signatures) == {0: 0, 1: 1, 2: 1}


def test_a_value_of_an_unknown_user_exposes_them_to_the_fallback(store: SqliteMetricStore) -> None:
    store.record([], [value(5, "ann", arm(0)), value(7, "ann", arm(1))])
    (metric,) = store.report(APPLICATION, {0: "sig", 1: "sig"})["sales"]
    assert (metric.version, metric.over_users.summary.maximum) == (0, 12.0)
    assert store.exposed_users(APPLICATION, {0: "sig", 1: "sig"}) == {0: 1, 1: 0}


def test_exposed_users_who_wrote_nothing_count_zero(store: SqliteMetricStore) -> None:
    store.record([Exposure(arm(), f"silent-{i}") for i in range(8)], [value(10, "ann"), value(30, "bob")])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_transactions.summary.minimum == 10.0
    summary = metric.over_users.summary
    assert summary == exact_summary([0.0] * 8 + [10.0, 30.0])
    assert metric.over_users.counts == ((0.0, 8), (10.0, 1), (30.0, 1))


def test_exposed_users_alone_are_no_data(store: SqliteMetricStore) -> None:
    store.record([Exposure(arm(), "ann")], [])
    assert store.report(APPLICATION, {0: "sig"}) == {}
    assert store.exposed_users(APPLICATION, {0: "sig"}) == {0: 1}


def test_new_content_starts_with_fresh_metrics_and_old_content_keeps_its_own(store: SqliteMetricStore) -> None:
    store.record([], [value(5)])
    store.record([Exposure(arm(signature="new"), "ann")], [value(6)])
    (new,) = store.report(APPLICATION, {0: "new"})["sales"]
    (old,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert new.over_users.counts == ((6.0, 1),)
    assert old.over_users.counts == ((5.0, 1),)


def test_users_are_pooled_over_weight_epochs(store: SqliteMetricStore) -> None:
    for epoch in (0, 1, 0, 2):
        store.record([Exposure(arm(epoch=epoch), "ann")], [value(1), value(10, "bob")])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_users.counts == ((4.0, 1), (40.0, 1))
    assert store.exposed_users(APPLICATION, {0: "sig"}) == {0: 2}


def test_the_smallest_total_is_right_after_its_user_moved_back_inside(store: SqliteMetricStore) -> None:
    store.record([], [value(-50, "low"), value(0.5, "mid"), value(90, "high")])
    store.record([], [value(51, "low"), value(-89, "high")])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_users.summary == exact_summary([1.0, 0.5, 1.0])
    assert metric.over_users.counts == ((0.5, 1), (1.0, 2))


def test_content_that_has_not_settled_is_stored_but_never_current(store: SqliteMetricStore) -> None:
    store.record([], [value(5, fallback=arm(signature=""))])
    assert store.report(APPLICATION, {0: ""}) == {}
    assert store.exposed_users(APPLICATION, {0: ""}) == {0: 0}
    store.record([], [value(6)])
    assert store.report(APPLICATION, {0: "sig"}) == {}


def test_applications_do_not_mix(store: SqliteMetricStore) -> None:
    store.record([], [value(1), value(2, fallback=arm(application="shop/api"))])
    (metric,) = store.report("shop/api", {0: "sig"})["sales"]
    assert metric.over_transactions.counts == ((2.0, 1),)
    assert store.report("shop/none", {0: "sig"}) == {}
    assert store.exposed_users("shop/none", {0: "sig"}) == {0: 0}


def test_metric_names_and_versions_ascend(store: SqliteMetricStore) -> None:
    for version in (2, 0, 1):
        store.record([], [value(1, f"u{version}", arm(version), name) for name in ("zeta", "alpha", "métier")])
    report = store.report(APPLICATION, {2: "sig", 0: "sig", 1: "sig"})
    assert list(report) == ["alpha", "métier", "zeta"]
    assert [metric.version for metric in report["alpha"]] == [0, 1, 2]


@pytest.mark.parametrize(
    "user", ["a:b", "::", "'; DROP TABLE user; --", '"', "%_", "użytkownik", "🧪", "a\nb", " ", "x" * 10_000, "{keys}"]
)
def test_any_text_is_a_user(store: SqliteMetricStore, user: str) -> None:
    store.record([Exposure(arm(1), user)], [])
    store.record([], [value(3, user), value(4, user)])
    (metric,) = store.report(APPLICATION, {0: "sig", 1: "sig"})["sales"]
    assert (metric.version, metric.over_users.counts) == (1, ((7.0, 1),))


def test_one_batch_may_be_larger_than_what_one_statement_takes(store: SqliteMetricStore) -> None:
    store.record([], [value(1, f"user-{i % 3000}") for i in range(6000)])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert metric.over_users.counts == ((2.0, 3000),)


def test_an_offset_costs_no_accuracy(store: SqliteMetricStore) -> None:
    numbers = [1e8 + i / 8 for i in range(40)]
    for number in numbers:
        store.record([], [value(number, f"user-{i}") for i in range(3)] + [value(number / 3, "other")])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    expected = exact_summary([*numbers, *numbers, *numbers, *(number / 3 for number in numbers)])
    assert metric.over_transactions.summary.standard_deviation == pytest.approx(expected.standard_deviation, rel=1e-14)
    assert metric.over_transactions.summary.mean == pytest.approx(expected.mean, rel=1e-15)


def test_large_totals_close_together_keep_their_spread(store: SqliteMetricStore) -> None:
    users = {f"user-{i}": [1e8 + i / 4] * 10 for i in range(20)}
    for user, numbers in users.items():
        store.record([], [value(number, user) for number in numbers])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    expected = exact_summary([sum(numbers) for numbers in users.values()])
    assert metric.over_users.summary.standard_deviation == pytest.approx(expected.standard_deviation, rel=1e-14)


def test_an_absurd_first_value_does_not_blur_the_others(store: SqliteMetricStore) -> None:
    store.record([], [value(1.7e18, "odd", arm(1))])
    store.record([], [value(0.125 * (i % 3) + 0.1, f"user-{i}") for i in range(30)])
    metric = store.report(APPLICATION, {0: "sig"})["sales"][0]
    assert metric.over_transactions.summary == exact_summary([0.125 * (i % 3) + 0.1 for i in range(30)])


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (value(float("nan")), "values[1].value"),
        (value(float("inf")), "values[1].value"),
        (value(float("-inf")), "values[1].value"),
        (value(MAX_MAGNITUDE * 1.01), "values[1].value"),
        (value(10**400), "values[1].value"),
        (value(1, "\ud800"), "values[1].user"),
        (value(1, name="\udfff"), "values[1].name"),
        (value(1, fallback=arm(epoch=-1)), "values[1].arm"),
        (value(1, fallback=arm(version=2**63)), "values[1].arm"),
        (value(1, fallback=arm(application="\ud800")), "values[1].application"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name_and_nothing_is_stored(
    store: SqliteMetricStore, bad: MetricValue, field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        store.record([Exposure(arm(), "bob")], [value(1), bad])
    assert caught.value.field == field
    assert store.report(APPLICATION, {0: "sig"}) == {}
    assert store.exposed_users(APPLICATION, {0: "sig"}) == {0: 0}


@pytest.mark.parametrize(("given", "user"), [(arm(epoch=-1), "ann"), (arm(), "\ud800")])
def test_an_exposure_that_cannot_be_stored_is_refused(store: SqliteMetricStore, given: Arm, user: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"exposures\[0\]"):
        store.record([Exposure(given, user)], [])


def test_negative_zero_is_zero(store: SqliteMetricStore) -> None:
    store.record([], [value(-0.0), value(-0.0, "bob")])
    (metric,) = store.report(APPLICATION, {0: "sig"})["sales"]
    assert str(metric.over_transactions.summary.minimum) == "0.0"
    assert str(metric.over_users.counts) == "((0.0, 2),)"
