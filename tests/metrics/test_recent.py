"""Which exposures are recorded once only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.metrics.recent import RecentExposures
from tests.metrics.streams import arm

USERS = [f"user-{number}" for number in range(6)]
LOOKUPS = st.lists(st.tuples(st.sampled_from(USERS), st.integers(0, 1)), max_size=60)


def learns(recent: RecentExposures, user: str, version: int = 0) -> bool:
    return recent.learns((arm(version), user, 0))


def test_an_exposure_is_news_once() -> None:
    recent = RecentExposures(10)
    assert [learns(recent, "ann") for _ in range(3)] == [True, False, False]


def test_another_arm_of_the_same_user_is_news_and_so_is_the_way_back() -> None:
    recent = RecentExposures(10)
    assert [learns(recent, "ann", version) for version in (0, 1, 1, 0)] == [True, True, False, True]


def test_users_of_different_applications_are_different_users() -> None:
    recent = RecentExposures(10)
    assert all(recent.learns((arm(application=name), "ann", 0)) for name in ("shop/a", "shop/b"))


def test_who_comes_again_before_being_forgotten_is_remembered_anew() -> None:
    recent = RecentExposures(2)
    for user in ("ann", "bob", "cy"):
        learns(recent, user)
    assert not learns(recent, "ann")
    learns(recent, "dan")
    assert not learns(recent, "ann")


def test_what_was_not_recorded_is_news_again() -> None:
    recent = RecentExposures(10)
    learns(recent, "ann")
    recent.forget(arm(), "ann")
    assert learns(recent, "ann")


def test_to_forget_an_exposure_leaves_a_later_one_of_the_same_user() -> None:
    recent = RecentExposures(10)
    learns(recent, "ann", 0)
    learns(recent, "ann", 1)
    recent.forget(arm(0), "ann")
    assert not learns(recent, "ann", 1)


def test_what_was_not_recorded_is_news_again_though_the_user_has_grown_old() -> None:
    recent = RecentExposures(1)
    learns(recent, "ann")
    learns(recent, "bob")
    recent.forget(arm(), "ann")
    assert learns(recent, "ann")


def test_an_exposure_not_recorded_uncovers_none_from_before_it() -> None:
    recent = RecentExposures(1)
    learns(recent, "ann", 0)
    learns(recent, "bob")
    learns(recent, "ann", 1)
    recent.forget(arm(1), "ann")
    assert learns(recent, "ann", 1)


@given(st.integers(1, 4), LOOKUPS)
def test_nothing_is_taken_for_recorded_that_was_not_the_users_latest(
    capacity: int, lookups: list[tuple[str, int]]
) -> None:
    recent = RecentExposures(capacity)
    latest: dict[str, int] = {}
    for user, version in lookups:
        if not learns(recent, user, version):
            assert latest[user] == version
        latest[user] = version


@given(st.integers(1, 4), LOOKUPS)
def test_the_last_users_are_remembered_as_many_as_it_was_said(capacity: int, lookups: list[tuple[str, int]]) -> None:
    recent = RecentExposures(capacity)
    order: dict[str, int] = {}
    for user, version in lookups:
        news = learns(recent, user, version)
        if user in list(order)[-capacity:]:
            assert news == (order[user] != version)
        order.pop(user, None)
        order[user] = version
