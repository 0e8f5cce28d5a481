from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.histograms import GAMMA, RELATIVE_ACCURACY, Bins, quantize

positive = st.floats(1e-300, 1e300)


@given(positive)
def test_a_value_is_at_most_one_percent_from_what_stands_for_it(value: float) -> None:
    assert quantize(value) == pytest.approx(value, rel=RELATIVE_ACCURACY * (1 + 1e-9))
    assert quantize(-value) == -quantize(value)


@given(positive)
def test_what_stands_for_a_bucket_is_in_it(value: float) -> None:
    assert quantize(quantize(value)) == quantize(value)


@given(positive, positive)
def test_buckets_keep_the_order(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert quantize(low) <= quantize(high)


def test_zero_has_its_own_bucket() -> None:
    assert quantize(0.0) == 0.0
    assert quantize(-0.0) == 0.0
    assert quantize(1e-300) > 0.0


def test_a_bucket_ends_at_a_power_of_gamma() -> None:
    assert quantize(GAMMA**10 * 0.999) == quantize(GAMMA**9 * 1.001)
    assert quantize(GAMMA**10 * 0.999) != quantize(GAMMA**10 * 1.001)


def test_ten_bins_cover_one_to_thirty() -> None:
    assert Bins.between(1.0, 30.0).labels == (
        "1 - 3.9",
        "3.9 - 6.8",
        "6.8 - 9.7",
        "9.7 - 12.6",
        "12.6 - 15.5",
        "15.5 - 18.4",
        "18.4 - 21.3",
        "21.3 - 24.2",
        "24.2 - 27.1",
        "27.1 - 30",
    )


@pytest.mark.parametrize(
    ("minimum", "maximum", "first", "last"),
    [
        (0.0, 1.0, "0 - 0.1", "0.9 - 1"),
        (0.3, 3.3, "0.3 - 0.6", "3 - 3.3"),
        (0.1 + 0.2, 10.3, "0.3 - 1.3", "9.3 - 10.3"),
        (69.99999999999999, 170.0, "70 - 80", "160 - 170"),
        (-0.05, 0.95, "-0.1 - 0", "0.8 - 0.9"),
        (-0.3, 0.7, "-0.3 - -0.2", "0.6 - 0.7"),
        (-1.0, 0.0, "-1 - -0.9", "-0.1 - 0"),
        (-1e-12, 1e-12, "-0.1 - -0.1", "0 - 0"),
        (1e6, 2e6, "1000000 - 1100000", "1900000 - 2000000"),
        (1e15, 1e15 + 10, "1000000000000000 - 1000000000000001", "1000000000000009 - 1000000000000010"),
        (-1e100, 1e100, "-1e+100 - -8e+99", "8e+99 - 1e+100"),
    ],
)
def test_bounds_are_cut_to_one_decimal_in_their_shortest_form(
    minimum: float, maximum: float, first: str, last: str
) -> None:
    labels = Bins.between(minimum, maximum).labels
    assert (len(labels), labels[0], labels[-1]) == (10, first, last)


@pytest.mark.parametrize(
    ("value", "label"), [(2.0, "2 - 2"), (2.55, "2.5 - 2.5"), (0.3, "0.3 - 0.3"), (-0.01, "-0.1 - -0.1")]
)
def test_equal_values_are_one_bin(value: float, label: str) -> None:
    bins = Bins.between(value, value)
    assert bins.labels == (label,)
    assert bins.counted([(value, 7)]) == [7]


def test_a_value_on_a_bound_belongs_above_it_and_the_largest_to_the_last_bin() -> None:
    tenths = [(i / 10, 1) for i in range(11)]
    assert Bins.between(0.0, 1.0).counted(tenths) == [1] * 9 + [2]


@given(st.lists(st.floats(-1e100, 1e100), min_size=1))
def test_every_value_is_counted_once(values: list[float]) -> None:
    bins = Bins.between(min(values), max(values))
    assert sum(bins.counted((value, 1) for value in values)) == len(values)
    assert bins.counted([(max(values), 1)])[-1] == 1
    assert all(math.isfinite(bound) for bound in bins.inner)
    assert not any("-0 " in f"{label} " for label in bins.labels)


def test_values_that_stand_for_buckets_beyond_the_extremes_are_counted() -> None:
    assert Bins.between(10.0, 20.0).counted([(9.91, 2), (20.1, 3)]) == [2, *[0] * 8, 3]
