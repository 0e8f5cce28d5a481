"""Means and variances of the users of one version, from sums."""

from __future__ import annotations

import random
import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.statistics.samples import Pairs, Sample, conversion_sample, mean_sample, ratio_sample
from tests.core.statistics.building import sample_of

pairs = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=2, max_size=50)


def pairs_of(values: list[tuple[int, int]]) -> Pairs:
    return Pairs(
        x=Fraction(sum(x for x, _ in values)),
        x_squares=Fraction(sum(x * x for x, _ in values)),
        m=Fraction(sum(m for _, m in values)),
        m_squares=Fraction(sum(m * m for _, m in values)),
        products=Fraction(sum(x * m for x, m in values)),
    )


def test_the_variance_is_that_of_the_values() -> None:
    assert sample_of([12.0, 13.0, 15.0]).variance == pytest.approx(2.3333333, rel=1e-7)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_mean_and_variance_are_those_of_the_standard_library(values: list[float]) -> None:
    sample = sample_of(values)
    assert float(sample.mean) == pytest.approx(statistics.mean(values))
    assert sample.variance == pytest.approx(statistics.variance(values))


def test_a_spread_of_one_hundredth_is_seen_at_an_offset_of_1e8_among_1e9_users() -> None:
    half, offset, spread = 5 * 10**8, Fraction(10**8), Fraction(1, 100)
    squares = half * ((offset - spread) ** 2 + (offset + spread) ** 2)
    sample = mean_sample(2 * half, 2 * half * offset, squares)
    assert sample.mean == 10**8
    assert sample.variance == pytest.approx(1e-4, rel=1e-8)


def test_a_single_user_shows_no_variance() -> None:
    assert sample_of([3.0]) == Sample(1, Fraction(3), 0.0)


def test_conversions_vary_as_zeros_and_ones_do() -> None:
    sample = conversion_sample(50, 20)
    assert float(sample.mean) == 0.4
    assert sample.variance == pytest.approx(statistics.variance([1] * 20 + [0] * 30))


@given(pairs)
def test_a_ratio_varies_as_its_linearised_values_do(values: list[tuple[int, int]]) -> None:
    sample = ratio_sample(len(values), pairs_of(values))
    assert sample is not None
    ratio = sum(x for x, _ in values) / sum(m for _, m in values)
    mean = sum(m for _, m in values) / len(values)
    assert float(sample.mean) == pytest.approx(ratio)
    assert sample.variance == pytest.approx(statistics.variance([(x - ratio * m) / mean for x, m in values]), abs=1e-12)


def test_a_ratio_has_the_variance_that_gbstats_gives_it() -> None:
    """RatioStatistic of gbstats 0.8.0, which installs on Python 3.11 alone, on the same sums."""
    sample = ratio_sample(1000, Pairs(*map(Fraction, (4312, 54136, 5021, 31867, 33150))))
    assert sample is not None
    assert float(sample.mean) == pytest.approx(0.8587930691097391, rel=1e-12)
    assert sample.variance == pytest.approx(0.8219398949289416, rel=1e-12)


def test_a_ratio_over_a_constant_is_a_mean() -> None:
    values = [3, 1, 4, 1, 5]
    sample = ratio_sample(5, pairs_of([(x, 2) for x in values]))
    assert sample is not None
    assert float(sample.mean) == 1.4
    assert sample.variance == pytest.approx(statistics.variance(values) / 4)


def test_the_variance_of_a_ratio_is_what_many_repetitions_show() -> None:
    rng = random.Random(7)
    ratios, estimated = [], []
    for _ in range(2000):
        denominators = [rng.randint(1, 9) for _ in range(200)]
        values = [(sum(rng.random() < 0.3 for _ in range(m)), m) for m in denominators]
        sample = ratio_sample(200, pairs_of(values))
        assert sample is not None
        ratios.append(float(sample.mean))
        estimated.append(sample.variance / 200)
    assert statistics.variance(ratios) == pytest.approx(statistics.mean(estimated), rel=0.1)


def test_there_is_no_ratio_over_nothing() -> None:
    assert ratio_sample(3, pairs_of([(1, 0), (0, 0), (2, 0)])) is None
