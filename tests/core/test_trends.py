"""Which moments of an experiment are kept."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.analysis.values import Analysis, Comparison, MetricResult, SampleRatioResult, Verdict
from iter8_gitops.core.analysis.values import VersionResult as Version
from iter8_gitops.core.statistics.intervals import Interval
from iter8_gitops.core.trends import MAX_POINTS, SHORTEST, is_due, point_of, spacing, thinned
from iter8_gitops.spec.trend import LiftPoint, TrendPoint

STARTS = st.floats(0.0, 2e9)
DELAYS = st.lists(st.one_of(st.floats(0.001, 120.0), st.floats(0.001, 1e7)), max_size=300)


def moments_of(start: float, delays: list[float]) -> list[float]:
    """Strictly ascending ones."""
    return sorted(set(accumulate([start, *delays])))


def recorded(passes: list[float]) -> list[float]:
    """What is kept when points come as they are due, and each time the rest is thinned."""
    kept: list[float] = []
    for now in passes:
        if not kept or is_due(kept[0], kept[-1], now):
            kept = list(thinned([*kept, now]))
    return kept


def test_an_experiment_that_has_just_begun_has_points_every_ten_seconds_and_a_long_one_fewer() -> None:
    assert [spacing(seconds) for seconds in (0.0, 199 * 10.0)] == [10.0, 10.0]
    assert spacing(199 * 10.0 + 1.0) == 20.0
    assert spacing(86_400.0) == 640.0
    assert spacing(28 * 86_400.0) == 20_480.0


@given(st.floats(0.0, 1e10))
def test_the_spacing_is_the_smallest_doubling_with_which_few_enough_points_suffice(elapsed: float) -> None:
    found = spacing(elapsed)
    assert found * (MAX_POINTS - 1) >= elapsed
    assert found == SHORTEST or found / 2 * (MAX_POINTS - 1) < elapsed


@given(STARTS, DELAYS)
def test_few_enough_are_kept_in_their_order_with_the_first_and_the_newest(start: float, delays: list[float]) -> None:
    moments = moments_of(start, delays)
    kept = thinned(moments)
    assert len(kept) <= MAX_POINTS
    assert set(kept) <= set(moments)
    assert list(kept) == sorted(set(kept))
    assert (kept[0], kept[-1]) == (moments[0], moments[-1])


@given(STARTS, DELAYS)
def test_what_was_thinned_is_not_thinned_further(start: float, delays: list[float]) -> None:
    kept = thinned(moments_of(start, delays))
    assert thinned(kept) == kept


@given(STARTS, DELAYS)
def test_all_but_the_newest_are_a_spacing_apart(start: float, delays: list[float]) -> None:
    kept = thinned(moments_of(start, delays))
    assert all(after - before >= spacing(kept[-1] - kept[0]) for before, after in pairwise(kept[:-1]))


@given(st.integers(0, 2_000_000_000), st.lists(st.integers(10, 19), max_size=500), st.integers(0, 4))
def test_points_that_came_as_they_were_due_are_spread_evenly_within_a_factor_of_two(
    start: int, delays: list[int], repeated: int
) -> None:
    kept = recorded([float(moment) for moment in accumulate([start, *delays * (1 + repeated)])])
    least = spacing(kept[-1] - kept[0])
    assert len(kept) <= MAX_POINTS
    assert all(least <= after - before < 2 * least for before, after in pairwise(kept[:-1]))
    assert len(kept) == 1 or kept[-1] - kept[-2] < 2 * least


def test_a_month_of_passes_keeps_half_of_the_most_points_at_least() -> None:
    kept = recorded([1e9 + 10.0 * number for number in range(28 * 8640)])
    assert MAX_POINTS / 2 <= len(kept) <= MAX_POINTS
    assert all(20_480.0 <= after - before <= 20_490.0 for before, after in pairwise(kept[:-1]))


def test_nothing_stays_nothing() -> None:
    assert thinned([]) == ()


def test_a_clock_that_was_set_back_leaves_room() -> None:
    assert is_due(1000.0, 5000.0, 2000.0)
    assert not is_due(1000.0, 5000.0, 5001.0)


def test_a_point_has_the_declared_metrics_of_which_a_candidate_can_be_told() -> None:
    found = Comparison(
        "confidence sequence",
        0.05,
        1.0,
        Interval(),
        0.02,
        Interval(-0.01, None),
        1.0,
        0.5,
        "open",
        None,
        None,
        None,
        0.5,
    )
    versions = (Version(0, 9, 1.0, None, None, None), Version(1, 8, 1.0, found, None, None))
    analysis = Analysis(
        7,
        60.0,
        Verdict("keep_going", (1,), "not yet"),
        (),
        SampleRatioResult("ok", 0.0, (9, 8), (8.5, 8.5)),
        (
            MetricResult("revenue", "success", "increase", "mean", "", 0.01, versions),
            MetricResult("errors", "guardrail", "decrease", "mean", "", 0.01, (versions[0],)),
            MetricResult("latency", "described", "", "mean", "", None, versions),
        ),
    )

    assert point_of(analysis, 67.0) == TrendPoint(
        67.0, (9, 8), "keep_going", (LiftPoint("revenue", 1, 0.02, -0.01, None),)
    )


@pytest.mark.parametrize("count", [MAX_POINTS, MAX_POINTS + 1])
def test_the_spacing_doubles_with_the_point_that_is_too_many(count: int) -> None:
    kept = thinned([SHORTEST * number for number in range(count)])
    assert len(kept) == (MAX_POINTS if count == MAX_POINTS else MAX_POINTS // 2 + 1)
