"""How long until the answer, and how error is shared out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.statistics.multiplicity import split_alpha
from iter8_gitops.core.statistics.planning import clock_needed, detectable_difference, seconds_left
from iter8_gitops.core.statistics.samples import Sample
from iter8_gitops.core.statistics.sequence import ConfidenceSequence
from tests.core.statistics.building import found, sample_of

SEQUENCE = ConfidenceSequence()
NOW = found((Sample(5000, 10.0, 25.0), Sample(5000, 10.0, 25.0)))


def test_the_effect_detectable_now_is_k_and_the_power_above_zero() -> None:
    assert detectable_difference(NOW, SEQUENCE) == pytest.approx((3.0640031 + 0.8416212) * 0.1, rel=1e-7)


@given(st.floats(1e-3, 2.0))
def test_what_is_needed_makes_the_effect_detectable(effect: float) -> None:
    needed = clock_needed(NOW, SEQUENCE, effect)
    assert needed is not None
    users = needed / 2
    later = found((Sample(round(users) + 1, 10.0, 25.0), Sample(round(users) + 1, 10.0, 25.0)))
    assert detectable_difference(later, SEQUENCE) == pytest.approx(effect, rel=2.0 / users)


def test_what_is_needed_is_enough_in_four_of_five_experiments() -> None:
    rng = random.Random(4)
    needed = clock_needed(NOW, SEQUENCE, 2.0)
    assert needed is not None
    won = 0
    for _ in range(150):
        arms = [[rng.gauss(mean, 5.0) for _ in range(round(needed / 2))] for mean in (10.0, 12.0)]
        won += SEQUENCE.interval(found((sample_of(arms[0]), sample_of(arms[1])))).is_above(0.0)
    assert won / 150 == pytest.approx(0.8, abs=0.1)


def test_what_nobody_can_wait_for_has_no_end() -> None:
    assert clock_needed(NOW, SEQUENCE, 1e-9) is None


def test_the_time_left_follows_the_speed_so_far() -> None:
    assert seconds_left(NOW, 40_000, 3600.0) == 3 * 3600.0
    assert seconds_left(NOW, 5_000, 3600.0) == 0.0
    assert seconds_left(NOW, 40_000, 0.0) is None


def test_error_is_shared_by_comparisons_and_by_metrics_that_may_win() -> None:
    assert split_alpha(0.05, 2) == 0.05
    assert split_alpha(0.05, 3) == 0.025
    assert split_alpha(0.05, 3, 2) == 0.0125
    assert split_alpha(0.05, 1, 0) == 0.05
