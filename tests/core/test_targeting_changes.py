"""What people read when targeting changes."""

from __future__ import annotations

import pytest

from iter8_gitops.core.targeting_changes import Outline, overrides_or_rules_differ, targeting_changes
from iter8_gitops.core.transitions import transitions
from iter8_gitops.spec.routemap import Rule, Targeting
from tests.core.test_targeting import state_of

STAFF = Rule("staff", (("group", ("staff",)),), 1)
BETA = Rule("beta", (("group", ("beta",)),), 1)
ALICE, BOB = ("alice", 1), ("bob", 1)


@pytest.mark.parametrize(
    ("before", "after", "said", "unforeseen"),
    [
        (Targeting(), Targeting(), [], False),
        (Targeting(holdout=0.05), Targeting(holdout=0.2), ["holdout 5% -> 20%"], False),
        (Targeting(), Targeting((ALICE, BOB)), ["overrides 0 -> 2"], True),
        (Targeting((ALICE,)), Targeting((BOB,)), ["other overrides, 1 as before"], True),
        (Targeting((ALICE,)), Targeting((("alice", 0),)), ["other overrides, 1 as before"], True),
        (Targeting(rules=(STAFF,)), Targeting(rules=(BETA,)), ["rule beta is new", "rule staff is gone"], True),
        (Targeting(rules=(BETA,)), Targeting(rules=(Rule("beta", BETA.when, 0),)), ["rule beta changed"], True),
        (
            Targeting(rules=(STAFF, BETA)),
            Targeting(rules=(BETA, STAFF)),
            ["the rules are in another order"],
            True,
        ),
    ],
)
def test_every_change_is_told_without_naming_users(
    before: Targeting, after: Targeting, said: list[str], unforeseen: bool
) -> None:
    outlines = Outline.of(before), Outline.of(after)

    assert list(targeting_changes(*outlines)) == said
    assert overrides_or_rules_differ(*outlines) is unforeseen


def test_history_tells_that_targeting_changed_and_how() -> None:
    (told,) = transitions(state_of(Targeting(holdout=0.05)), state_of(Targeting((ALICE,), 0.05, (STAFF,))))

    assert told.reason == "TargetingChanged"
    assert told.message == "who gets what, not at random, changed: overrides 0 -> 1; rule staff is new"
    assert not told.warning
