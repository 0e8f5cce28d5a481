"""Quantiles from counts per value."""

from __future__ import annotations

from collections import Counter
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.histograms import RELATIVE_ACCURACY, quantize
from iter8_gitops.core.statistics.quantiles import quantile

values = st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9), st.floats(-1e9, -1e-9)), min_size=1, max_size=200)


@given(values, st.floats(0.0, 1.0))
def test_a_quantile_of_buckets_is_one_percent_from_that_of_the_values(drawn: list[float], q: float) -> None:
    buckets = sorted(Counter(map(quantize, drawn)).items())
    exact = sorted(drawn)[floor(q * (len(drawn) - 1))]
    assert quantile(buckets, q) == pytest.approx(exact, rel=RELATIVE_ACCURACY * (1 + 1e-9))


def test_smallest_middle_and_largest() -> None:
    counts = [(1.0, 2), (3.0, 1), (7.0, 2)]
    assert [quantile(counts, q) for q in (0.0, 0.5, 1.0)] == [1.0, 3.0, 7.0]


def test_nothing_has_no_quantile() -> None:
    assert quantile([], 0.5) is None
    assert quantile([(1.0, 0)], 0.5) is None
