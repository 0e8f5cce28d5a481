"""Charts: everything lies in the picture, at its place, whatever the numbers are."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.analysis.values import Comparison
from iter8_gitops.core.statistics.intervals import Interval
from iter8_gitops.serving.web.charts.bands import band_chart
from iter8_gitops.serving.web.charts.frames import HEIGHT, LEFT, RIGHT, WIDTH, time_axis
from iter8_gitops.serving.web.charts.histograms import BASE, histograms
from iter8_gitops.serving.web.charts.intervals import WIDTH as BAR_WIDTH
from iter8_gitops.serving.web.charts.intervals import interval_bars
from iter8_gitops.serving.web.charts.lines import users_chart
from iter8_gitops.serving.web.charts.scales import round_ticks, time_ticks
from iter8_gitops.spec.metric import Distribution, EpochWeights, Summary, VersionMetric
from iter8_gitops.spec.trend import LiftPoint, TrendPoint

finite = st.floats(-1e9, 1e9)
bound = st.none() | st.floats(-5, 5)


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(2, 8))
def test_ticks_are_few_round_ascending_and_within(low: float, length: float, about: int) -> None:
    ticks = round_ticks(low, low + length, about)

    assert len(ticks) <= 2 * about + 1
    assert all(a < b for a, b in pairwise(ticks))
    assert all(low - length * 1e-6 <= each <= low + length * (1 + 1e-6) for each in ticks)


@given(st.floats(0, 1e9))
def test_time_is_marked_a_few_times_whatever_its_length(seconds: float) -> None:
    ticks = time_ticks(seconds)

    assert 1 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-1] <= max(seconds, 1)


def trend(lifts: list[tuple[float | None, float | None, float | None]]) -> list[TrendPoint]:
    return [
        TrendPoint(60.0 * look, (look, 2 * look), "keep_going", (LiftPoint("revenue", 1, *lift),))
        for look, lift in enumerate(lifts, 1)
    ]


def coordinates(points: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in points.split())]


@given(st.lists(st.tuples(bound, bound, bound), max_size=30))
def test_a_band_lies_in_the_picture(lifts: list[tuple[float | None, float | None, float | None]]) -> None:
    chart = band_chart("revenue", 1, 0.0, trend(lifts), [EpochWeights(0, (1, 1))], (-0.01, 0.01))

    known = sum(not (lower is None and upper is None) for _, lower, upper in lifts)
    assert (chart is None) == (known < 2)
    if chart is not None:
        for x, y in coordinates(chart.band) + coordinates(chart.estimate):
            assert LEFT <= x <= WIDTH - RIGHT
            assert 0 <= y <= HEIGHT


def test_a_band_is_scaled_by_its_later_part_so_that_one_sees_it_close_in() -> None:
    wide, narrow = (0.0, -4.0, 4.0), (0.02, 0.01, 0.03)
    chart = band_chart("revenue", 1, 0.0, trend([wide, wide, narrow, narrow, narrow, narrow]), ())

    assert chart is not None
    end_of_upper = coordinates(chart.band)[5][1]
    assert chart.zero - end_of_upper > 60  # three per cent are a good part of the height


def test_users_are_drawn_once_two_looks_were_taken() -> None:
    assert users_chart(0.0, trend([(None, None, None)]), ()) is None
    chart = users_chart(0.0, trend([(None, None, None)] * 3), [EpochWeights(0, (2, 1))])

    assert chart is not None
    assert [line.last for line in chart.lines] == [3, 6]
    assert chart.lines[1].end[1] < chart.lines[0].end[1]  # more users are higher up
    assert [change.label for change in chart.time.changes] == ["2 / 1"]


def test_labels_of_weights_never_lie_over_one_another() -> None:
    axis = time_axis(0.0, 1000.0, [EpochWeights(at, (at, 1)) for at in range(0, 1000, 20)])

    labelled = [change.at for change in axis.changes if change.label]
    assert len(axis.changes) == 50
    assert all(b - a >= 64 for a, b in pairwise(labelled))
    assert axis.changes[-1].label


def comparison(lower: float | None, upper: float | None) -> Comparison:
    lift = None if lower is None or upper is None else (lower + upper) / 2
    interval = Interval(lower, upper)
    return Comparison(
        "confidence sequence", 0.05, lift, interval, lift, interval, 1.0, 0.1, "open", None, None, None, None
    )


@given(bound, bound)
def test_bars_lie_in_the_picture_and_say_when_they_go_beyond_it(lower: float | None, upper: float | None) -> None:
    if lower is not None and upper is not None:
        lower, upper = sorted((lower, upper))
    bars = interval_bars({1: comparison(lower, upper)}, (-0.02, 0.02))

    assert bool(bars) == (lower is not None or upper is not None)
    for bar in bars.values():
        assert 0 <= bar.start <= bar.end <= BAR_WIDTH
        assert bar.zero == BAR_WIDTH / 2
        assert bar.open_start == (lower is None or (bar.start == 0 and lower < -1))
        assert bar.open_end == (upper is None or (bar.end == BAR_WIDTH and upper > 1))


def metric(version: int, counts: list[tuple[float, int]]) -> VersionMetric:
    counts = sorted(dict(counts).items())
    summary = Summary(sum(count for _, count in counts), 0.0, 0.0, 0.0, 0.0)
    return VersionMetric(version, Distribution(summary, ()), Distribution(summary, tuple(counts)))


@given(st.lists(st.tuples(finite, st.integers(1, 50)), max_size=40))
def test_every_user_is_in_a_bar(counts: list[tuple[float, int]]) -> None:
    found = histograms([metric(0, counts), metric(1, [(1.0, 3)])])

    for chart in found:
        assert all(bar.top >= 0 and bar.height <= BASE for bar in chart.bars)
    if found:
        heights = [sum(bar.height for bar in chart.bars) for chart in found]
        # Heights are shares, so all versions have the same in sum, but for rounding.
        assert math.isclose(heights[0], heights[1], abs_tol=2.5)


def test_there_is_nothing_to_see_where_all_have_the_same() -> None:
    assert histograms([metric(0, [(2.0, 9)]), metric(1, [(2.0, 5)])]) == ()
    assert histograms([]) == ()


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_an_experiment_that_has_just_begun_has_an_axis(seconds: float) -> None:
    assert time_axis(100.0, 100.0 + seconds, ()).ticks[0].label == "0"
