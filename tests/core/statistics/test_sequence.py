"""The confidence sequence against its published values, and against the integral that it is."""

from __future__ import annotations

from math import exp, inf, log, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from iter8_gitops.core.statistics.intervals import NOT_ESTIMABLE
from iter8_gitops.core.statistics.samples import Sample
from iter8_gitops.core.statistics.sequence import ConfidenceSequence, p_value, tightest_y
from tests.core.statistics.building import found

alphas = st.floats(1e-6, 0.5)
clocks = st.floats(1.0, 1e9)


@pytest.mark.parametrize(
    ("alpha", "clock", "expected"),
    [(0.05, 100, 6.5992046), (0.05, 2350, 3.087780), (0.05, 10000, 3.0640031), (0.025, 10000, 3.3062917)],
)
def test_the_multiplier_has_its_reference_values(alpha: float, clock: float, expected: float) -> None:
    assert ConfidenceSequence(alpha).multiplier(clock) == pytest.approx(expected, rel=2e-8, abs=6e-7)


def test_y_star_at_five_percent() -> None:
    assert tightest_y(0.05) == pytest.approx(8.21197, abs=5e-6)


@given(st.floats(1e-12, 0.999999))
def test_y_star_solves_its_equation(alpha: float) -> None:
    y = tightest_y(alpha)
    assert y > 0
    assert y == pytest.approx(-2 * log(alpha) + log(1 + y), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.01])
def test_the_interval_is_tightest_at_the_chosen_number_of_users(alpha: float) -> None:
    def width(log_rho_squared: float) -> float:
        y_at_n_star = 5000.0 * exp(log_rho_squared)
        other = ConfidenceSequence(alpha, 5000.0 * tightest_y(alpha) / y_at_n_star)
        return other.multiplier(5000.0)

    best = minimize_scalar(width, bounds=(log(1e-6), log(1.0)), method="bounded", options={"xatol": 1e-10})
    assert exp(best.x) == pytest.approx(ConfidenceSequence(alpha).rho_squared, rel=1e-4)


@given(alphas, clocks, st.floats(0.0, 50.0))
def test_the_interval_leaves_zero_exactly_when_the_evidence_is_enough(alpha: float, clock: float, z: float) -> None:
    sequence = ConfidenceSequence(alpha)
    k = sequence.multiplier(clock)
    if abs(z - k) > 1e-9 * k:
        assert (z > k) == (sequence.log_evidence(z, clock) > -log(alpha))


@pytest.mark.parametrize(("z", "clock"), [(0.0, 400.0), (2.5, 400.0), (-3.0, 10000.0), (1.0, 50.0)])
def test_the_evidence_is_the_likelihood_ratio_averaged_over_the_prior(z: float, clock: float) -> None:
    sequence = ConfidenceSequence()
    rho = sqrt(sequence.rho_squared)
    walk = z * sqrt(clock)

    def weighed(effect: float) -> float:
        prior = exp(-((effect / rho) ** 2) / 2) / (rho * sqrt(2 * pi))
        return exp(effect * walk - effect**2 * clock / 2) * prior

    integral, _ = quad(weighed, -12 * rho, 12 * rho, epsabs=1e-13, epsrel=1e-11, limit=500)
    assert sequence.log_evidence(z, clock) == pytest.approx(log(integral), rel=1e-8)


def test_the_interval_is_k_standard_errors_to_either_side() -> None:
    one = found((Sample(5000, 10.0, 25.0), Sample(5000, 10.4, 25.0)))
    interval = ConfidenceSequence().interval(one)
    assert interval.lower == pytest.approx(0.4 - 3.0640031 * 0.1)
    assert interval.upper == pytest.approx(0.4 + 3.0640031 * 0.1)


def test_an_always_valid_p_value_is_one_over_the_evidence() -> None:
    one = found((Sample(5000, 10.0, 25.0), Sample(5000, 10.4, 25.0)))
    evidence = ConfidenceSequence().evidence(one)
    assert evidence is not None
    y = 10000 * 8.211968062068255 / 5000
    assert evidence == pytest.approx(y * 16 / (2 * (1 + y)) - log(1 + y) / 2)
    assert p_value(evidence) == pytest.approx(exp(-evidence))
    assert p_value(-3.0) == 1.0
    assert p_value(1e6) == 0.0
    assert p_value(inf) == 0.0


def test_too_few_users_have_no_interval_and_no_evidence() -> None:
    few = found((Sample(10**6, 10.0, 1.0), Sample(99, 99.0, 1.0)))
    assert ConfidenceSequence().interval(few) == NOT_ESTIMABLE
    assert ConfidenceSequence().evidence(few) is None
