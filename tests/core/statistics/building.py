"""Samples, strata and lists of them, as hypothesis draws them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from hypothesis import strategies as st

from iter8_gitops.core.statistics.contrasts import Contrast, Stratum, contrast
from iter8_gitops.core.statistics.samples import Sample, mean_sample

means = st.floats(-1e3, 1e3).map(lambda x: round(x, 6))
samples = st.builds(Sample, st.integers(100, 10**6), means, st.floats(1e-3, 1e3))
strata = st.lists(st.builds(Stratum, samples, samples), min_size=1, max_size=4)


def sample_of(values: Iterable[float], returning: int = 0) -> Sample:
    exact = [Fraction(value) for value in values]
    return mean_sample(len(exact), sum(exact, Fraction(0)), sum((x * x for x in exact), Fraction(0)), returning)


def found(*pairs: tuple[Sample, Sample]) -> Contrast:
    result = contrast([Stratum(*pair) for pair in pairs])
    assert result is not None
    return result
