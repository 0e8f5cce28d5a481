"""The numbers per metric and version, against the formulas and against one another."""

from __future__ import annotations

import math
import random
import statistics as stdlib
from dataclasses import replace
from math import exp, sqrt

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from iter8_gitops.core.statistics.conversions import conversion_evidence, conversion_lift_interval
from iter8_gitops.core.statistics.multinomial import Counts
from iter8_gitops.spec.metric import MAX_MAGNITUDE, ExperimentStatistics
from iter8_gitops.spec.routemap import MetricDeclaration
from tests.core.analysis.building import (
    START,
    analysis,
    arm,
    comparison_in,
    converted,
    experiment,
    metric_of,
    sums,
    sums_of,
)

REVENUE = MetricDeclaration("revenue")
SIGNUP = MetricDeclaration("signup", type="conversion")
CLICKS = MetricDeclaration("clicks", type="ratio", denominator="views")
LATER = START + 3600


def test_a_mean_of_two_equal_arms() -> None:
    found = analysis(
        (REVENUE,),
        experiment(
            arm(0, 5000, {"revenue": sums(5000, 10.0, 25.0)}), arm(1, 5000, {"revenue": sums(5000, 10.4, 25.0)})
        ),
    )
    one = comparison_in(found, "revenue")
    assert one.method == "confidence sequence"
    assert one.difference == pytest.approx(0.4)
    assert one.difference_interval.lower == pytest.approx(0.4 - 0.30640031, rel=1e-7)
    assert one.lift == pytest.approx(0.04)
    k, v = 3.0640031150945, 25 / 5000
    for bound in (one.lift_interval.lower, one.lift_interval.upper):
        assert bound is not None
        assert abs(10.4 - (1 + bound) * 10) == pytest.approx(k * sqrt(v + (1 + bound) ** 2 * v), rel=1e-9)
    y = 2 * 8.211968062068255
    assert one.log_evidence == pytest.approx(y * 16 / (2 * (1 + y)) - math.log(1 + y) / 2)
    assert one.p_value == pytest.approx(exp(-(one.log_evidence or 0.0)))
    assert one.chance_to_beat == pytest.approx(norm.cdf(4.0))
    assert one.detectable_lift == pytest.approx((3.0640031 + 0.8416212) * 0.1 / 10, rel=1e-7)
    primary, candidate = metric_of(found, "revenue").versions
    assert (primary.users, primary.mean, primary.comparison) == (5000, 10.0, None)
    assert candidate.chance_to_be_best == pytest.approx(norm.cdf(4.0), abs=1e-6)
    assert candidate.expected_loss == pytest.approx(0.1 * (norm.pdf(4.0) - 4.0 * norm.cdf(-4.0)), abs=1e-6)
    assert primary.expected_loss == pytest.approx(0.4, abs=1e-3)


def test_exposed_users_who_wrote_nothing_count_zero() -> None:
    totals = [4.0] * 300
    found = analysis((REVENUE,), experiment(arm(0, 1000, {"revenue": sums_of(totals)}), arm(1, 1000)))
    everybody = totals + [0.0] * 700
    primary, candidate = metric_of(found, "revenue").versions
    assert (primary.mean, candidate.mean) == (1.2, 0.0)
    interval = comparison_in(found, "revenue").difference_interval
    y = 2000 * 8.211968062068255 / 5000
    k = sqrt((y + 1) / y * math.log((y + 1) / 0.0025))
    assert interval.lower == pytest.approx(-1.2 - k * sqrt(stdlib.variance(everybody) / 1000))
    assert interval.upper == pytest.approx(-1.2 + k * sqrt(stdlib.variance(everybody) / 1000))


def test_a_canary_borrows_the_variance_of_the_primary() -> None:
    found = analysis(
        (REVENUE,),
        experiment(
            arm(0, 49_000, {"revenue": sums(49_000, 10.0, 400.0)}),
            arm(1, 1_000, {"revenue": sums(1_000, 10.5, 4.0)}),
            weights={START: (98, 2)},
        ),
    )
    one = comparison_in(found, "revenue")
    pooled = (48_999 * 400 + 999 * 4) / 49_998
    error = sqrt(pooled * (1 / 49_000 + 1 / 1_000))
    clock = 4 * 49_000 * 1_000 / 50_000
    y = clock * 8.211968062068255 / 5000
    k = sqrt((y + 1) / y * math.log((y + 1) / 0.0025))
    assert one.difference_interval.lower == pytest.approx(0.5 - k * error)
    assert one.difference_interval.upper == pytest.approx(0.5 + k * error)


def test_two_epochs_are_compared_within_and_averaged() -> None:
    found = analysis(
        (REVENUE,),
        experiment(
            arm(0, 9000, {"revenue": sums(9000, 10.0, 25.0)}),
            arm(1, 1000, {"revenue": sums(1000, 10.4, 25.0)}),
            arm(0, 5000, {"revenue": sums(5000, 20.0, 36.0)}, epoch=LATER),
            arm(1, 5000, {"revenue": sums(5000, 20.2, 36.0)}, epoch=LATER),
            weights={START: (9, 1), LATER: (1, 1)},
        ),
    )
    one = comparison_in(found, "revenue")
    h = 900.0, 2500.0
    assert one.difference == pytest.approx((h[0] * 0.4 + h[1] * 0.2) / 3400)
    error = sqrt(h[0] ** 2 * 25 * (1 / 9000 + 1 / 1000) + h[1] ** 2 * 36 * (2 / 5000)) / 3400
    y = 4 * 3400 * 8.211968062068255 / 5000
    k = sqrt((y + 1) / y * math.log((y + 1) / 0.0025))
    assert one.difference_interval.lower == pytest.approx((one.difference or 0.0) - k * error)
    assert one.lift == pytest.approx((one.difference or 0.0) / ((900 * 10 + 2500 * 20) / 3400))
    assert metric_of(found, "revenue").versions[1].mean == pytest.approx((1000 * 10.4 + 5000 * 20.2) / 6000)


def test_users_who_come_again_widen_the_interval() -> None:
    def at(newcomers: int) -> float:
        arms = [
            arm(
                v,
                5000,
                {"revenue": sums(5000, 10.0, 25.0)},
                epoch=epoch,
                newcomers=5000 if epoch == START else newcomers,
            )
            for v in (0, 1)
            for epoch in (START, LATER)
        ]
        interval = comparison_in(
            analysis((REVENUE,), experiment(*arms, weights={START: (1, 1), LATER: (1, 1)})), "revenue"
        ).difference_interval
        assert interval.upper is not None
        return interval.upper

    assert at(0) == pytest.approx(at(5000) * sqrt(2))
    assert at(5000) < at(2500) < at(0)


def test_conversions_are_tested_exactly() -> None:
    found = analysis(
        (SIGNUP,), experiment(arm(0, 10_000, {"signup": converted(500)}), arm(1, 10_000, {"signup": converted(620)}))
    )
    one = comparison_in(found, "signup")
    counts = [Counts((1, 1), (500, 620))]
    assert one.method == "exact multinomial test"
    assert one.lift == pytest.approx(0.24)
    assert one.lift_interval == conversion_lift_interval(counts, 0.05)
    assert one.log_evidence == conversion_evidence(counts)
    assert one.difference_interval.lower == pytest.approx(0.05 * (one.lift_interval.lower or 0.0))
    assert one.finding == "better"


def test_a_user_converts_when_their_total_is_above_zero() -> None:
    totals = [3.0] * 40 + [0.0] * 20 + [-1.0] * 10
    found = analysis(
        (SIGNUP,), experiment(arm(0, 200, {"signup": sums_of(totals)}), arm(1, 200, {"signup": sums_of(totals)}))
    )
    assert [version.mean for version in metric_of(found, "signup").versions] == [0.2, 0.2]


def test_conversions_of_users_who_come_again_are_tested_by_the_sequence() -> None:
    def method(newcomers: int) -> str:
        arms = [
            arm(v, 5000, {"signup": converted(500)}, epoch=epoch, newcomers=5000 if epoch == START else newcomers)
            for v in (0, 1)
            for epoch in (START, LATER)
        ]
        found = analysis((SIGNUP,), experiment(*arms, weights={START: (1, 1), LATER: (1, 1)}))
        return comparison_in(found, "signup").method

    assert method(5000) == "exact multinomial test"
    assert method(4999) == "confidence sequence"


def ratios(candidate_rate: float, users: int = 2000) -> ExperimentStatistics:
    rng = random.Random(9)
    arms = []
    for version, rate in enumerate((0.2, candidate_rate)):
        views = [rng.randint(1, 20) for _ in range(users)]
        clicks = [sum(rng.random() < rate for _ in range(count)) for count in views]
        product = float(sum(c * v for c, v in zip(clicks, views, strict=True)))
        metrics = {"clicks": sums_of(clicks), "views": sums_of(views)}
        arms.append(arm(version, users, metrics, products={("clicks", "views"): product}))
    return experiment(*arms)


def test_a_ratio_is_that_of_the_sums_with_the_variance_of_the_delta_method() -> None:
    found = analysis((CLICKS,), ratios(0.24))
    one = comparison_in(found, "clicks")
    result = metric_of(found, "clicks")
    assert [version.mean for version in result.versions] == [
        pytest.approx(0.2, abs=0.01),
        pytest.approx(0.24, abs=0.01),
    ]
    assert one.finding == "better"
    reach = ((one.difference_interval.upper or 0.0) - (one.difference_interval.lower or 0.0)) / 2
    per_user = sqrt(0.2 * 0.8 / 10.5 / 2000 + 0.24 * 0.76 / 10.5 / 2000)
    assert reach / per_user == pytest.approx(3.08, rel=0.05)
    assert [metric.name for metric in found.metrics] == ["clicks", "views"]
    assert metric_of(found, "views").role == "described"


def test_epochs_before_a_ratio_was_declared_take_no_part() -> None:
    known = ratios(0.24)
    before = tuple(replace(each, epoch=START, products={}) for each in known.arms)
    after = tuple(replace(each, epoch=LATER) for each in known.arms)
    both = experiment(*before, *after, weights={START: (1, 1), LATER: (1, 1)})
    one, other = comparison_in(analysis((CLICKS,), both), "clicks"), comparison_in(analysis((CLICKS,), known), "clicks")
    assert one.difference_interval == other.difference_interval


def test_a_ratio_over_nothing_is_not_estimable() -> None:
    found = analysis((CLICKS,), experiment(arm(0, 500), arm(1, 500)))
    assert found.verdict.name == "not_enough_data"
    assert [version.mean for version in metric_of(found, "clicks").versions] == [None, None]


def test_undeclared_metrics_are_described_and_never_judged() -> None:
    statistics = experiment(
        *(arm(v, 1000, {name: sums(1000, 10.0 + v, 1.0) for name in ("a", "revenue", "z")}) for v in (0, 1))
    )
    found = analysis((REVENUE,), statistics)
    assert [(metric.name, metric.role) for metric in found.metrics] == [
        ("revenue", "success"),
        ("a", "described"),
        ("z", "described"),
    ]
    for version in metric_of(found, "a").versions:
        assert (version.users, version.mean) == (1000, 10.0 + version.version)
        assert (version.comparison, version.chance_to_be_best, version.expected_loss) == (None, None, None)


def test_several_versions_share_one_chance_to_be_best() -> None:
    arms = [arm(v, 3000, {"revenue": sums(3000, mean, 25.0)}) for v, mean in enumerate((10.0, 10.1, 10.2, 9.9))]
    found = analysis((REVENUE,), experiment(*arms))
    chances = [version.chance_to_be_best or 0.0 for version in metric_of(found, "revenue").versions]
    assert sum(chances) == pytest.approx(1.0, abs=1e-6)
    assert max(chances) == chances[2]
    losses = [version.expected_loss or 0.0 for version in metric_of(found, "revenue").versions]
    assert min(losses) == losses[2]


def test_where_less_is_better_the_least_is_best() -> None:
    arms = [arm(v, 3000, {"latency": sums(3000, mean, 25.0)}) for v, mean in enumerate((10.0, 9.7))]
    found = analysis((MetricDeclaration("latency", goal="decrease"),), experiment(*arms))
    assert (metric_of(found, "latency").versions[1].chance_to_be_best or 0.0) > 0.9
    assert (comparison_in(found, "latency").chance_to_beat or 0.0) > 0.9
    assert (comparison_in(found, "latency").lift or 0.0) < 0.0


def test_more_is_a_positive_lift_also_of_a_negative_mean() -> None:
    arms = [arm(v, 5000, {"revenue": sums(5000, mean, 25.0)}) for v, mean in enumerate((-10.0, -9.0))]
    one = comparison_in(analysis((REVENUE,), experiment(*arms)), "revenue")
    assert one.lift == pytest.approx(0.1)
    assert one.lift_interval.is_above(0.05)
    assert one.lift_interval.is_below(0.15)
    assert one.finding == "better"


def test_an_offset_of_1e8_among_many_users_keeps_its_digits() -> None:
    users = 10**6
    near = [arm(v, users, {"revenue": sums(users, mean, 1.0)}) for v, mean in enumerate((1.0, 1.0078125))]
    far = [arm(v, users, {"revenue": sums(users, 1e8 + mean, 1.0)}) for v, mean in enumerate((1.0, 1.0078125))]
    one, other = (comparison_in(analysis((REVENUE,), experiment(*arms)), "revenue") for arms in (near, far))
    assert other.difference == one.difference
    assert other.difference_interval.lower == pytest.approx(one.difference_interval.lower, rel=1e-9)
    assert other.finding == "better"


def test_a_sample_ratio_is_followed_over_a_change_of_weights() -> None:
    statistics = experiment(
        arm(0, 9000),
        arm(1, 1000),
        arm(0, 8000, epoch=LATER, newcomers=5000),
        arm(1, 8000, epoch=LATER, newcomers=5000),
        weights={START: (9, 1), LATER: (1, 1)},
    )
    ratio = analysis((), statistics).sample_ratio
    assert (ratio.state, ratio.newcomers, ratio.expected) == ("ok", (14_000, 6_000), (14_000.0, 6_000.0))


def test_what_came_before_the_experiment_is_not_looked_at() -> None:
    before = START - 3600
    arms = [arm(v, 1000, {"revenue": sums(1000, 10.0, 25.0)}) for v in (0, 1)]
    old = arm(0, 10**6, {"revenue": sums(10**6, 99.0, 25.0)}, epoch=before, newcomers=0)
    assert analysis((REVENUE,), experiment(old, *arms)) == analysis((REVENUE,), experiment(*arms))


def test_epochs_whose_weights_are_forgotten_still_compare() -> None:
    arms = [
        arm(v, 5000, {"revenue": sums(5000, 10.0 + v, 25.0), "signup": converted(50)}, epoch=epoch)
        for v in (0, 1)
        for epoch in (START, LATER)
    ]
    found = analysis((REVENUE, SIGNUP), experiment(*arms, weights={LATER: (1, 1)}))
    assert comparison_in(found, "revenue").finding == "better"
    assert comparison_in(found, "signup").method == "confidence sequence"
    assert found.sample_ratio.newcomers == (5000, 5000)


counts = st.integers(0, 10**7)
values = st.one_of(st.floats(-MAX_MAGNITUDE, MAX_MAGNITUDE), st.floats(-1e-300, 1e-300), st.just(0.0))
totals = st.lists(values, max_size=4)


@settings(deadline=None)
@given(st.lists(st.tuples(counts, counts, totals, totals), min_size=1, max_size=6), st.data())
def test_whatever_is_stored_encodes_to_json_without_nan(
    drawn: list[tuple[int, int, list[float], list[float]]], data: st.DataObject
) -> None:
    arms = []
    for place, (users, new, revenue, views) in enumerate(drawn):
        metrics = {"revenue": sums_of(revenue), "views": sums_of(views), "signup": sums_of(revenue)}
        product = data.draw(st.floats(-1e200, 1e200))
        arms.append(
            arm(
                place % 3,
                users,
                {name: each for name, each in metrics.items() if each.count},
                epoch=START if place < 3 else LATER,
                newcomers=min(new, users),
                products={("revenue", "views"): product},
            )
        )
    declared = (
        REVENUE,
        SIGNUP,
        MetricDeclaration("revenue", type="ratio", denominator="views"),
        MetricDeclaration("views", goal="decrease", max_harm=0.0),
    )
    weights = st.tuples(*[st.integers(0, 3)] * 3)
    found = analysis(
        declared,
        experiment(*arms, weights={START: data.draw(weights), LATER: data.draw(weights)}),
        hours=data.draw(st.floats(0, 1e4)),
    )
    text = msgspec.json.encode(found)
    assert b"NaN" not in text
    assert found.verdict.reason

    def check(value: object) -> None:
        if isinstance(value, float):
            assert math.isfinite(value)
        elif isinstance(value, dict):
            for each in value.values():
                check(each)
        elif isinstance(value, list | tuple):
            for each in value:
                check(each)

    check(msgspec.to_builtins(found))
