"""The difference between two versions, over weight epochs."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.statistics.contrasts import Stratum, cautious, contrast, separate
from iter8_gitops.core.statistics.samples import Sample
from tests.core.statistics.building import found, sample_of, samples, strata


def test_one_epoch_is_the_plain_difference() -> None:
    one = found((Sample(1000, 10.0, 4.0), Sample(500, 10.5, 9.0)))
    assert (one.difference, one.baseline_mean, one.candidate_mean) == (0.5, 10.0, 10.5)
    assert one.standard_error == pytest.approx(sqrt(4 / 1000 + 9 / 500))
    assert one.clock == pytest.approx(4 * 1000 * 500 / 1500)
    assert (one.baseline_users, one.candidate_users) == (1000, 500)


def test_a_small_arm_borrows_the_variance_of_the_large_one() -> None:
    one = found((Sample(9800, 1.0, 100.0), Sample(200, 1.0, 1.0)))
    pooled = (9799 * 100 + 199 * 1) / 9998
    assert one.standard_error == pytest.approx(sqrt(pooled * (1 / 9800 + 1 / 200)))


def test_two_epochs_are_averaged_by_how_much_each_can_tell() -> None:
    two = found((Sample(900, 1.0, 1.0), Sample(100, 2.0, 1.0)), (Sample(500, 11.0, 4.0), Sample(500, 11.5, 4.0)))
    h = 90.0, 250.0
    assert two.difference == pytest.approx((h[0] * 1.0 + h[1] * 0.5) / 340)
    variances = 1 / 900 + 1 / 100, 4 / 500 + 4 / 500
    assert two.standard_error**2 == pytest.approx((h[0] ** 2 * variances[0] + h[1] ** 2 * variances[1]) / 340**2)
    assert two.clock == pytest.approx(4 * 340)
    assert two.baseline_mean == pytest.approx((90 * 1.0 + 250 * 11.0) / 340)


def test_a_better_week_with_more_weight_makes_no_difference() -> None:
    quiet, busy = 1.0, 5.0
    two = found((Sample(900, quiet, 1.0), Sample(100, quiet, 1.0)), (Sample(100, busy, 1.0), Sample(900, busy, 1.0)))
    assert two.difference == 0.0


@given(strata)
def test_arms_that_are_swapped_change_the_sign_alone(epochs: list[Stratum]) -> None:
    there, back = contrast(epochs), contrast([Stratum(each.candidate, each.baseline) for each in epochs])
    assert there is not None
    assert back is not None
    assert back.difference == -there.difference
    assert back.standard_error == pytest.approx(there.standard_error)
    assert back.clock == there.clock


@given(strata, st.floats(0.01, 100.0))
def test_another_unit_scales_everything(epochs: list[Stratum], unit: float) -> None:
    def scaled(sample: Sample) -> Sample:
        return Sample(sample.users, sample.mean * unit, sample.variance * unit**2)

    plain, other = contrast(epochs), contrast([Stratum(scaled(e.baseline), scaled(e.candidate)) for e in epochs])
    assert plain is not None
    assert other is not None
    assert other.difference == pytest.approx(plain.difference * unit, abs=1e-9 * unit)
    assert other.standard_error == pytest.approx(plain.standard_error * unit)


def test_an_offset_of_1e8_changes_no_digit() -> None:
    rng = random.Random(1)
    arms = [[round(rng.gauss(0, 1), 3) for _ in range(300)] for _ in range(2)]
    near = found((sample_of(arms[0]), sample_of(arms[1])))
    far = found((sample_of(x + 1e8 for x in arms[0]), sample_of(x + 1e8 for x in arms[1])))
    assert far.difference == pytest.approx(near.difference, abs=1e-8)
    assert far.standard_error == pytest.approx(near.standard_error, rel=1e-8)


@given(samples, samples)
def test_equal_epochs_merge_into_one_of_twice_the_users(baseline: Sample, candidate: Sample) -> None:
    halves = contrast([Stratum(baseline, candidate)] * 2, separate)
    whole = contrast(
        [Stratum(replace(baseline, users=2 * baseline.users), replace(candidate, users=2 * candidate.users))], separate
    )
    assert halves is not None
    assert whole is not None
    assert halves.difference == pytest.approx(whole.difference)
    assert halves.standard_error == pytest.approx(whole.standard_error)
    assert halves.clock == pytest.approx(whole.clock)


@given(strata)
def test_caution_never_lowers_a_variance(epochs: list[Stratum]) -> None:
    for epoch in epochs:
        assert sum(cautious(epoch)) >= sum(separate(epoch))


def test_users_who_all_return_with_what_they_had_add_nothing() -> None:
    first = Sample(1000, 1.0, 1.0), Sample(1000, 1.2, 1.0)
    again = Sample(1000, 1.0, 1.0, 1000), Sample(1000, 1.2, 1.0, 1000)
    once, thrice = found(first), found(first, again, again)
    assert thrice.standard_error == pytest.approx(once.standard_error)
    assert (thrice.baseline_users, thrice.candidate_users) == (1000, 1000)


def test_users_who_return_make_the_average_vary_as_many_repetitions_show() -> None:
    rng = random.Random(3)
    differences, expected = [], []
    for _ in range(600):
        levels = [[rng.gauss(0, 1) for _ in range(60)] for _ in range(2)]
        again = [each[:30] + [rng.gauss(0, 1) for _ in range(30)] for each in levels]
        result = found((sample_of(levels[0]), sample_of(levels[1])), (sample_of(again[0], 30), sample_of(again[1], 30)))
        differences.append(result.difference)
        expected.append(result.standard_error**2)
    assert statistics.variance(differences) == pytest.approx(statistics.mean(expected), rel=0.15)


def test_epochs_of_a_user_or_two_are_left_out() -> None:
    tiny = Stratum(Sample(1, 5.0, 0.0), Sample(1, 9.0, 0.0))
    assert contrast([tiny]) is None
    assert contrast([]) is None
    rest = Stratum(Sample(100, 1.0, 1.0), Sample(100, 1.0, 1.0))
    assert contrast([tiny, rest]) == contrast([rest])


def test_a_single_user_borrows_the_variance_of_the_other_arm() -> None:
    one = found((Sample(500, 1.0, 4.0), Sample(1, 3.0, 0.0)))
    assert one.standard_error == pytest.approx(2.0 * sqrt(1 / 500 + 1))
    assert not one.enough


def test_an_interval_needs_a_hundred_users_per_arm_and_some_variance() -> None:
    assert found((Sample(100, 1.0, 1.0), Sample(100, 1.0, 1.0))).enough
    assert not found((Sample(10**6, 1.0, 1.0), Sample(99, 1.0, 1.0))).enough
    assert not found((Sample(1000, 0.0, 0.0), Sample(1000, 0.0, 0.0))).enough
