from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.moments import ZERO, Change, Moments, add, summary
from iter8_gitops.spec.metric import Summary

numbers = st.floats(-1e100, 1e100)


def moments_of(*values: float) -> Moments:
    return Moments().changed(Change.of(values))


@given(st.lists(numbers), st.lists(numbers))
def test_a_sum_does_not_depend_on_how_it_was_split(first: list[float], second: list[float]) -> None:
    in_one, in_two = add(ZERO, first + second), add(add(ZERO, first), second)
    largest = max(map(abs, first + second), default=0.0)
    assert float(abs(Fraction(in_one[0]) + Fraction(in_one[1]) - Fraction(in_two[0]) - Fraction(in_two[1]))) <= (
        largest * 2.0**-100
    )


@given(st.lists(st.integers(-(2**20), 2**20).map(lambda n: n / 1024), min_size=1), st.data())
def test_values_that_left_leave_no_trace(values: list[float], data: st.DataObject) -> None:
    passing = data.draw(st.lists(numbers.filter(lambda x: x == 0 or abs(x) > 1e-100), max_size=3))
    moments = moments_of(*values)
    for value in passing:
        moments = moments.changed(Change.of([value]))
        moments = moments.changed(Change.of([], [value]))
    expected = moments_of(*values)
    scale = max([1.0, *map(abs, passing)])
    assert moments.count == expected.count
    assert moments.sum[0] == pytest.approx(expected.sum[0], abs=scale * 2.0**-90, rel=0)


def test_a_total_that_moves_is_taken_out_and_put_in() -> None:
    moments = moments_of(12.0, 9.0, 15.0).changed(Change.of([13.0], [9.0]))
    assert moments == moments_of(12.0, 13.0, 15.0)
    assert 3 / 2 * summary(moments, 12.0, 15.0).standard_deviation ** 2 == pytest.approx(2.3333333)


def test_a_spread_of_one_is_seen_at_an_offset_of_1e8() -> None:
    found = summary(moments_of(*(1e8 + i for i in range(5))), 1e8, 1e8 + 4)
    assert (found.mean, found.standard_deviation) == (1e8 + 2, math.sqrt(2.0))


def test_zeros_join_a_set() -> None:
    found = summary(moments_of(3.0, 6.0), 3.0, 6.0, zeros=1)
    assert found == Summary(3, 3.0, math.sqrt(6.0), 0.0, 6.0)
    assert summary(moments_of(-3.0), -3.0, -3.0, zeros=1).maximum == 0.0


def test_equal_values_have_no_spread_at_all() -> None:
    assert summary(moments_of(*[0.1] * 7), 0.1, 0.1) == Summary(7, 0.1, 0.0, 0.1, 0.1)


def test_the_largest_numbers_stay_finite() -> None:
    found = summary(moments_of(1e136, -1e136, 1e136), -1e136, 1e136)
    assert math.isfinite(found.mean)
    assert found.standard_deviation == pytest.approx(math.sqrt(8 / 9) * 1e136)
