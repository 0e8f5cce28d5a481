"""Fieller's interval for the relative change."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from iter8_gitops.core.statistics.contrasts import Contrast, Stratum, contrast
from iter8_gitops.core.statistics.intervals import NOT_ESTIMABLE
from iter8_gitops.core.statistics.lift import lift, lift_interval
from iter8_gitops.core.statistics.samples import Sample
from iter8_gitops.core.statistics.sequence import ConfidenceSequence
from tests.core.statistics.building import found, strata


def misfit(one: Contrast, r: float, k: float) -> float:
    """By how much the definition of the interval fails at `r`, in units of the primary's mean."""
    left = abs(one.candidate_mean - (1 + r) * one.baseline_mean)
    return (left - k * sqrt(one.candidate_variance + (1 + r) ** 2 * one.baseline_variance)) / abs(one.baseline_mean)


@given(strata, st.floats(1.0, 6.0))
def test_the_bounds_are_where_the_definition_holds_just_so(epochs: list[Stratum], k: float) -> None:
    one = contrast(epochs)
    assert one is not None
    interval = lift_interval(one, k)
    assume(interval.lower is not None and interval.upper is not None)
    assert interval.lower is not None
    assert interval.upper is not None
    a = (k * sqrt(one.baseline_variance) / one.baseline_mean) ** 2
    assume(a < 0.9)
    scale = 1e-7 * max(1.0, abs(interval.lower), abs(interval.upper))
    assert misfit(one, interval.lower, k) == pytest.approx(0.0, abs=scale)
    assert misfit(one, interval.upper, k) == pytest.approx(0.0, abs=scale)
    assert misfit(one, (interval.lower + interval.upper) / 2, k) < 0.0


@given(strata)
def test_lift_and_difference_agree_on_whether_there_is_a_change(epochs: list[Stratum]) -> None:
    one = contrast(epochs)
    assert one is not None
    assume(one.baseline_mean > 0)
    k = ConfidenceSequence().multiplier(one.clock)
    relative, absolute = lift_interval(one, k), ConfidenceSequence().interval(one)
    assume(relative.estimable)
    assume(absolute.lower is not None and abs(abs(one.difference) - k * one.standard_error) > 1e-9)
    assert relative.is_above(0.0) == absolute.is_above(0.0)
    assert relative.is_below(0.0) == absolute.is_below(0.0)


@given(strata)
def test_the_lift_itself_is_inside(epochs: list[Stratum]) -> None:
    one = contrast(epochs)
    assert one is not None
    interval, change = lift_interval(one, 3.0), lift(one)
    assume(interval.lower is not None and interval.upper is not None)
    assert change is not None
    assert interval.lower is not None
    assert interval.upper is not None
    assert interval.lower <= change <= interval.upper


def test_a_mean_that_cannot_be_told_from_zero_has_no_lift() -> None:
    one = found((Sample(1000, 0.01, 1.0), Sample(1000, 0.5, 1.0)))
    assert lift_interval(one, 3.0) == NOT_ESTIMABLE
    zero = found((Sample(1000, 0.0, 0.0), Sample(1000, 0.5, 1.0)))
    assert (lift(zero), lift_interval(zero, 3.0)) == (None, NOT_ESTIMABLE)


def test_too_few_users_have_no_lift_interval() -> None:
    assert lift_interval(found((Sample(10**6, 10.0, 1.0), Sample(99, 11.0, 1.0))), 3.0) == NOT_ESTIMABLE


@pytest.mark.parametrize("unit", [1e-100, 1.0, 1e100])
def test_no_unit_is_too_large_or_too_small(unit: float) -> None:
    one = found((Sample(5000, 10.0 * unit, 25.0 * unit * unit), Sample(5000, 10.4 * unit, 25.0 * unit * unit)))
    plain = found((Sample(5000, 10.0, 25.0), Sample(5000, 10.4, 25.0)))
    interval, expected = lift_interval(one, 3.0), lift_interval(plain, 3.0)
    assert interval.lower == pytest.approx(expected.lower)
    assert interval.upper == pytest.approx(expected.upper)
    assert interval.lower == pytest.approx(0.0095, abs=5e-4)


def test_a_small_lift_at_a_large_offset_keeps_its_digits() -> None:
    one = found((Sample(10**9, 1e8, 1.0), Sample(10**9, 1e8 + 1.0, 1.0)))
    interval = lift_interval(replace(one, difference=1.0), 3.0)
    assert interval.lower == pytest.approx(1e-8 - 3e-8 * sqrt(2e-9), rel=1e-9)
