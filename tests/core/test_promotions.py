"""When a promotion by the controller is due, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from iter8_gitops.core.evidence import Evidence
from iter8_gitops.core.promotions import Circumstances, Outcome, due_again_at, promotion
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.routemap import PromotionPolicy
from iter8_gitops.spec.snapshot import ResourceState, VersionState
from iter8_gitops.spec.steering import PromotionPhase, PromotionState, RampPhase, RampState

HOUR = 3600.0
POLICY = PromotionPolicy("commit", ("winner",), HOUR)
WON = Evidence("", 1, "v1 wins")
COMPLETE = RampState(("one",), 2, 50, RampPhase.COMPLETE, "", 0.0, None, 0.0)


def version(index: int, signature: str, *, settled: bool = True, there: bool = True) -> VersionState:
    resource = ResourceState(
        "apps", "Deployment", "shop", f"v{index}", ReadinessState.READY, True, "", "", "c" if there else ""
    )
    return VersionState(index, f"v{index}", 1, 1, settled, settled, signature, "Reason", "a message", (resource,))


TWO = (version(0, "zero"), version(1, "one"))


def state(
    policy: PromotionPolicy = POLICY,
    evidence: Evidence = WON,
    *,
    versions: Sequence[VersionState] = TWO,
    ramp: RampState | None = None,
    before: PromotionState | None = None,
    outcome: Outcome | None = None,
    now: float = 2 * HOUR,
) -> PromotionState | None:
    return promotion(policy, Circumstances(versions, 0, ramp, evidence), before, outcome, now)


def phase(found: PromotionState | None) -> PromotionPhase | None:
    return found.phase if found else None


def due() -> PromotionState:
    found = state()
    assert found is not None
    return found


def test_a_winner_that_has_run_long_enough_is_due_with_the_reason() -> None:
    found = due()
    assert (found.phase, found.version, found.content) == (PromotionPhase.DUE, 1, "one")
    assert found.why == "it has run for 1h; v1 wins"


def test_a_person_promotes_unless_the_policy_says_otherwise() -> None:
    assert state(PromotionPolicy()) is None


@pytest.mark.parametrize(
    ("changed", "waits"),
    [
        ({"evidence": Evidence(said="more users are needed")}, "for it to win (more users are needed)"),
        ({"evidence": Evidence("latency is worse", 1, "v1 wins")}, "what is wrong to be mended (latency is worse)"),
        ({"now": HOUR - 1}, "for the minimum run of 1h"),
        ({"versions": (TWO[0], version(1, "one", settled=False))}, "for all of it to be ready (a message)"),
        ({"policy": replace(POLICY, requires=("rampComplete",))}, "for the end of the ramp"),
        (
            {"policy": replace(POLICY, requires=("approval",), approved="other")},
            "for approval: write `approved: one` in the routemap",
        ),
    ],
)
def test_it_waits_for_what_is_missing_and_says_so(changed: dict[str, object], waits: str) -> None:
    found = state(**changed)  # type: ignore[arg-type]
    assert found is not None
    assert found.phase is PromotionPhase.WAITING
    assert waits in found.message


def test_everything_that_is_missing_is_said_at_once() -> None:
    found = state(replace(POLICY, requires=("winner", "rampComplete", "approval")), Evidence(said="nothing yet"), now=0)
    assert found is not None
    assert found.message.count("; for ") == 3


def test_all_that_is_required_together_makes_it_due() -> None:
    policy = replace(POLICY, requires=("winner", "rampComplete", "approval"), approved="one")
    assert phase(state(policy, ramp=COMPLETE)) is PromotionPhase.DUE


def test_an_approval_is_for_one_content_alone() -> None:
    policy = replace(POLICY, requires=("approval",), approved="one")
    assert phase(state(policy)) is PromotionPhase.DUE
    assert phase(state(policy, versions=(TWO[0], version(1, "edited")))) is PromotionPhase.WAITING


def test_of_several_candidates_the_winner_is_promoted_and_none_before_one_has_won() -> None:
    three = (*TWO, version(2, "two"))
    won = state(versions=three, evidence=Evidence("", 2, "v2 wins"))
    assert won is not None
    assert (won.version, won.content) == (2, "two")
    waiting = state(versions=three, evidence=Evidence(said="v1 and v2 lead"))
    assert waiting is not None
    assert (waiting.phase, waiting.version) == (PromotionPhase.WAITING, -1)
    assert "v1 and v2 lead" in waiting.message


def test_the_primary_is_never_promoted() -> None:
    assert phase(state(evidence=Evidence("", 0, "v0 wins"))) is PromotionPhase.WAITING


@pytest.mark.parametrize(
    "versions",
    [
        TWO[:1],
        (TWO[0], version(1, "")),
        (TWO[0], version(1, "one", there=False)),
        (version(0, "one"), version(1, "one")),
    ],
    ids=["alone", "never settled", "gone", "promoted already"],
)
def test_without_a_candidate_of_other_content_there_is_nothing_to_promote(versions: Sequence[VersionState]) -> None:
    assert state(versions=versions, before=due()) is None


@pytest.mark.parametrize("done", [PromotionPhase.COMMITTED, PromotionPhase.PROPOSED])
def test_what_is_done_is_done_once_whatever_the_evidence_says_later(done: PromotionPhase) -> None:
    settled = state(before=due(), outcome=Outcome("one", done, "done", "abc"), now=2 * HOUR + 1)
    assert settled is not None
    assert (settled.phase, settled.reference, settled.why) == (done, "abc", "it has run for 1h; v1 wins")
    assert state(before=settled, evidence=Evidence(said="v1 leads no more"), now=1e6) is settled
    assert due_again_at(POLICY, 0, settled) is None


def test_other_content_is_judged_anew() -> None:
    done = state(before=due(), outcome=Outcome("one", PromotionPhase.COMMITTED, "done"))
    fresh = state(before=done, versions=(TWO[0], version(1, "edited")), evidence=Evidence(said="too few users"))
    assert phase(fresh) is PromotionPhase.WAITING


def test_what_failed_is_tried_again_later_each_time() -> None:
    failed = due()
    waits: list[float] = []
    now = 2 * HOUR
    for _ in range(10):
        found = state(before=failed, outcome=Outcome("one", PromotionPhase.FAILED, "the push was refused"), now=now)
        assert found is not None
        assert found.phase is PromotionPhase.FAILED
        assert found.try_at is not None
        assert due_again_at(POLICY, 0, found) == found.try_at
        assert state(before=found, now=found.try_at - 1) is found
        waits.append(found.try_at - now)
        now = found.try_at
        again = state(before=found, now=now)
        assert again is not None
        assert (again.phase, again.attempts) == (PromotionPhase.DUE, found.attempts)
        failed = again
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_an_outcome_of_other_content_is_not_taken_for_this_one() -> None:
    found = state(before=due(), outcome=Outcome("earlier", PromotionPhase.COMMITTED, "done"))
    assert phase(found) is PromotionPhase.DUE


def test_it_looks_again_when_the_minimum_run_is_over() -> None:
    waiting = state(now=10.0)
    assert due_again_at(POLICY, 0, waiting) == HOUR


def test_a_look_that_changes_nothing_gives_the_same_state() -> None:
    found = due()
    assert state(before=found, now=9 * HOUR) == found
