"""The steps of a ramp: which one is in force, and when the next one is.

A ramp goes one step at a time, and only forwards; its clock stands still while something is wrong. It begins anew when
a candidate has new content. An edited ramp goes on at the last step that gives no more than what is in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd

from iter8_gitops.spec.durations import format_duration
from iter8_gitops.spec.routemap import RampStep
from iter8_gitops.spec.steering import RampPhase, RampState

_FINEST = 10_000
"""Parts of all users: a step is a multiple of 0.01 of 100 users."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the candidates are: their signatures, and why they should get no more users now ("" when they may)."""

    contents: tuple[str, ...]
    obstacle: str = ""


def ramped(steps: Sequence[RampStep], standing: Standing, before: RampState | None, now: float) -> RampState:
    """Where a ramp of at least one step stands `now` (seconds since 1970). `before` is where it stood last."""
    state = _begun(steps, standing.contents, before, now)
    held = _held(state, now)
    hold = steps[state.step].hold
    last = state.step == len(steps) - 1
    if not standing.obstacle and hold is not None and held >= hold and not last:
        state = replace(state, step=state.step + 1, weight=steps[state.step + 1].weight, held=0.0, running_since=now)
        held, hold, last = 0.0, steps[state.step].hold, state.step == len(steps) - 1
    phase, message = _said(steps, state, standing.obstacle, held)
    runs = phase is RampPhase.HOLDING
    if runs and state.running_since is None:
        state = replace(state, running_since=now)
    elif not runs and state.running_since is not None:
        state = replace(state, running_since=None, held=held)
    return _decided(replace(state, phase=phase, message=message), before, now)


def next_step_at(steps: Sequence[RampStep], state: RampState) -> float | None:
    """When (seconds since 1970) time alone takes the ramp further; None when it does not."""
    hold = steps[state.step].hold
    return None if state.running_since is None or hold is None else state.running_since + hold - state.held


def ramp_weights(weight: float, declared: Sequence[int]) -> tuple[int, ...]:
    """The weights by which all candidates together get `weight` of 100 users, and the primary the others.

    `declared` has one weight per version; candidates share what they get by theirs. The result adds up to 100 where
    whole numbers can say it.
    """
    share = round(weight * _FINEST / 100)
    together = sum(declared[1:])
    if not together:
        return (1, *(0 for _ in declared[1:]))
    weights = [(_FINEST - share) * together, *(share * each for each in declared[1:])]
    common = gcd(*weights)
    total = sum(weights) // common
    scale = 100 // total if 100 % total == 0 else 1
    return tuple(scale * each // common for each in weights)


def _begun(steps: Sequence[RampStep], contents: tuple[str, ...], before: RampState | None, now: float) -> RampState:
    """`before`, fitted to these steps; the beginning for other contents."""
    if before is None or before.contents != contents:
        return RampState(contents, 0, steps[0].weight, RampPhase.HOLDING, "", 0.0, now, now)
    if before.step < len(steps) and steps[before.step].weight == before.weight:
        return before
    fitting = max((index for index, step in enumerate(steps) if step.weight <= before.weight), default=0)
    if steps[fitting].weight == before.weight:
        return replace(before, step=fitting)
    running = None if before.running_since is None else now
    return replace(before, step=fitting, weight=steps[fitting].weight, held=0.0, running_since=running)


def _held(state: RampState, now: float) -> float:
    since = state.running_since
    return state.held + (max(now - since, 0.0) if since is not None else 0.0)


def _said(steps: Sequence[RampStep], state: RampState, obstacle: str, held: float) -> tuple[RampPhase, str]:
    """What the ramp is doing, and a sentence that stays the same while it does."""
    place = f"step {state.step + 1} of {len(steps)}: {state.weight:g} of 100 users"
    hold = steps[state.step].hold
    last = state.step == len(steps) - 1
    if last and (hold is None or held >= hold):
        return RampPhase.COMPLETE, f"{place}; it is the last step"
    if obstacle:
        return RampPhase.PAUSED, f"{place}; paused: {obstacle}"
    if hold is None:
        return RampPhase.WAITING, f"{place}; it has no hold, so it lasts until the routemap is changed"
    return RampPhase.HOLDING, f"{place}, for {format_duration(hold)}"


def _decided(state: RampState, before: RampState | None, now: float) -> RampState:
    """`state`, with the time of `before` when nothing else differs."""
    if before is None:
        return replace(state, decided_at=now)
    if replace(state, decided_at=before.decided_at) == before:
        return before
    return replace(state, decided_at=max(now, before.decided_at + 0.001))
