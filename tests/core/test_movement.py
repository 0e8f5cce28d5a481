"""Expected movement of users, against the assignment itself and against what must hold in any case."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.assignment import Assigner
from iter8_gitops.core.movement import moved_share
from iter8_gitops.core.targeting import holdout_position, holdout_seed

COUNT = 10_000
USERS = [f"user-{number}" for number in range(COUNT)]
weights = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=6)


def counted(before: list[int], after: list[int], salts: tuple[str, str]) -> float:
    """The share of some users that the assignment itself moves."""
    old = Assigner.of("shop/checkout", salts[0], before)
    new = Assigner.of("shop/checkout", salts[1], after)
    return sum(old.version_of(user) != new.version_of(user) for user in USERS) / COUNT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([90, 10], [50, 50]),
        ([1, 0], [1, 1]),
        ([1, 2, 3], [3, 2, 1]),
        ([60, 30, 9, 1], [10, 20, 30, 40]),
        ([5, 5], [5, 5, 5]),
        ([5, 5, 5], [5, 5]),
        ([0, 7], [7, 0]),
        ([0, 0], [0, 1]),
        ([1, 1, 0, 4], [0, 1, 1, 2]),
        ([2_000_000_000, 1], [1, 2_000_000_000]),
    ],
)
@pytest.mark.parametrize("salts", [("", ""), ("2026-11", "2026-12")])
def test_as_many_users_move_as_the_assignment_moves(
    before: list[int], after: list[int], salts: tuple[str, str]
) -> None:
    expected = moved_share(before, after, same_salt=salts[0] == salts[1])
    # 4 standard errors: over all these cases a sound assignment exceeds it once in about 800 hash functions.
    tolerance = 4 * math.sqrt(expected * (1 - expected) / COUNT)
    assert abs(counted(before, after, salts) - expected) <= tolerance + 1e-12


def test_a_larger_share_of_two_takes_its_growth_from_the_other() -> None:
    assert moved_share([90, 10], [50, 50]) == pytest.approx(0.4)
    assert moved_share([50, 50], [90, 10]) == pytest.approx(0.4)
    assert moved_share([1, 0], [1, 1]) == 0.5


def test_a_new_salt_moves_all_but_those_who_meet_by_chance() -> None:
    assert moved_share([1, 1], [1, 1], same_salt=False) == 0.5
    assert moved_share([9, 1], [9, 1], same_salt=False) == pytest.approx(0.18)
    assert moved_share([5, 0], [1, 0], same_salt=False) == 0.0


@given(weights, st.integers(1, 1000))
def test_nobody_moves_when_all_weights_grow_alike(before: list[int], factor: int) -> None:
    assert moved_share(before, [weight * factor for weight in before]) == 0.0


@given(weights, weights)
def test_as_many_move_back_as_moved(before: list[int], after: list[int]) -> None:
    assert moved_share(before, after) == moved_share(after, before)


@given(weights, weights)
def test_no_assignment_could_move_fewer_and_a_new_salt_moves_no_fewer(before: list[int], after: list[int]) -> None:
    moved = moved_share(before, after)
    count = max(len(before), len(after))
    old, new = shares(before, count), shares(after, count)
    least = sum(abs(p - q) for p, q in zip(old, new, strict=True)) / 2
    assert least - 1e-9 <= moved <= 1.0
    assert moved <= moved_share(before, after, same_salt=False) + 1e-9


def shares(of: list[int], count: int) -> list[float]:
    padded = [*of, *[0] * (count - len(of))]
    total = sum(padded)
    return [weight / total for weight in padded] if total else [1.0, *padded[1:]]


@given(weights, st.data())
def test_changing_one_weight_moves_as_few_as_any_assignment_could(before: list[int], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(before) - 1))
    after = list(before)
    after[index] = data.draw(st.integers(0, 2**31 - 1))
    old, new = shares(before, len(before)), shares(after, len(before))
    least = sum(abs(p - q) for p, q in zip(old, new, strict=True)) / 2
    assert moved_share(before, after) == pytest.approx(least, abs=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "holdouts"),
    [
        ([90, 10], [90, 10], (0.0, 0.2)),
        ([90, 10], [90, 10], (0.2, 0.05)),
        ([90, 10], [50, 50], (0.3, 0.3)),
        ([90, 10], [50, 50], (0.1, 0.4)),
        ([60, 30, 10], [10, 30, 60], (0.4, 0.1)),
        ([0, 1], [0, 1], (0.0, 1.0)),
        ([1, 0], [1, 0], (0.0, 1.0)),
    ],
)
@pytest.mark.parametrize("salts", [("", ""), ("2026-11", "2026-12")])
def test_as_many_users_move_as_the_assignment_and_the_holdout_move(
    before: list[int], after: list[int], holdouts: tuple[float, float], salts: tuple[str, str]
) -> None:
    seed = holdout_seed("shop/checkout")
    old = Assigner.of("shop/checkout", salts[0], before)
    new = Assigner.of("shop/checkout", salts[1], after)

    def version_of(user: str, assigner: Assigner, holdout: float) -> int:
        return 0 if holdout_position(seed, user) < holdout else assigner.version_of(user)

    moved = sum(version_of(user, old, holdouts[0]) != version_of(user, new, holdouts[1]) for user in USERS) / COUNT

    expected = moved_share(before, after, same_salt=salts[0] == salts[1], holdouts=holdouts)
    assert abs(moved - expected) <= 4 * math.sqrt(expected * (1 - expected) / COUNT) + 1e-12


def test_a_holdout_moves_those_whom_chance_gave_a_candidate() -> None:
    assert moved_share([90, 10], [90, 10], holdouts=(0.0, 0.5)) == pytest.approx(0.05)
    assert moved_share([90, 10], [50, 50], holdouts=(1.0, 1.0)) == 0.0
    assert moved_share([90, 10], [90, 10], holdouts=(0.05, 0.05)) == 0.0
