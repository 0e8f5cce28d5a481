"""Intervals that may lack a bound."""

from __future__ import annotations

from math import inf

from iter8_gitops.core.statistics.intervals import NOT_ESTIMABLE, Interval


def test_an_infinite_bound_is_none() -> None:
    assert Interval.between(-inf, 2.0) == Interval(None, 2.0)
    assert Interval.between(-inf, inf) == NOT_ESTIMABLE
    assert not NOT_ESTIMABLE.estimable
    assert Interval(None, 2.0).estimable


def test_a_missing_bound_proves_nothing() -> None:
    assert not Interval(None, 2.0).is_above(-1e300)
    assert Interval(None, 2.0).is_below(2.1)
    assert not NOT_ESTIMABLE.is_above(-1e300)


def test_a_negative_factor_turns_an_interval_around() -> None:
    assert Interval(-1.0, 3.0).times(-2.0) == Interval(-6.0, 2.0)
    assert Interval(-1.0, None).times(-1.0) == Interval(None, 1.0)
    assert Interval(-1.0, 3.0).times(0.5) == Interval(-0.5, 1.5)
