"""The sequential multinomial test: reference values, exact expectation, many users, changing weights."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from itertools import product
from math import comb, exp, inf, isfinite, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln

from iter8_gitops.core.statistics.multinomial import Counts, log_evidence
from iter8_gitops.core.statistics.sample_ratio import SampleRatio, sample_ratio

weights = st.lists(st.integers(1, 100), min_size=2, max_size=5)


def plain(counts: Counts, strength: float) -> float:
    """The formula as it stands in the paper, with scipy's ln Gamma."""
    shares = [weight / sum(counts.weights) for weight in counts.weights]
    prior = [strength * share for share in shares]
    after = [a + c for a, c in zip(prior, counts.counts, strict=True)]

    def log_beta(a: list[float]) -> float:
        return float(sum(gammaln(a)) - gammaln(sum(a)))

    return log_beta(after) - log_beta(prior) - sum(c * log(w) for c, w in zip(counts.counts, shares, strict=True))


def test_the_reference_value() -> None:
    counts = Counts((4, 3, 2, 1), (40300, 29800, 20100, 9800))
    assert log_evidence([counts], 1000.0) == pytest.approx(-2.9040192155, abs=1e-9)
    assert sample_ratio([counts]).state == "ok"


@given(
    weights.flatmap(lambda w: st.tuples(st.just(w), st.lists(st.integers(0, 5000), min_size=len(w), max_size=len(w))))
)
def test_it_is_the_published_formula(drawn: tuple[list[int], list[int]]) -> None:
    counts = Counts(tuple(drawn[0]), tuple(drawn[1]))
    assert log_evidence([counts], 1000.0) == pytest.approx(plain(counts, 1000.0), rel=1e-8, abs=1e-7)


def log_gamma(x: Decimal) -> Decimal:
    """By Stirling's series to 40 digits, for x > 50."""
    shift = Decimal(0)
    while x < 200:
        shift -= x.ln()
        x += 1
    bernoulli = (Decimal(1) / 12, -Decimal(1) / 360, Decimal(1) / 1260, -Decimal(1) / 1680, Decimal(1) / 1188)
    tail = sum((b / x ** (2 * i + 1) for i, b in enumerate(bernoulli)), Decimal(0))
    return (
        shift
        + (x - Decimal("0.5")) * x.ln()
        - x
        + (2 * Decimal("3.141592653589793238462643383279502884")).ln() / 2
        + tail
    )


@pytest.mark.parametrize("split", [(500_000_000, 500_030_000), (499_900_000, 500_100_000)])
def test_a_billion_users_lose_no_digits(split: tuple[int, int]) -> None:
    with localcontext() as context:
        context.prec = 60
        a = Decimal(500)
        exact = (
            sum(log_gamma(a + c) - log_gamma(a) for c in split)
            - (log_gamma(2 * a + sum(split)) - log_gamma(2 * a))
            + sum(split) * Decimal(2).ln()
        )
    assert log_evidence([Counts((1, 1), split)], 1000.0) == pytest.approx(float(exact), abs=1e-6)


def test_the_expected_evidence_is_one_whatever_the_weights_change_to() -> None:
    before, after, users = (7, 3), (2, 8), 6
    expected = 0.0
    for first, second in product(range(users + 1), repeat=2):
        chance = (
            comb(users, first) * 0.7 ** (users - first) * 0.3**first
            * comb(users, second) * 0.2 ** (users - second) * 0.8**second
        )  # fmt: skip
        periods = [Counts(before, (users - first, first)), Counts(after, (users - second, second))]
        expected += chance * exp(log_evidence(periods, 5.0))
    assert expected == pytest.approx(1.0, rel=1e-12)


def test_a_tilt_is_carried_over_a_change_of_weights() -> None:
    first, second = Counts((0.5, 0.5), (520, 480)), Counts((0.8, 0.2), (810, 190))
    posterior = [(500 + 520) / 2000, (500 + 480) / 2000]
    tilted = [0.8 * posterior[0] / 0.5, 0.2 * posterior[1] / 0.5]
    prior = [2000 * t / sum(tilted) for t in tilted]
    after = [prior[0] + 810, prior[1] + 190]
    step = (
        float(sum(gammaln(after)) - gammaln(sum(after)) - sum(gammaln(prior)) + gammaln(sum(prior)))
        - 810 * log(0.8)
        - 190 * log(0.2)
    )
    assert log_evidence([first, second], 1000.0) == pytest.approx(plain(first, 1000.0) + step, abs=1e-8)


@given(weights, st.data())
def test_periods_of_equal_weights_merge(shares: list[int], data: st.DataObject) -> None:
    counts = st.lists(st.integers(0, 3000), min_size=len(shares), max_size=len(shares)).map(tuple)
    parts = data.draw(st.lists(counts, min_size=1, max_size=4))
    unit = data.draw(st.sampled_from([1, 7]))
    split = [Counts(tuple(w * unit if i % 2 else w for w in shares), part) for i, part in enumerate(parts)]
    whole = Counts(tuple(shares), tuple(map(sum, zip(*parts, strict=True))))
    assert log_evidence(split, 1000.0) == pytest.approx(log_evidence([whole], 1000.0), rel=1e-7, abs=1e-7)


def test_a_leak_that_the_weights_hide_is_found_over_their_changes() -> None:
    leaking = [
        Counts((100 - share, share), (20 * (100 - share), int(20 * share * 0.8)))
        for share in (10, 20, 30, 40, 50, 60, 70)
    ]
    assert sample_ratio(leaking).state == "blocked"
    assert all(sample_ratio([period]).state == "ok" for period in leaking[:2])
    healthy = [Counts((100 - share, share), (20 * (100 - share), 20 * share)) for share in (10, 30, 50, 70)]
    assert sample_ratio(healthy).state == "ok"


def test_the_bounds_are_a_hundred_and_a_thousand() -> None:
    def state(excess: int) -> SampleRatio:
        return sample_ratio([Counts((1, 1), (10000 - excess, 10000 + excess))])

    states = [state(excess) for excess in range(200, 360, 2)]
    for found in states:
        assert found.log_evidence is not None
        expected = (
            "blocked" if exp(found.log_evidence) >= 1000 else "warning" if exp(found.log_evidence) >= 100 else "ok"
        )
        assert found.state == expected
    assert {found.state for found in states} == {"ok", "warning", "blocked"}


def test_a_version_that_comes_and_goes_is_judged_while_it_takes_part() -> None:
    periods = [
        Counts((1, 0, 0), (5000, 0, 0)),
        Counts((1, 1, 0), (5000, 5000, 0)),
        Counts((1, 1, 2), (2500, 2500, 5000)),
        Counts((1, 0, 1), (2500, 0, 2500)),
        Counts((1, 1, 1), (1000, 1000, 1000)),
    ]
    assert sample_ratio(periods).state == "ok"
    leaking = [replace(period, counts=(*period.counts[:2], period.counts[2] * 9 // 10)) for period in periods]
    assert sample_ratio(leaking).state == "blocked"


def test_nobody_says_nothing() -> None:
    assert log_evidence([], 1000.0) == 0.0
    assert log_evidence([Counts((1, 1), (0, 0))], 1000.0) == pytest.approx(0.0, abs=1e-12)
    assert log_evidence([Counts((1, 0), (10**9, 0))], 1000.0) == 0.0


def test_a_user_in_a_version_without_weight_is_impossible() -> None:
    assert log_evidence([Counts((1, 0), (10, 1))], 1000.0) == inf
    assert sample_ratio([Counts((1, 0), (10, 1))]) == SampleRatio("blocked", None)


@given(
    weights.flatmap(lambda w: st.tuples(st.just(w), st.lists(st.integers(0, 10**9), min_size=len(w), max_size=len(w))))
)
def test_the_evidence_is_always_a_number(drawn: tuple[list[int], list[int]]) -> None:
    assert isfinite(log_evidence([Counts(tuple(drawn[0]), tuple(drawn[1]))], 100.0))
