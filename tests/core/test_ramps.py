"""The steps of a ramp, as time passes and things go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.ramps import Standing, next_step_at, ramp_weights, ramped
from iter8_gitops.spec.routemap import RampStep
from iter8_gitops.spec.steering import RampPhase, RampState

STEPS = (RampStep(5, 600.0), RampStep(20, 1800.0), RampStep(50))
FINE = Standing(("abc",))
WRONG = Standing(("abc",), "v1 is not ready")


def at(*moments: tuple[float, Standing], steps: tuple[RampStep, ...] = STEPS) -> RampState:
    """Where the ramp stands after these looks at it."""
    state = None
    for now, standing in moments:
        state = ramped(steps, standing, state, now)
    assert state is not None
    return state


def test_it_begins_with_the_first_step() -> None:
    state = at((1000.0, FINE))
    assert (state.step, state.weight, state.phase) == (0, 5, RampPhase.HOLDING)
    assert state.message == "step 1 of 3: 5 of 100 users, for 10m"
    assert next_step_at(STEPS, state) == 1600.0


def test_a_step_lasts_as_long_as_its_hold_says() -> None:
    assert at((1000.0, FINE), (1599.9, FINE)).weight == 5
    assert at((1000.0, FINE), (1600.0, FINE)).weight == 20


def test_it_goes_one_step_at_a_time_however_late_somebody_looks() -> None:
    late = at((1000.0, FINE), (900_000.0, FINE))
    assert late.weight == 20
    assert next_step_at(STEPS, late) == 901_800.0


def test_its_clock_stands_still_while_something_is_wrong() -> None:
    paused = at((1000.0, FINE), (1500.0, WRONG))
    assert (paused.phase, paused.weight, next_step_at(STEPS, paused)) == (RampPhase.PAUSED, 5, None)
    assert "paused: v1 is not ready" in paused.message
    resumed = at((1000.0, FINE), (1500.0, WRONG), (9000.0, FINE))
    assert next_step_at(STEPS, resumed) == 9100.0
    assert at((1000.0, FINE), (1500.0, WRONG), (9000.0, FINE), (9100.0, FINE)).weight == 20


def test_what_is_wrong_when_a_step_is_over_keeps_it() -> None:
    assert at((1000.0, FINE), (1600.0, WRONG)).weight == 5
    assert at((1000.0, FINE), (1600.0, WRONG), (1601.0, FINE)).weight == 20


def test_the_last_step_stays_and_is_said_to_be_the_last() -> None:
    done = at((0.0, FINE), (600.0, FINE), (2400.0, FINE))
    assert (done.weight, done.phase, next_step_at(STEPS, done)) == (50, RampPhase.COMPLETE, None)
    assert at((0.0, FINE), (600.0, FINE), (2400.0, FINE), (1e9, FINE)) == done


def test_a_last_step_with_a_hold_is_complete_once_that_is_over() -> None:
    steps = (RampStep(50, 60.0),)
    assert at((0.0, FINE), steps=steps).phase is RampPhase.HOLDING
    assert at((0.0, FINE), (60.0, FINE), steps=steps).phase is RampPhase.COMPLETE


def test_a_step_without_a_hold_waits_until_the_routemap_gives_it_one() -> None:
    waits = (RampStep(5), RampStep(50))
    state = at((0.0, FINE), (1e6, FINE), steps=waits)
    assert (state.weight, state.phase) == (5, RampPhase.WAITING)
    timed = (RampStep(5, 60.0), RampStep(50))
    state = ramped(timed, FINE, state, 1e6 + 1)
    assert (state.weight, next_step_at(timed, state)) == (5, 1e6 + 61)


def test_other_contents_begin_anew() -> None:
    state = at((0.0, FINE), (600.0, FINE), (700.0, Standing(("def",))))
    assert (state.weight, state.contents, next_step_at(STEPS, state)) == (5, ("def",), 1300.0)


@pytest.mark.parametrize(
    ("edited", "weight", "next_at"),
    [
        ((RampStep(5, 600.0), RampStep(20, 3600.0), RampStep(50)), 20, 600.0 + 3600),  # only its hold
        ((RampStep(20, 1800.0), RampStep(50)), 20, 600.0 + 1800),  # an earlier step is gone
        ((RampStep(5, 60.0), RampStep(10, 60.0), RampStep(30, 60.0)), 10, 1000.0 + 60),  # the last one not above
        ((RampStep(30, 60.0), RampStep(50)), 30, 1000.0 + 60),  # none is as low
    ],
)
def test_an_edited_ramp_goes_on_where_it_gives_no_more_than_before(
    edited: tuple[RampStep, ...], weight: float, next_at: float
) -> None:
    before = at((0.0, FINE), (600.0, FINE))
    state = ramped(edited, FINE, before, 1000.0)
    assert (state.weight, next_step_at(edited, state)) == (weight, next_at)


def test_a_look_that_changes_nothing_gives_the_same_state() -> None:
    state = at((1000.0, FINE))
    assert ramped(STEPS, FINE, state, 1234.5) is state
    paused = at((1000.0, FINE), (1500.0, WRONG))
    assert ramped(STEPS, WRONG, paused, 7777.0) is paused


def test_every_decision_is_later_than_the_one_before_also_when_the_clock_goes_back() -> None:
    first = at((1000.0, FINE))
    second = ramped(STEPS, WRONG, first, 500.0)
    third = ramped(STEPS, FINE, second, 400.0)
    assert first.decided_at < second.decided_at < third.decided_at
    assert third.held == 0.0


LOOKS = st.lists(st.tuples(st.floats(0.0, 900.0), st.sampled_from([FINE, WRONG])), min_size=1, max_size=40)


@given(LOOKS)
def test_users_are_only_ever_added_and_never_before_the_holds_have_passed_undisturbed(
    looks: list[tuple[float, Standing]],
) -> None:
    now, undisturbed, fine_before = 1000.0, 0.0, False
    state: RampState | None = None
    for wait, standing in looks:
        now += wait
        undisturbed += wait if fine_before else 0.0
        after = ramped(STEPS, standing, state, now)
        assert state is None or after.weight >= state.weight
        assert undisturbed + 1e-6 >= sum(step.hold or 0.0 for step in STEPS[: after.step])
        assert standing is FINE or after.step == (state.step if state else 0)
        state, fine_before = after, standing is FINE


@pytest.mark.parametrize(
    ("percent", "declared", "weights"),
    [
        (5, (1, 1), (95, 5)),
        (5, (90, 10), (95, 5)),
        (0, (1, 1), (100, 0)),
        (100, (1, 1), (0, 100)),
        (0.5, (1, 1), (199, 1)),
        (33.33, (1, 1), (6667, 3333)),
        (10, (7, 1, 1), (90, 5, 5)),
        (20, (1, 3, 1), (80, 15, 5)),
        (20, (1, 0, 1), (80, 0, 20)),
        (20, (3, 0), (1, 0)),
    ],
)
def test_a_step_gives_weights_that_say_its_share(
    percent: float, declared: tuple[int, ...], weights: tuple[int, ...]
) -> None:
    assert ramp_weights(percent, declared) == weights


@given(st.integers(0, 10_000), st.lists(st.integers(0, 10**6), min_size=2, max_size=5))
def test_candidates_get_exactly_the_share_and_divide_it_by_their_weights(parts: int, declared: list[int]) -> None:
    weights = ramp_weights(parts / 100, declared)
    together, total = sum(weights[1:]), sum(weights)
    assert len(weights) == len(declared)
    if sum(declared[1:]):
        assert together * 10_000 == parts * total
        for one, two in zip(declared[1:], weights[1:], strict=True):
            assert one * together == two * sum(declared[1:])
    else:
        assert together == 0


def test_a_state_survives_being_written_down() -> None:
    from iter8_gitops.spec.codec import decode_record, encode_record
    from iter8_gitops.spec.steering import Record

    record = Record(replace(at((1000.0, FINE), (1500.0, WRONG)), contents=("ä", "")))
    assert decode_record(encode_record(record)) == record
