"""Targeting: the order of overrides, holdout and rules; what is stable; and who is left to be assigned at random."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.cohorts import Cohort
from iter8_gitops.core.targeting import Reason, Targets
from iter8_gitops.spec.routemap import NO_TARGETING, Origin, Rule, Targeting
from iter8_gitops.spec.snapshot import RoutemapState, VersionState

STAFF = Rule("staff", (("group", ("beta", "staff")),), 1)
USERS = [f"user-{number}" for number in range(4000)]

users = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
weights = st.lists(st.integers(0, 1000), min_size=1, max_size=6)
shares = st.floats(0, 1)


def state_of(
    targeting: Targeting = NO_TARGETING,
    weights: tuple[int, ...] = (90, 10),
    unavailable: tuple[int, ...] = (),
    salt: str = "",
) -> RoutemapState:
    versions = tuple(
        VersionState(
            index=index,
            name=f"v{index}",
            weight=weight,
            declared_weight=weight,
            available=index not in unavailable,
            settled=True,
            signature=f"signature-{index}",
            reason="Ready",
            message="serves",
            resources=(),
        )
        for index, weight in enumerate(weights)
    )
    return RoutemapState("shop", "checkout", Origin("git", "a.yaml", "1"), versions, salt, targeting, epoch=7)


def cohort(state: RoutemapState) -> Cohort:
    return Cohort.of(state, stale=False)


def decided(state: RoutemapState, user: str, **attributes: str) -> tuple[int, str, str]:
    found = cohort(state).outcome_of(user, attributes).recommendation
    return found.version_number, found.reason.value, found.rule


def held_out(share: float, application: str = "shop/checkout") -> set[str]:
    targets = Targets.of(application, Targeting(holdout=share), [True])
    return {user for user in USERS if targets is not None and targets.decide(user, {}) is not None}


def test_an_override_goes_before_the_holdout_and_that_before_rules() -> None:
    everything = Targeting((("alice", 1),), 1.0, (STAFF,))

    assert decided(state_of(everything), "alice", group="staff") == (1, "override", "")
    assert decided(state_of(everything), "bob", group="staff") == (0, "holdout", "")
    assert decided(state_of(replace(everything, holdout=0.0)), "bob", group="staff") == (1, "rule", "staff")
    assert decided(state_of(replace(everything, holdout=0.0), (1, 0)), "bob", group="guests") == (0, "random", "")


def test_an_override_reaches_a_version_without_weight_but_none_that_cannot_answer() -> None:
    overridden = Targeting((("alice", 1),))

    assert decided(state_of(overridden, (1, 0)), "alice") == (1, "override", "")
    assert decided(state_of(overridden, (1, 0), unavailable=(1,)), "alice") == (0, "random", "")


def test_while_the_primary_cannot_answer_the_holdout_is_assigned_like_everybody() -> None:
    assert decided(state_of(Targeting(holdout=1.0), (0, 1), unavailable=(0,)), "bob") == (1, "random", "")


def test_the_first_rule_that_holds_decides_also_when_its_version_cannot_answer() -> None:
    rules = (STAFF, Rule("everybody here", (("group", ("staff", "guests")),), 2))
    targeting = Targeting(rules=rules)

    assert decided(state_of(targeting, (1, 0, 0)), "bob", group="staff") == (1, "rule", "staff")
    assert decided(state_of(targeting, (1, 0, 0)), "bob", group="guests") == (2, "rule", "everybody here")
    assert decided(state_of(targeting, (1, 0, 0), unavailable=(1,)), "bob", group="staff") == (0, "random", "")


def test_all_attributes_of_a_rule_must_match_and_a_missing_one_does_not() -> None:
    both = Rule("both", (("country", ("de",)), ("group", ("staff",))), 1)
    state = state_of(Targeting(rules=(both,)), (1, 0))

    assert decided(state, "bob", group="staff", country="de", more="x") == (1, "rule", "both")
    assert decided(state, "bob", group="staff", country="fr") == (0, "random", "")
    assert decided(state, "bob", group="staff") == (0, "random", "")
    assert decided(state, "bob") == (0, "random", "")


def test_only_users_at_random_share_an_arm() -> None:
    targeting = Targeting((("alice", 1),), 0.2, (STAFF,))
    prepared = cohort(state_of(targeting))

    arms = {prepared.outcome_of(user, {"group": group}).arm for user in [*USERS, "alice"] for group in ("", "staff")}

    assert {(arm.version, arm.cohort) for arm in arms} == {
        (0, ""),
        (1, ""),
        (1, "override"),
        (0, "holdout"),
        (1, "rule"),
    }
    assert {(arm.application, arm.epoch) for arm in arms} == {("shop/checkout", 7)}


def test_users_of_one_decision_are_given_the_same_answer() -> None:
    prepared = cohort(state_of(Targeting(rules=(STAFF,))))

    one, other = (prepared.outcome_of(user, {"group": "staff"}) for user in ("alice", "bob"))

    assert one is other


def test_targeting_that_can_give_nobody_a_version_costs_nothing() -> None:
    assert cohort(state_of(Targeting((("alice", 1),), 0.5, (STAFF,)), (1, 0), unavailable=(0, 1))).targets is None
    assert cohort(state_of()).targets is None


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5, 0.999])
def test_the_holdout_has_its_share_within_statistical_error(share: float) -> None:
    expected, error = len(USERS) * share, math.sqrt(len(USERS) * share * (1 - share))
    assert abs(len(held_out(share)) - expected) <= 4 * error


def test_applications_hold_out_different_users() -> None:
    both = held_out(0.5) & held_out(0.5, "shop/search")
    assert abs(len(both) - 1000) <= 4 * math.sqrt(4000 * 0.25 * 0.75)


def test_the_holdout_says_nothing_of_who_gets_what_at_random() -> None:
    plain = cohort(state_of(weights=(1, 1)))
    chosen = held_out(0.5)

    found = sum(plain.outcome_of(user).arm.version for user in chosen)

    assert abs(found - len(chosen) / 2) <= 4 * math.sqrt(len(chosen) / 4)


@given(users, shares, shares)
def test_a_greater_holdout_only_adds_users(user: str, one: float, other: float) -> None:
    small, large = sorted((one, other))

    def is_held_out(share: float) -> bool:
        return decided(state_of(Targeting(holdout=share)), user)[1] == "holdout"

    assert is_held_out(large) or not is_held_out(small)
    assert not is_held_out(0.0)
    assert is_held_out(1.0)


@given(users, shares, weights, weights, st.text(max_size=5), st.text(max_size=5))
def test_the_holdout_is_stable_whatever_salt_and_weights_are(
    user: str, share: float, before: list[int], after: list[int], salt: str, another: str
) -> None:
    targeting = Targeting(holdout=share)

    one = decided(state_of(targeting, tuple(before), salt=salt), user)
    other = decided(state_of(targeting, tuple(after), salt=another), user)

    assert (one[1] == "holdout") == (other[1] == "holdout")


@given(users, shares, weights, st.data())
def test_overrides_win(user: str, share: float, shares_of: list[int], data: st.DataObject) -> None:
    version = data.draw(st.integers(0, len(shares_of) - 1))
    rule = Rule("all", (("a", ("b",)),), 0)
    state = state_of(Targeting(((user, version),), share, (rule,)), tuple(shares_of))

    assert decided(state, user, a="b") == (version, "override", "")


@given(users, weights, st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")), st.data())
def test_a_new_rule_moves_nobody_whom_it_does_not_mean(
    user: str, shares_of: list[int], attributes: dict[str, str], data: st.DataObject
) -> None:
    version = data.draw(st.integers(0, len(shares_of) - 1))
    rule = Rule("new", (("a", ("x", "y")), ("b", ("z",))), version)
    before = state_of(Targeting(holdout=0.3), tuple(shares_of))
    after = state_of(Targeting(holdout=0.3, rules=(rule,)), tuple(shares_of))
    meant = attributes.get("a") in ("x", "y") and attributes.get("b") == "z"

    one, other = decided(before, user, **attributes), decided(after, user, **attributes)

    if not meant or one[1] == "holdout":
        assert other == one
    else:
        assert other == (version, "rule", "new")


@pytest.mark.parametrize("shares_of", [(90, 10), (50, 50), (60, 30, 10)])
def test_shares_of_the_users_who_are_left_stay_proportional_to_the_weights(shares_of: tuple[int, ...]) -> None:
    prepared = cohort(state_of(Targeting((("user-1", 1), ("user-2", 1)), 0.3, (STAFF,)), shares_of))
    found = [
        prepared.outcome_of(user, {"group": "staff"} if number % 3 == 0 else {})
        for number, user in enumerate(f"user-{n}" for n in range(20_000))
    ]

    counts = Counter(each.arm.version for each in found if each.recommendation.reason is Reason.RANDOM)

    left = sum(counts.values())
    for version, weight in enumerate(shares_of):
        share = weight / sum(shares_of)
        assert abs(counts[version] - left * share) <= 4 * math.sqrt(left * share * (1 - share))
