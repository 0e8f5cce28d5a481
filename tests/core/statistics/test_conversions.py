"""The exact test for conversions, and its inversion for the lift."""

from __future__ import annotations

import random
from math import exp, log, log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from iter8_gitops.core.statistics.conversions import conversion_evidence, conversion_lift_interval
from iter8_gitops.core.statistics.intervals import NOT_ESTIMABLE
from iter8_gitops.core.statistics.multinomial import Counts

counted = st.integers(1, 3000)
many = st.integers(20, 3000)
weighed = st.integers(1, 99)


def evidence_against(lift: float, counts: Counts) -> float:
    """ln E(r) of one epoch, from its definition."""
    share = counts.weights[1] / sum(counts.weights)
    odds = share * (1 + lift) / (1 - share)
    a, b = 100 * (1 - share), 100 * share
    baseline, candidate = counts.counts
    mixed = betaln(a + baseline, b + candidate) - betaln(a, b)
    return float(mixed + baseline * log1p(odds) - candidate * (log(odds) - log1p(odds)))


@given(weighed, many, many, st.sampled_from([0.05, 0.025, 0.001]))
def test_the_bounds_are_the_lifts_that_are_just_refuted(share: int, one: int, other: int, alpha: float) -> None:
    counts = Counts((100 - share, share), (one, other))
    interval = conversion_lift_interval([counts], alpha)
    assert interval.lower is not None
    assert interval.upper is not None
    assert evidence_against(interval.lower, counts) == pytest.approx(-log(alpha), abs=1e-6)
    assert evidence_against(interval.upper, counts) == pytest.approx(-log(alpha), abs=1e-6)


@given(weighed, counted, counted)
def test_no_change_is_refuted_exactly_when_the_evidence_is_enough(share: int, one: int, other: int) -> None:
    counts = [Counts((100 - share, share), (one, other))]
    interval = conversion_lift_interval(counts, 0.05)
    assert (interval.is_above(0.0) or interval.is_below(0.0)) == (conversion_evidence(counts) > log(20))


@given(weighed, counted, counted)
def test_arms_that_are_swapped_invert_the_ratio(share: int, one: int, other: int) -> None:
    there = conversion_lift_interval([Counts((100 - share, share), (one, other))], 0.05)
    back = conversion_lift_interval([Counts((share, 100 - share), (other, one))], 0.05)
    assert there.upper is not None
    assert back.lower is not None
    assert 1 + back.lower == pytest.approx(1 / (1 + there.upper), rel=1e-9)


@given(weighed, st.lists(st.tuples(counted, counted), min_size=2, max_size=4))
def test_epochs_of_equal_weights_merge(share: int, parts: list[tuple[int, int]]) -> None:
    weights = (100 - share, share)
    split = conversion_lift_interval([Counts(weights, part) for part in parts], 0.05)
    total = sum(one for one, _ in parts), sum(other for _, other in parts)
    whole = conversion_lift_interval([Counts(weights, total)], 0.05)
    assert split.lower == pytest.approx(whole.lower, rel=1e-7, abs=1e-9)
    assert split.upper == pytest.approx(whole.upper, rel=1e-7, abs=1e-9)


def test_equal_rates_over_a_ramp_are_no_change() -> None:
    ramp = [Counts((95, 5), (1900, 100)), Counts((80, 20), (800, 200)), Counts((1, 1), (3000, 3000))]
    interval = conversion_lift_interval(ramp, 0.05)
    assert interval.lower is not None
    assert interval.upper is not None
    assert interval.lower < 0.0 < interval.upper
    assert conversion_evidence(ramp) < 0.0


def test_a_rate_that_doubles_is_found_in_a_canary_of_two_percent() -> None:
    interval = conversion_lift_interval([Counts((98, 2), (9800, 400))], 0.05)
    assert interval.is_above(0.6)
    assert interval.is_below(1.6)


def test_the_lift_is_covered_while_the_rate_drifts_and_people_look_all_the_time() -> None:
    rng = random.Random(11)
    missed = 0
    for _ in range(100):
        baseline = candidate = 0
        for _ in range(40):
            baseline += sum(rng.random() < 0.7 * rng.uniform(0.01, 0.3) for _ in range(40))
            candidate += sum(rng.random() < 0.3 * 1.5 * rng.uniform(0.01, 0.3) for _ in range(40))
            interval = conversion_lift_interval([Counts((7, 3), (baseline, candidate))], 0.05)
            if interval.is_above(0.5) or interval.is_below(0.5):
                missed += 1
                break
    assert missed <= 10


def test_without_conversions_on_a_side_there_is_no_bound_on_that_side() -> None:
    assert conversion_lift_interval([Counts((1, 1), (0, 0))], 0.05) == NOT_ESTIMABLE
    assert conversion_lift_interval([], 0.05) == NOT_ESTIMABLE
    none_in_candidate = conversion_lift_interval([Counts((1, 1), (30, 0))], 0.05)
    assert (none_in_candidate.lower, none_in_candidate.is_below(0.0)) == (-1.0, True)
    none_in_baseline = conversion_lift_interval([Counts((1, 1), (0, 30))], 0.05)
    assert (none_in_baseline.upper, none_in_baseline.is_above(0.0)) == (None, True)


def test_epochs_in_which_an_arm_had_no_weight_say_nothing() -> None:
    both = Counts((1, 1), (500, 560))
    alone = Counts((1, 0), (900, 0))
    assert conversion_lift_interval([alone, both], 0.05) == conversion_lift_interval([both], 0.05)
    assert conversion_evidence([alone, both]) == conversion_evidence([both])


def test_a_hundred_million_conversions_are_judged_to_a_hundredth_of_a_percent() -> None:
    interval = conversion_lift_interval([Counts((1, 1), (10**8, 10**8 + 10**5))], 0.05)
    assert interval.lower == pytest.approx(0.001 - 7.0e-4, abs=2e-4)
    assert interval.upper == pytest.approx(0.001 + 7.0e-4, abs=2e-4)
    assert exp(evidence_against(0.001, Counts((1, 1), (10**8, 10**8 + 10**5)))) < 1.0
