"""The Bayesian view, against adaptive integration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from iter8_gitops.core.statistics.bayes import (
    Belief,
    chance_to_beat,
    chances_to_be_best,
    expected_loss,
    expected_losses,
)

SETS = {
    "alike": [Belief(1.0, 0.1), Belief(1.05, 0.1), Belief(1.1, 0.12)],
    "canary": [Belief(1.0, 0.01), Belief(1.02, 0.07), Belief(0.99, 0.05)],
    "one known almost exactly": [Belief(0.0, 1e-4), Belief(0.2, 1.0), Belief(-0.1, 0.8), Belief(0.1, 0.9)],
    "far apart": [Belief(0.0, 1.0), Belief(30.0, 1.0), Belief(-10.0, 2.0)],
}
beliefs = st.lists(st.builds(Belief, st.floats(-2.0, 2.0), st.floats(0.01, 3.0)), min_size=2, max_size=5)


def best_by_quadrature(given_beliefs: list[Belief], place: int) -> float:
    own = given_beliefs[place]

    def density(x: float) -> float:
        value = float(norm.pdf(x, own.mean, own.standard_error))
        for index, other in enumerate(given_beliefs):
            if index != place:
                value *= float(norm.cdf(x, other.mean, other.standard_error))
        return value

    low, high = own.mean - 10 * own.standard_error, own.mean + 10 * own.standard_error
    cuts = [
        cut for b in given_beliefs for cut in (b.mean - 3 * b.standard_error, b.mean, b.mean + 3 * b.standard_error)
    ]
    return float(quad(density, low, high, points=[c for c in cuts if low < c < high], limit=500, epsabs=1e-10)[0])


@pytest.mark.parametrize("name", SETS)
def test_the_chance_to_be_best_is_its_integral(name: str) -> None:
    for place, chance in enumerate(chances_to_be_best(SETS[name])):
        assert chance == pytest.approx(best_by_quadrature(SETS[name], place), abs=2e-6)


@given(beliefs)
def test_somebody_is_best(given_beliefs: list[Belief]) -> None:
    assert sum(chances_to_be_best(given_beliefs)) == pytest.approx(1.0, abs=1e-5)


@given(st.floats(-3.0, 3.0), st.floats(0.1, 2.0), st.floats(0.1, 2.0))
def test_two_versions_are_as_three_of_which_one_is_hopeless(difference: float, one: float, other: float) -> None:
    both = [Belief(5.0, one), Belief(5.0 + difference, other)]
    three = [*both, Belief(-100.0, 1.0)]
    assert chances_to_be_best(both) == pytest.approx(chances_to_be_best(three)[:2], abs=1e-5)
    assert expected_losses(both) == pytest.approx(expected_losses(three)[:2], abs=1e-4)


@pytest.mark.parametrize("z", [-2.0, 0.0, 0.7, 3.0])
def test_the_expected_loss_is_the_mean_of_what_would_be_lost(z: float) -> None:
    lost, _ = quad(lambda x: max(-x, 0.0) * norm.pdf(x, z * 0.3, 0.3), -6.0, 6.0, points=[0.0], epsabs=1e-12)
    assert expected_loss(z * 0.3, 0.3) == pytest.approx(lost, abs=1e-9)


def test_the_expected_loss_among_several_is_that_of_many_draws() -> None:
    drawn = norm.rvs(size=(400_000, 3), random_state=5) * [0.1, 0.1, 0.12] + [1.0, 1.05, 1.1]
    expected = [float((drawn.max(axis=1) - drawn[:, place]).mean()) for place in range(3)]
    assert expected_losses(SETS["alike"]) == pytest.approx(expected, abs=1e-3)


def test_an_offset_of_1e8_costs_nothing() -> None:
    near, far = SETS["alike"], [Belief(belief.mean + 1e8, belief.standard_error) for belief in SETS["alike"]]
    assert chances_to_be_best(far) == pytest.approx(chances_to_be_best(near), abs=1e-6)
    assert expected_losses(far) == pytest.approx(expected_losses(near), abs=1e-6)


def test_a_sure_thing_is_a_probability() -> None:
    assert chance_to_beat(1e6, 1e-3) == 1.0
    assert chance_to_beat(-1e6, 1e-3) == 0.0
    assert expected_loss(1e6, 1e-3) == 0.0
    assert expected_loss(-5.0, 1e-3) == pytest.approx(5.0)
